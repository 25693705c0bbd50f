"""`dunghen rules history`: who put which rules in force, and what each change was."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import Refused, print_json, say, store_of
from monitor.site import Site, open_site
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.rules.changes import Change
    from monitor.store import StoredRuleBook

MOST_SHOWN = 10  # of each list at the terminal; --json has all
HASH_DIGITS = 12


@click.command("history")
@click.option("--show", help="The first digits of a version, whose files are restored for reading.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder that --show writes to.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def history_command(home: Path, *, show: str | None, out: Path | None, as_json: bool) -> None:
    """Say who put which rules in force, when, why and by which document, and what each change was.

    \b
    Examples:
      dunghen --home /srv/dung-hen rules history
      dunghen rules history --show 3f2a91 --out quy-tac-cu
    """
    if (show is None) != (out is None):
        raise click.UsageError("--show and --out go together: which version, and into which folder")
    with store_of(open_site(home)) as store:
        books = store.rule_books()
    if show is not None and out is not None:
        _restore(_book(books, show), out)
        return
    told = list(_told(books))
    if as_json:
        print_json([_book_as_data(book, changes, is_last=place == 0) for place, (book, changes) in enumerate(told)])
        return
    for place, (book, changes) in enumerate(told):
        at = f"{book.accepted_at.astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}"
        document = f" ({book.document})" if book.document else ""
        state = " – đang có hiệu lực" if place == 0 else ""
        say(f"{at}  {book.hash[:HASH_DIGITS]}  {book.accepted_by}: {book.reason}{document}{state}")
        if place < len(told) - 1:
            print_changes(changes, "    ")


def _told(books: "Sequence[StoredRuleBook]") -> "Iterable[tuple[StoredRuleBook, tuple[Change, ...]]]":
    """Each acceptance, the last one first, with what it changed of the one before; of the first every file is new."""
    from monitor.rules.changes import changes_between

    before: list[Mapping[str, bytes]] = [{}, *(book.files for book in books)]
    changed = [changes_between(former, book.files) for former, book in zip(before, books, strict=False)]
    return zip(reversed(books), reversed(changed), strict=True)


def _book_as_data(book: "StoredRuleBook", changes: "Iterable[Change]", *, is_last: bool) -> dict[str, Any]:
    return {
        "version": book.hash,
        "accepted_at": book.accepted_at,
        "by": book.accepted_by,
        "reason": book.reason,
        "document": book.document,
        "in_force": is_last,
        "changes": changes_as_data(changes),
    }


def _book(books: "Sequence[StoredRuleBook]", start: str) -> "StoredRuleBook":
    found = {book.hash: book for book in books if book.hash.startswith(start)}
    if len(found) != 1:
        what = "no version begins" if not found else f"{len(found)} versions begin"
        raise Refused(f"{what} with {start!r}: write the digits that 'dunghen rules history' shows")
    return next(iter(found.values()))


def _restore(book: "StoredRuleBook", folder: Path) -> None:
    """The files of a book for reading, in a new folder."""
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty: name a new folder")
    for name, content in book.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    say(f"{folder}: {len(book.files)} tệp của bộ quy tắc {book.hash[:HASH_DIGITS]}")


def files_not_in_force(site: Site) -> list[str]:
    """The files of the rules folder that say otherwise than the rules in force; none where no database can be asked."""
    from monitor.errors import MonitorError
    from monitor.rules import rule_files
    from monitor.store import open_store

    url = site.absolute_database_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return []
    try:
        store = open_store(url, migrate=False)  # a check changes nothing
    except MonitorError:
        return []
    with store:
        stored = store.rule_book_in_force()
    files, accepted = rule_files(site.rules), stored.files if stored else {}
    return sorted(name for name in files.keys() | accepted.keys() if files.get(name) != accepted.get(name))


def print_changes(changes: "Sequence[Change]", indent: str = "  ") -> None:
    """What was changed, a line each."""
    if not changes:
        say(f"{indent}chỉ cách ghi khác, nội dung như cũ")
    print_some([str(change) for change in changes], indent)


def print_some(lines: Sequence[str], indent: str) -> None:
    """The first lines of many, and how many there are."""
    for line in lines[:MOST_SHOWN]:
        say(f"{indent}{line}")
    if len(lines) > MOST_SHOWN:
        say(f"{indent}… và {len(lines) - MOST_SHOWN} mục nữa (xem đủ bằng --json)")


def changes_as_data(changes: "Iterable[Change]") -> list[dict[str, str]]:
    """The same for a program."""
    return [
        {
            "file": one.file,
            "kind": one.kind.value,
            "row": one.row,
            "column": one.column,
            "before": one.before,
            "after": one.after,
        }
        for one in changes
    ]
