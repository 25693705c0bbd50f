"""`dunghen rules edit`, `apply` and `history`: tables as workbooks, what a change would do, and who made which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import (
    Opened,
    Refused,
    instant,
    moment_for,
    opened,
    print_json,
    printable,
    refuse_missing_folder,
    rules_folder,
    say,
)
from monitor.cli.rule_history import HASH_DIGITS, MOST_SHOWN, changes_as_data, print_changes, print_some
from monitor.site import Site
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.impact import Impact
    from monitor.rules import RuleBook
    from monitor.rules.changes import Change
    from monitor.rules.proposal import Proposal

TABLES = ("procedures", "calendar", "calendar_years", "staff", "reasons", "fixed_holidays")


def refuse_invented_people(site: Site, rules: "RuleBook") -> None:
    """Invented people are not written to."""
    if site.mail.delivery == "smtp" and rules.organisation.is_sample:
        raise Refused(
            "these rules say sample = true while mail leaves by SMTP: invented people are not written to; "
            'set sample = false in rules/organisation.toml, or delivery = "folder" in dunghen.toml'
        )


def warnings_about(rules: "RuleBook") -> list[str]:
    """What is no mistake and yet likely one: a holiday by the moon that our calendar works."""
    from monitor.rules import holidays_not_listed

    return [
        f"rules/calendar.csv: {one.on:%A} {one.on} is worked, and the holidays package has a day off ({one.theirs}): "
        "was a row forgotten or moved? Compare with the notice of the year"
        for one in holidays_not_listed(rules)
    ]


def print_warnings(rules: "RuleBook") -> None:
    """The same on standard error."""
    for warning in warnings_about(rules):
        click.echo(printable(f"Warning: {warning}"), err=True)


@click.command("edit")
@click.argument("table", type=click.Choice(TABLES))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The workbook; else TABLE.xlsx here.")
@click.pass_obj
def edit_command(home: Path, *, table: str, out: Path | None) -> None:
    """Write a table of the rules as a workbook in which Excel damages no code and no fraction.

    \b
    Examples:
      dunghen --home /srv/dung-hen rules edit procedures
      dunghen rules edit calendar --out lich-2028.xlsx
    A second sheet says what each column means. Bring it back with: dunghen rules apply FILE
    """
    from monitor.rules import rule_files
    from monitor.rules.forms import FORMS
    from monitor.rules.problems import Problems
    from monitor.rules.tables import read_table
    from monitor.rules.workbook import write_workbook

    target, form, problems = out or Path(f"{table}.xlsx"), FORMS[table], Problems()
    refuse_missing_folder(target)
    if target.exists():
        raise Refused(f"{target} exists already: choose another name")
    files = rule_files(rules_folder(home, None))
    rows = list(read_table(files, form.file, form.names, problems, optional=form.optional))
    problems.refuse()
    write_workbook(target, form, [[row.cells[name] for name in form.names] for row in rows])
    say(f"{target}: {len(rows)} dòng. Sửa, lưu lại dạng .xlsx, rồi: dunghen rules apply {target}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be accepted, and what that would do."""

    proposal: "Proposal"
    rules: "RuleBook"
    before: "RuleBook"
    changes: "tuple[Change, ...]"
    impact: "Impact"
    now: datetime


