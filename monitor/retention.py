"""What is kept of people no longer than it is needed: erased by time, or because somebody asks for it.

Dossier codes, dates, figures and what was told stay; they name nobody.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dateutil.relativedelta import relativedelta

from monitor.errors import MonitorError
from monitor.record import Person
from monitor.rules import Retention
from monitor.site import Site
from monitor.store import PersonOnFile, Store

log = logging.getLogger(__name__)
BY_TIME = "hết thời hạn lưu giữ ({months} tháng sau khi hồ sơ kết thúc)"


class StillNeeded(MonitorError):
    """The data of a dossier that is open were to be erased."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(codes)}: still open, and its people must be told of its result; erase after it has ended"
        )


class NothingKept(MonitorError):
    """Nobody on file bears the marks that were asked for."""

    def __init__(self) -> None:
        super().__init__(
            "nothing is kept of this person: compare the spelling with the papers, marks count letter by letter"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """What a purge erased, or would."""

    people_before: datetime
    files_before: datetime
    dossiers: tuple[str, ...]  # codes
    texts: int  # cells of refused rows and unsent mails; 0 when nothing was written
    files: tuple[Path, ...]


def purge(store: Store, site: Site, retention: Retention, *, by: str, now: datetime, dry_run: bool = False) -> Purge:
    """Erase the personal data whose time has passed: of dossiers, of refused rows and mails, and whole files."""
    people_before = now - relativedelta(months=retention.people_months)
    files_before = now - relativedelta(months=retention.files_months)
    codes = store.ended_before(people_before)
    files = tuple(_old_files(site, files_before))
    texts = 0
    if not dry_run:
        ground = BY_TIME.format(months=retention.people_months)
        store.erase_people(codes, by=by, ground=ground, now=now)
        texts = store.erase_old_texts(files_before, now=now)
        for file in files:
            file.unlink(missing_ok=True)
        log.info("purged", extra={"action": "purge", "dossiers": len(codes), "texts": texts, "files": len(files)})
    return Purge(
        people_before=people_before, files_before=files_before, dossiers=tuple(codes), texts=texts, files=files
    )


def _old_files(site: Site, before: datetime) -> Iterator[Path]:
    """Exports that were taken or held, mail and letters written as files: all of them name people."""
    folders = (site.inbox_folder / "done", site.inbox_folder / "held", site.mail_folder, site.letters_folder)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and _changed_at(path) < before:
                yield path


def _changed_at(path: Path) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=path.stat().st_mtime)


def kept_of(store: Store, wanted: Person) -> list[PersonOnFile]:
    """Everything that is kept of a person. Raises NothingKept."""
    found = store.people_on_file(wanted)
    if not found:
        raise NothingKept
    return found


def erase(store: Store, codes: Sequence[str], *, by: str, ground: str, now: datetime) -> list[str]:
    """Erase the people of these dossiers because somebody asked; answers of which there was something to erase.

    Raises StillNeeded, and erases nothing, when one of them is open.
    """
    found = store.people_of(codes)
    still_open = [one.code for one in found if one.is_open]
    if still_open:
        raise StillNeeded(still_open)
    store.erase_people([one.code for one in found], by=by, ground=ground, now=now)
    return [one.code for one in found]
