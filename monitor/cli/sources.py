"""`dunghen source`: where the files come from, and what an example file of a new source shows."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import (
    Opened,
    Refused,
    console,
    is_site,
    moment_for,
    opened,
    print_json,
    printable,
    rules_folder,
    say,
)
from monitor.source import rule_of
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.intake.learning import ColumnSeen, Lesson
    from monitor.intake.likeness import Names
    from monitor.rules import RuleBook
    from monitor.source import SourceRule
    from monitor.store import Import, SourceState

UNDERSTANDING_WORDS = {
    "declared": "khai báo trong rules/sources",
    "known": "tên cột quen thuộc",
    "stands_in": "dùng thay cột bị thiếu",
    "guessed": "đoán, cần người xác nhận",
    "rival": "trùng trường với cột khác",
    "unused": "chưa dùng",
}
ORIGIN_WORDS = {"title": "ghi ở đầu tệp", "name": "ghi trong tên tệp", "time": "theo giờ của tệp, ước tính"}
_USUAL_KINDS = frozenset("1234")


@click.group("source")
def source_command() -> None:
    """Say where the data come from: list the sources, learn a new one from an example, ask a database."""


@source_command.command("learn")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--name", help="What the source is to be called; else by the name of the file.")
@click.option(
    "--write", is_flag=True, help="Write the proposal into the site's rules/sources, for a person to correct."
)
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def learn_command(home: Path, *, file: Path, name: str | None, write: bool, as_json: bool) -> None:
    """Look at an example FILE and propose the rule of its source; no dossier is taken.

    \b
    Examples:
      dunghen source learn theo-doi-ho-so.xlsx
      dunghen --home /srv/dung-hen source learn theo-doi-ho-so.xlsx --name "Một cửa tỉnh" --write
    Cells that may name a citizen are shown as the shape of their signs. What is written holds only after
    'dunghen rules accept'.
    """
    from monitor.intake.learning import learn_file
    from monitor.rules import load_rules

    folder = rules_folder(home, None)
    rules = load_rules(folder)
    lesson = learn_file(file, rules.sources, _our_names(rules), now=datetime.now(UTC))
    name = (name or _name_of(file)).strip()
    proposal = _proposal(lesson, name)
    written = _written(home, folder, name, proposal) if write else None
    if as_json:
        print_json({**asdict(lesson), "proposal": proposal, "written": str(written) if written else None})
        return
    _print_lesson(lesson)
    click.echo()
    click.echo("\n".join(printable(line) for line in proposal.splitlines()))
    if written:
        say(f"Đã ghi {written}. Chưa có hiệu lực: người phụ trách xem, sửa, rồi chạy")
        say("  dunghen rules check, rồi dunghen rules accept --by TÊN --reason LÝ DO")


def _our_names(rules: "RuleBook") -> "Names":
    """The names of our units, people and procedures, as intake compares them."""
    from monitor.intake.likeness import Kind
    from monitor.intake.text import fold

    organisation = rules.organisation
    units = (name for one in organisation.divisions.values() for name in (one.name, *one.aliases))
    people = (name for one in organisation.staff.values() for name in (one.name, *one.aliases))
    procedures = (name for one in rules.procedures for name in (one.name, *one.aliases))
    named = {Kind.UNIT: units, Kind.PERSON: people, Kind.PROCEDURE: procedures}
    return {kind: frozenset(map(fold, names)) for kind, names in named.items()}


def _print_lesson(lesson: "Lesson") -> None:
    """Every column as it was understood."""
    from rich.markup import escape
    from rich.table import Table

    say(
        f"{lesson.file_name}: {lesson.row_count} hồ sơ, dạng {lesson.format}, loại {lesson.layout}, phạm vi "
        f"{lesson.scope}{_days(lesson)}, đọc theo nguồn “{lesson.source}”"
    )
    at = lesson.data_as_of.astimezone(LOCAL_ZONE)
    say(f"Số liệu đến {at:%H:%M %d/%m/%Y} ({ORIGIN_WORDS[lesson.data_as_of_origin]})")
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Cột", "Hiểu là", "Căn cứ", "Nội dung", "Có nội dung", "Ví dụ"):
        table.add_column(heading, justify="right" if heading == "Có nội dung" else "left", overflow="fold")
    for one in lesson.columns:
        table.add_row(*(escape(printable(cell)) for cell in _column_row(one)))
    console().print(table)
    for word, count in lesson.unknown_statuses.items():
        say(f"Trạng thái chưa biết: “{word}” ({count} hồ sơ)")
    if lesson.applicant_kinds:
        seen = ", ".join(f"{number} ({count})" for number, count in lesson.applicant_kinds.items())
        say(f"Loại đối tượng ghi trong tệp: {seen}")
    for finding in lesson.findings:
        say(f"Lưu ý: {finding}")


def _column_row(one: "ColumnSeen") -> tuple[str, ...]:
    from monitor.intake import say_field

    meaning = f"{say_field(one.field)} ({one.field})" if one.field else "–"
    ours = f", {one.ours:.0%} khớp cơ quan" if one.ours is not None else ""
    ground = UNDERSTANDING_WORDS[one.understanding]
    return one.header, meaning, ground, f"{one.kind or 'trống'}{ours}", f"{one.filled:.0%}", " · ".join(one.examples)


def _days(lesson: "Lesson") -> str:
    if lesson.received_from is None or lesson.received_to is None:
        return ""
    return f" ({lesson.received_from:%d/%m/%Y}–{lesson.received_to:%d/%m/%Y})"


def _name_of(file: Path) -> str:
    """The name of the file without what changes from day to day."""
    return _slug(re.sub(r"\d+", " ", file.stem)) or "nguon-moi"


def _slug(name: str) -> str:
    apart = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _proposal(lesson: "Lesson", name: str) -> str:
    """The rule as TOML; what only a person can decide stands there as a comment."""
    return "\n".join([*_opening_lines(lesson, name), *_column_lines(lesson), *_word_lines(lesson), ""])


def _opening_lines(lesson: "Lesson", name: str) -> Iterator[str]:
    yield f"# Đề xuất từ tệp {printable(lesson.file_name)}; ý nghĩa từng dòng: xem mac-dinh.toml."
    yield f"name = {_quoted(name)}"
    yield f"files = [{_quoted(_claim(lesson.file_name))}]"
    yield f'format = "{lesson.format}"'
    if lesson.declared_layout:
        yield f'layout = "{lesson.declared_layout}"'
    yield f'scope = "{lesson.scope}"'
    if lesson.data_as_of_origin == "time":
        yield r"# data_as_of_pattern = '(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)'  # tệp không ghi số liệu đến lúc nào"
    yield '# told = ["…"]  # mã người trong staff.csv được báo khi tệp bị giữ lại hoặc không đến'
    yield '# expected_by = "08:30"  # giờ phải có tệp mới của mỗi ngày làm việc'


def _claim(file_name: str) -> str:
    """A pattern that the files of other days fit, too."""
    path = Path(file_name)
    return re.sub(r"\*[\s*_.-]*\*|\*+", "*", re.sub(r"\d+", "*", path.stem)).replace("[", "?") + path.suffix


def _column_lines(lesson: "Lesson") -> Iterator[str]:
    from monitor.intake import say_field

    guessed = [one for one in lesson.columns if one.understanding == "guessed"]
    rivals = [one for one in lesson.columns if one.understanding == "rival"]
    unused = [one.header for one in lesson.columns if one.understanding == "unused"]
    if guessed or rivals:
        yield ""
        yield "[columns]"
    for one in guessed:
        yield f'{_quoted(one.header)} = "{one.field}"  # đoán là {say_field(one.field or "")}: kiểm tra lại'
    for one in rivals:
        yield f"# {_quoted(one.header)} trùng trường với cột khác: ghi cột nào đúng = trường, xem phần lưu ý"
    if unused:
        yield ""
        yield f"# Cột chưa dùng: {', '.join(map(_quoted, unused))}"


def _word_lines(lesson: "Lesson") -> Iterator[str]:
    from monitor.dossier import SourceStatus

    if lesson.unknown_statuses:
        yield ""
        yield "[statuses]"
        yield f"# Chọn một trong: {', '.join(SourceStatus)}; bỏ dấu # đầu dòng."
        yield from (f'# {_quoted(word)} = "…"  # {count} hồ sơ' for word, count in lesson.unknown_statuses.items())
    if set(lesson.applicant_kinds) - _USUAL_KINDS:
        yield ""
        yield "[applicant_kinds]"
        yield "# citizen | business | state_agency | other; bỏ dấu # đầu dòng."
        yield from (f'# {_quoted(number)} = "…"  # {count} hồ sơ' for number, count in lesson.applicant_kinds.items())


def _quoted(text: str) -> str:
    """A TOML string of one line."""
    return json.dumps(printable(text), ensure_ascii=False)


def _written(home: Path, folder: Path, name: str, proposal: str) -> Path:
    """The proposal in the site's rules. Refuses to overwrite, and what would make the rules unreadable."""
    if not is_site(home):
        raise Refused("--write needs a site: name it with --home, or make one with 'dunghen init'")
    slug = _slug(name)
    if not slug:
        raise Refused(f"--name {name!r} has no letters for a file name: choose another one")
    file = f"sources/{slug}.toml"
    path = folder / file
    if path.exists():
        raise Refused(f"{path} is there already and is not overwritten: choose another --name, or remove it first")
    _refuse_broken(folder, file, proposal)
    with path.open("x", encoding="utf-8", newline="\n") as target:
        target.write(proposal)
    return path