@click.command("apply")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--by", help="Who puts the change in force, by id in rules/staff.csv; asked for when not given.")
@click.option("--reason", help="Why; asked for when not given.")
@click.option("--document", help='The paper that orders the change, for example "QĐ 123/QĐ-STC ngày 20/11/2026".')
@click.option("--dry-run", is_flag=True, help="Show what would happen and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--now", type=instant, help="On a replay site, or with --dry-run: the moment of the act.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def apply_command(
    home: Path,
    *,
    files: tuple[Path, ...],
    by: str | None,
    reason: str | None,
    document: str | None,
    dry_run: bool,
    yes: bool,
    now: datetime | None,
    as_json: bool,
) -> None:
    """Take tables back (XLSX, CSV) or a TOML file of rules, show what they would do, and put them in force.

    \b
    Examples:
      dunghen rules apply procedures.xlsx --dry-run
      dunghen rules apply procedures.xlsx --by bx-nhat-quang --reason "giảm thời hạn" --document "QĐ 123/QĐ-UBND"
    A table is known by its header, whatever its file is called. With any mistake nothing changes; nothing is repaired.
    """
    from monitor.rules import RulesRefused

    if as_json and not dry_run and not (yes and by and reason):
        raise click.UsageError("with --json give --dry-run, or --yes, --by and --reason: nothing can be asked")
    with opened(home) as site:
        moment = moment_for(site, now, writes=not dry_run, has_dry_run=True)
        try:
            preview = _preview(site, files, now=moment)
        except RulesRefused as refused:
            if as_json:
                print_json({"problems": [{"file": p.file, "line": p.line, "text": p.text} for p in refused.problems]})
            raise
        is_new = preview.rules.version != preview.before.version
        if not as_json:
            _print_preview(preview)
        if is_new and not dry_run:
            by, reason, document = _asked(preview, by, reason, document)
            if not yes:
                click.confirm("Áp dụng?", abort=True, err=True)
            _write(site.site, preview.proposal)
            _accept(site, preview, by=by, reason=reason, document=document)
        elif not dry_run:
            _write(site.site, preview.proposal)  # the folder may have said otherwise than what is in force
    if as_json:
        print_json(_as_data(preview) | {"accepted": is_new and not dry_run})
    elif is_new:
        done = "Chạy thử: chưa ghi gì." if dry_run else f"Bộ quy tắc {preview.rules.version[:HASH_DIGITS]} có hiệu lực."
        say(done)


def _preview(site: Opened, paths: Sequence[Path], *, now: datetime) -> Preview:
    from monitor.impact import impact_of
    from monitor.rules import rule_files
    from monitor.rules.changes import changes_between
    from monitor.rules.proposal import propose

    stored = site.store.rule_book_in_force()
    assert stored is not None, "the site was opened with it"
    proposal = propose(rule_files(site.site.rules), paths, in_force=stored.files)
    rules = proposal.load()
    refuse_invented_people(site.site, rules)
    return Preview(
        proposal=proposal,
        rules=rules,
        before=site.rules,
        changes=changes_between(stored.files, proposal.files),
        impact=impact_of(site.store, site.rules, rules, now=now),
        now=now,
    )


def _asked(preview: Preview, by: str | None, reason: str | None, document: str | None) -> tuple[str, str, str | None]:
    """Who and why, asked for at the terminal when not given; who must be of the staff, before or after the change."""
    is_complete = by is not None and reason is not None
    by = by or click.prompt("Người áp dụng (mã trong staff.csv)", err=True)
    staff = preview.before.organisation.staff.keys() | preview.rules.organisation.staff.keys()
    if by not in staff:
        raise Refused(f"{by!r} is nobody: write an id that rules/staff.csv has")
    reason = (reason or click.prompt("Lý do", err=True)).strip()
    if not reason:
        raise Refused("give a reason: it stands in the history of the rules")
    if document is None and not is_complete:
        document = click.prompt("Văn bản (để trống nếu không có)", default="", show_default=False, err=True)
    return by, reason, (document or "").strip() or None


def _write(site: Site, proposal: "Proposal") -> None:
    """The files that were handed in, each whole or not at all.

    Before the transaction that counts: whatever happens between the two, applying again is harmless.
    """
    for name in proposal.origins:
        target = site.rules / name
        beside = target.with_name(f".{target.name}.part")  # a name that the reading of the folder passes over
        beside.write_bytes(proposal.files[name])
        beside.replace(target)


def _accept(site: Opened, preview: Preview, *, by: str, reason: str, document: str | None) -> None:
    site.store.accept_rule_book(
        preview.rules.version,
        preview.proposal.files,
        by=by,
        reason=reason,
        document=document,
        instead_of=preview.before.version,
        now=preview.now,
    )


