"""Apologies: proposed by the sweep, written by people."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from monitor.dossier import Event
from monitor.letter import Letter, LetterState
from monitor.store.bulk import among, insert_new_rows, insert_statement
from monitor.store.connection import Database
from monitor.store.dossiers import append_events
from monitor.store.tables import DOSSIER, LETTER

_COLUMNS = (LETTER.c.dossier_id, LETTER.c.life, LETTER.c.promised_on, LETTER.c.state, LETTER.c.proposed_at)
_SHOWN = (LETTER.c.life, LETTER.c.promised_on, LETTER.c.state, LETTER.c.reason, LETTER.c.new_date_on, LETTER.c.prints)
_WITH_CODE = select(LETTER.c.dossier_id, DOSSIER.c.code, *_SHOWN).select_from(LETTER.join(DOSSIER))


class Letters:
    """Reading and drafting apologies."""

    _database: Database

    def letter_of(self, code: str) -> Letter | None:
        """The letter about the last missed date of the dossier's present life."""
        its_own = and_(DOSSIER.c.code == code, DOSSIER.c.life == LETTER.c.life)
        wanted = _WITH_CODE.where(its_own).order_by(LETTER.c.promised_on.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _letter(row)

    def letters(self, state: LetterState | None = None) -> list[Letter]:
        """All letters, or those in one state, by the date that they speak of."""
        wanted = _WITH_CODE if state is None else _WITH_CODE.where(LETTER.c.state == state.value)
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(LETTER.c.promised_on, DOSSIER.c.code))
            return [_letter(row) for row in rows]

    def draft_letter(
        self,
        letter: Letter,
        *,
        by: str,
        events: Sequence[Event] = (),
        now: datetime,
    ) -> None:
        """Write down a letter as a person drafted it, and what that adds to the dossier's history, in one transaction.

        Drafting again replaces reason and new date; `prints` counts how often it was drafted.
        """
        with self._database.write(recorded_at=now) as connection:
            dossier_id = append_events(connection, letter.dossier_code, events)
            drafted = {
                "state": LetterState.DRAFTED.value,
                "reason": letter.reason,
                "new_date_on": letter.new_date_on,
                "drafted_at": now,
                "drafted_by": by,
            }
            key = {"dossier_id": dossier_id, "life": letter.life, "promised_on": letter.promised_on}
            insert = insert_statement(connection, LETTER).values(**key, **drafted, proposed_at=now, prints=1)
            again = drafted | {"prints": LETTER.c.prints + 1}
            connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=again))


def propose_letters(connection: Connection, wanted: Iterable[tuple[int, int, date]], *, now: datetime) -> int:
    """Propose letters for (dossier, life, promised date), each once; returns how many are new."""
    rows = [(*key, LetterState.PROPOSED.value, now) for key in wanted]
    return insert_new_rows(connection, _COLUMNS, rows)


def void_proposals(connection: Connection, dossier_ids: Iterable[int]) -> None:
    """Close proposals that nobody has taken up: the dossier has ended without them."""
    ids = list(dossier_ids)
    if ids:
        open_ones = among(connection, LETTER.c.dossier_id, ids), LETTER.c.state == LetterState.PROPOSED.value
        connection.execute(update(LETTER).where(*open_ones).values(state=LetterState.VOIDED.value))


def letters_of(connection: Connection, dossier_ids: Iterable[int]) -> dict[tuple[int, int], Letter]:
    """The last letter of each of many dossiers by one query, under (dossier, life)."""
    wanted = _WITH_CODE.where(among(connection, LETTER.c.dossier_id, dossier_ids)).order_by(LETTER.c.promised_on)
    return {(row[0], row[2]): _letter(row) for row in connection.execute(wanted)}


def _letter(row: Sequence[Any]) -> Letter:
    _dossier_id, code, life, promised_on, state, reason, new_date_on, prints = row
    return Letter(
        dossier_code=code,
        life=life,
        promised_on=promised_on,
        state=LetterState(state),
        reason=reason,
        new_date_on=new_date_on,
        prints=prints,
    )