def _refuse_broken(folder: Path, file: str, proposal: str) -> None:
    from monitor.rules import RulesRefused, load_rules_from, rule_files

    try:
        load_rules_from(rule_files(folder) | {file: proposal.encode()})
    except RulesRefused as refused:
        raise Refused(f"nothing was written, for with this source the rules would be refused:\n{refused}") from None


@source_command.command("read")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def read_command(home: Path, *, name: str, as_json: bool) -> None:
    """Ask the source NAME now, when it is a database; the daemon asks it by itself.

    \b
    Example:
      dunghen --home /srv/dung-hen source read "Kho dữ liệu tỉnh"
    Ends with 3 when what came is held and waits for a person.
    """
    from monitor.cli.importing import HELD, show_report
    from monitor.importing import import_query

    with opened(home) as site:
        rule = next((one for one in site.rules.sources if one.name == name), None)
        if rule is None or rule.query is None:
            known = ", ".join(one.name for one in site.rules.sources if one.query) or "there is none"
            raise Refused(f"no source that is a database is called {name!r} in the rules in force: {known}")
        url = site.site.secret(rule.query.url_file, f"rules/sources, nguồn {rule.name}: url_file")
        moment = moment_for(site, None, writes=True)
        report = import_query(rule, url, site.store, site.rules, now=moment)
    show_report(report, as_json=as_json)
    if report.held:
        raise click.exceptions.Exit(HELD)