def _print_preview(preview: Preview) -> None:
    print_warnings(preview.rules)
    before = preview.before.version[:HASH_DIGITS]
    if preview.rules.version == preview.before.version:
        say(f"Không có gì thay đổi so với bộ quy tắc đang có hiệu lực ({before}).")
        return
    say(f"Thay đổi so với bộ quy tắc đang có hiệu lực ({before}):")
    print_changes(preview.changes)
    others = sorted({one.file for one in preview.changes} - preview.proposal.origins.keys())
    if others:
        say(f"Trong đó đã sửa sẵn ở thư mục rules, chưa có hiệu lực: {', '.join(others)}")
    _print_impact(preview.impact, preview.now)


def _print_impact(impact: "Impact", now: datetime) -> None:
    from monitor.cli.words import STATUS_WORDS

    earlier = sum(1 for move in impact.moves if move.days is not None and move.days < 0)
    later = sum(1 for move in impact.moves if move.days is not None and move.days > 0)
    without = len(impact.moves) - earlier - later
    local = now.astimezone(LOCAL_ZONE)
    say(f"Ảnh hưởng lúc {local:%H:%M %d/%m/%Y}, trên {impact.running} hồ sơ đang giải quyết:")
    known = f", {without} mới có hạn hoặc không còn hạn" if without else ""
    say(f"  {len(impact.moves)} hồ sơ đổi hạn trả: {earlier} sớm hơn, {later} muộn hơn{known}")
    moves = impact.largest_moves[:MOST_SHOWN]
    for move in moves:
        say(f"    {move.code}: {_day(move.before)} → {_day(move.after)}")
    if len(impact.moves) > len(moves):
        say(f"    … và {len(impact.moves) - len(moves)} hồ sơ nữa")
    say(f"  {len(impact.becoming_overdue)} hồ sơ thành quá hạn, {len(impact.no_longer_overdue)} hồ sơ hết quá hạn")
    print_some(list(impact.becoming_overdue), "    ")
    letters = f"đã dự thảo {len(impact.drafted)}, đã phát hành {len(impact.issued)}"
    say(f"  Văn bản xin lỗi của hồ sơ đổi hạn: {letters}")
    print_some([*impact.issued, *impact.drafted], "    ")
    for late in impact.late_rows:
        held = f"{late.procedure.code}: có hiệu lực từ {_day(late.procedure.valid_from)}, nhập ngày {local:%d/%m/%Y}"
        say(f"  {held}: riêng dòng này làm {len(late.overdue)} hồ sơ quá hạn; dấu hiệu vi phạm chỉ tính từ ngày nhập")
    if impact.verdicts:
        say(
            f"  {len(impact.verdicts)} hồ sơ đã kết thúc sẽ có kết luận khác nếu tính lại; kết luận cũ được giữ nguyên:"
        )
        told = [f"{one.code}: {STATUS_WORDS[one.before]} → {STATUS_WORDS[one.after]}" for one in impact.verdicts]
        print_some(told, "    ")
    if impact.not_computed:
        say(f"  {len(impact.not_computed)} hồ sơ không tính được:")
        print_some(impact.not_computed, "    ")


def _day(on: date | None) -> str:
    return f"{on:%d/%m/%Y}" if on else "không có hạn"


def _as_data(preview: Preview) -> dict[str, Any]:
    impact = preview.impact
    return {
        "problems": [],
        "warnings": warnings_about(preview.rules),
        "files": {name: origin.label for name, origin in preview.proposal.origins.items()},
        "before": preview.before.version,
        "version": preview.rules.version,
        "changes": changes_as_data(preview.changes),
        "impact": {
            "now": preview.now,
            "running": impact.running,
            "moves": [{"code": one.code, "before": one.before, "after": one.after} for one in impact.largest_moves],
            "becoming_overdue": list(impact.becoming_overdue),
            "no_longer_overdue": impact.no_longer_overdue,
            "letters": {"drafted": impact.drafted, "issued": impact.issued},
            "late_rows": [
                {"code": one.procedure.code, "valid_from": one.procedure.valid_from, "overdue": one.overdue}
                for one in impact.late_rows
            ],
            "verdicts": [{"code": one.code, "before": one.before, "after": one.after} for one in impact.verdicts],
            "not_computed": impact.not_computed,
        },
    }
