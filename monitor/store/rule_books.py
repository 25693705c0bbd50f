"""Rule books that were accepted, whole; one of them is in force."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from monitor.store.bulk import insert_statement
from monitor.store.connection import Database
from monitor.store.tables import DOSSIER, RULE_BOOK
from monitor.store.types import AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRuleBook:
    """The files of a rule book as they were accepted, and by whom and why."""

    hash: str
    files: Mapping[str, bytes]
    accepted_at: datetime
    accepted_by: str
    reason: str


class RuleBooks:
    """Which rules are in force."""

    _database: Database

    def rule_book_in_force(self) -> StoredRuleBook | None:
        """The rule book that holds, None before the first was accepted."""
        with self._database.read() as connection:
            row = connection.execute(select(RULE_BOOK).where(RULE_BOOK.c.in_force)).one_or_none()
        if row is None:
            return None
        return StoredRuleBook(
            hash=row.hash,
            files=unpacked(row.files),
            accepted_at=row.accepted_at,
            accepted_by=row.accepted_by,
            reason=row.reason,
        )

    def rule_book_hash(self) -> str | None:
        """The hash alone, cheap enough to ask at every pass."""
        with self._database.read() as connection:
            return connection.execute(select(RULE_BOOK.c.hash).where(RULE_BOOK.c.in_force)).scalar_one_or_none()

    def accept_rule_book(
        self, book_hash: str, files: Mapping[str, bytes], *, by: str, reason: str, now: datetime
    ) -> bool:
        """Put a rule book in force and have every open dossier looked at again; False when it was in force already."""
        values = {"accepted_at": now, "accepted_by": by, "reason": reason, "in_force": True}
        with self._database.write(recorded_at=now) as connection:
            in_force = select(RULE_BOOK.c.hash).where(RULE_BOOK.c.in_force).with_for_update()
            if connection.execute(in_force).scalar_one_or_none() == book_hash:
                return False
            connection.execute(update(RULE_BOOK).where(RULE_BOOK.c.in_force).values(in_force=False))
            insert = insert_statement(connection, RULE_BOOK).values(hash=book_hash, files=packed(files), **values)
            connection.execute(insert.on_conflict_do_update(index_elements=[RULE_BOOK.c.hash], set_=values))
            again = update(DOSSIER).where(DOSSIER.c.is_open)
            connection.execute(again.values(next_look_at=AT_ONCE, revision=DOSSIER.c.revision + 1))
        return True


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as a ZIP; the same files make the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpacked(archive_bytes: bytes) -> dict[str, bytes]:
    """The files of a ZIP by name."""
    with zipfile.ZipFile(io.BytesIO(archive_bytes)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