@source_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def list_command(home: Path, *, as_json: bool) -> None:
    """List the sources in force: their last files, how fresh these are, when they are expected, who is told.

    \b
    Example:
      dunghen --home /srv/dung-hen source list
    """
    with opened(home) as site:
        sources = _listed(site)
    if as_json:
        print_json(sources)
        return
    for one in sources:
        _print_source(one)


def _listed(site: Opened) -> list[dict[str, Any]]:
    """Each source by its rule; what came under a name that no rule has any more stands at the end."""
    from monitor.doubts import held_sources

    states = {one.name: one for one in site.store.sources()}
    newest, held = site.store.newest_imports(), held_sources(site.store)
    lists = {name: _list_of(name, states.get(name), file, held) for name, file in newest.items()}
    rules = site.rules.sources
    sources = [_as_data(rule, [one for name, one in lists.items() if rule_of(name) == rule.name]) for rule in rules]
    gone = [one for name, one in lists.items() if rule_of(name) not in {rule.name for rule in rules}]
    return [*sources, *([{"name": None, "lists": gone}] if gone else [])]


def _list_of(name: str, state: "SourceState | None", file: "Import", held: frozenset[str]) -> dict[str, Any]:
    return {
        "source": name,
        "data_as_of": state.data_as_of if state else None,
        "data_as_of_estimated": state.data_as_of_estimated if state else None,
        "rows": state.row_count if state else None,
        "last_file": file.file_name,
        "last_file_at": file.recorded_at,
        "state": file.state,
        "held": name in held,
        "cause": file.cause,
    }


def _as_data(rule: "SourceRule", lists: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "name": rule.name,
        "files": rule.files,
        "format": rule.format,
        "layout": rule.layout,
        "scope": rule.scope,
        "told": rule.told,
        "expected_by": f"{rule.expected_by:%H:%M}" if rule.expected_by else None,
        "lists": lists,
    }


def _print_source(one: Mapping[str, Any]) -> None:
    if one["name"] is None:
        say("Không còn khai báo trong rules/sources:")
    else:
        expected = f", phải có trước {one['expected_by']}" if one["expected_by"] else ""
        told = f", báo cho {', '.join(one['told'])}" if one["told"] else ""
        say(f"{one['name']}: tệp {', '.join(one['files']) or '–'}{expected}{told}")
    for part in one["lists"]:
        fresh = "chưa nhận tệp nào"
        if part["data_as_of"]:
            estimated = " (ước tính)" if part["data_as_of_estimated"] else ""
            fresh = f"số liệu đến {part['data_as_of'].astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}{estimated}"
        say(f"  {part['source']}: {fresh}, {part['rows'] or 0} dòng; tệp cuối {part['last_file']}")
        if part["state"] == "held":
            say(f"    ĐANG GIỮ LẠI: {part['cause']}")
    if not one["lists"]:
        say("  chưa có tệp nào")
