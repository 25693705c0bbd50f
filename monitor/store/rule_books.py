"""Rule books that were accepted, whole; one of them is in force."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from monitor.store.bulk import insert_statement
from monitor.store.connection import Database
from monitor.store.errors import RulesChangedMeanwhile
from monitor.store.tables import DOSSIER, RULE_ACCEPTANCE, RULE_BOOK
from monitor.store.types import AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRuleBook:
    """The files of a rule book as they were accepted, and by whom, why and by which document."""

    hash: str
    files: Mapping[str, bytes]
    accepted_at: datetime
    accepted_by: str
    reason: str
    document: str | None


_ACCEPTED = (
    RULE_BOOK.c.hash,
    RULE_BOOK.c.files,
    RULE_ACCEPTANCE.c.accepted_at,
    RULE_ACCEPTANCE.c.accepted_by,
    RULE_ACCEPTANCE.c.reason,
    RULE_ACCEPTANCE.c.document,
)
_ACCEPTANCES = select(*_ACCEPTED).select_from(RULE_ACCEPTANCE.join(RULE_BOOK))


class RuleBooks:
    """Which rules are in force, and which were."""

    _database: Database

    def rule_book_in_force(self) -> StoredRuleBook | None:
        """The rule book that holds, None before the first was accepted."""
        wanted = _ACCEPTANCES.where(RULE_BOOK.c.in_force).order_by(RULE_ACCEPTANCE.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _stored(row)

    def rule_book_hash(self) -> str | None:
        """The hash alone, cheap enough to ask at every pass."""
        with self._database.read() as connection:
            return connection.execute(select(RULE_BOOK.c.hash).where(RULE_BOOK.c.in_force)).scalar_one_or_none()

    def rule_books(self) -> list[StoredRuleBook]:
        """Every acceptance, oldest first; the last one is in force."""
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(_ACCEPTANCES.order_by(RULE_ACCEPTANCE.c.id))]

    def accept_rule_book(
        self,
        book_hash: str,
        files: Mapping[str, bytes],
        *,
        by: str,
        reason: str,
        document: str | None = None,
        instead_of: str | None = None,
        now: datetime,
    ) -> bool:
        """Put a rule book in force and have every open dossier looked at again; False when it was in force already.

        With `instead_of`, the hash of the book that the change was compared with: raises RulesChangedMeanwhile when
        another one is in force.
        """
        told = {"accepted_at": now, "accepted_by": by, "reason": reason, "document": document}
        with self._database.write(recorded_at=now) as connection:
            in_force = select(RULE_BOOK.c.hash).where(RULE_BOOK.c.in_force).with_for_update()
            former = connection.execute(in_force).scalar_one_or_none()
            if former == book_hash:
                return False
            if instead_of is not None and former != instead_of:
                raise RulesChangedMeanwhile(former)
            connection.execute(update(RULE_BOOK).where(RULE_BOOK.c.in_force).values(in_force=False))
            book = insert_statement(connection, RULE_BOOK).values(hash=book_hash, files=packed(files), in_force=True)
            again = book.on_conflict_do_update(index_elements=[RULE_BOOK.c.hash], set_={"in_force": True})
            connection.execute(again)
            connection.execute(insert(RULE_ACCEPTANCE).values(hash=book_hash, **told))
            look = update(DOSSIER).where(DOSSIER.c.is_open)
            connection.execute(look.values(next_look_at=AT_ONCE, revision=DOSSIER.c.revision + 1))
        return True


def _stored(row: Sequence[Any]) -> StoredRuleBook:
    book_hash, files, accepted_at, accepted_by, reason, document = row
    return StoredRuleBook(
        hash=book_hash,
        files=unpacked(files),
        accepted_at=accepted_at,
        accepted_by=accepted_by,
        reason=reason,
        document=document,
    )


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
