"""Where all dossiers stand, now or by what was known at a moment: its events, and the files that had come by then."""

import logging
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from monitor.dossier import Dossier, Event, EventKind
from monitor.history import fold
from monitor.rules import RuleBook
from monitor.source import Scope
from monitor.status import Status
from monitor.store import FileTaken, ListRow, Store
from monitor.sweep import Looked, Shared, flags_of, look

log = logging.getLogger(__name__)
# Layouts, as intake names them: a step log says nothing of an end, and a database's answer speaks of all its dossiers.
_STEP_LOG, _QUERY = "/tien-do", "/csdl"


class Stood(NamedTuple):
    """A dossier in a list of all."""

    row: ListRow  # its columns as of then
    dossier: Dossier | None = None  # None: it had ended, and its row keeps the verdict
    looked: Looked | None = None  # None likewise; or nothing can be made of it, and it is parked


def standing(store: Store, rules: RuleBook, *, now: datetime, known_at: datetime | None = None) -> Iterator[Stood]:
    """Every dossier as it stands at `now`; with `known_at`, by nothing but what was recorded by then.

    By the rules in force now, except for what had ended by then and was settled: that keeps its verdict (decision 11).
    """
    shared = Shared()
    freshness = None if known_at is None else Freshness(store.files_taken(by=known_at))
    for row, events in store.standing(known_at=known_at):
        dossier = None if events is None else fold(row.code, events)
        if freshness is not None:
            row = _of_then(row, freshness.of(row, dossier, events or ()))  # noqa: PLW2901
        yield Stood(row) if dossier is None else _stood(row, dossier, rules, shared, now=now)


def _of_then(row: ListRow, data_as_of: datetime) -> ListRow:
    """The row with how fresh it was; whether it was parked then is not known, and is found out again."""
    is_same = row.data_as_of == data_as_of and row.parked is None
    return row if is_same else row._replace(data_as_of=data_as_of, parked=None)


def _stood(row: ListRow, dossier: Dossier, rules: RuleBook, shared: Shared, *, now: datetime) -> Stood:
    try:
        looked = look(dossier, rules, now=now, data_as_of=row.data_as_of, shared=shared)
        flags = flags_of(dossier, looked, rules, now=now)
    except Exception as error:  # as in the sweep: one that cannot be decided must not take the others with it
        log.exception("dossier not understood", extra={"action": "list", "dossier": dossier.code})
        return Stood(row._replace(status=Status.UNKNOWN, is_open=True, parked=type(error).__name__), dossier)
    deadline, status = looked.deadline, Status.UNKNOWN if row.parked else looked.assessment.status
    of_then = row._replace(
        life=dossier.life,
        is_open=status.is_open,
        procedure_code=looked.procedure.code if looked.procedure else dossier.procedure_code,
        received=dossier.received,
        appointment=dossier.appointments[-1].at if dossier.appointments else None,
        missing_since=dossier.missing_since,
        status=status,
        flags=flags,
        division=looked.holders.division,
        officer=looked.holders.officer,
        law_due_on=deadline.law_due_on,
        first_promised_on=deadline.first_promised_on,
        promised_on=deadline.promised_on,
        due_on=deadline.due_on,
        due_at=deadline.due_at,
        apology_by_on=deadline.apology_by_on,
    )
    return Stood(of_then, dossier, looked)


class Freshness:
    """How fresh the data of a dossier were at a moment, by the files that had been taken by then.

    A dossier's row says only how fresh they are now. Of then it is known which files made an event of it, and that a
    file which claims to hold it does so while it is not missing. A list that claims nothing and had no news of it
    leaves no trace, so what is answered is never fresher than it was, but may be older: it accuses nobody.
    """

    def __init__(self, files: Sequence[FileTaken]) -> None:
        self._files = {one.import_id: one for one in files if not one.source.endswith(_STEP_LOG)}
        self._newest = max((one.data_as_of for one in self._files.values()), default=None)
        self._ids = {one.import_id for one in files}
        self._claimed: dict[tuple[str, date | None, datetime | None], datetime | None] = {}

    def of(self, row: ListRow, dossier: Dossier | None, events: Sequence[Event]) -> datetime:
        """The `data_as_of` of a dossier with these events; `dossier` None: it had ended, with nothing since."""
        if self._newest is None:
            return row.data_as_of
        if row.seen_import_id in self._ids:  # no later file has held it
            return min(row.data_as_of, self._newest)
        told = [self._files[one.import_id] for one in events if _is_told(one) and one.import_id in self._files]
        received = row.received if dossier is None else dossier.received
        claim = self._claim(
            _keeper(told) or row.source, received.on if received else None, dossier.missing_since if dossier else None
        )
        known = [one.data_as_of for one in told] + ([claim] if claim else [])
        return max(known, default=min(row.data_as_of, self._newest))

    def _claim(self, source: str, received_on: date | None, missing_since: datetime | None) -> datetime | None:
        """The freshest file of a source that held the dossiers received on a day, before they were missing."""
        key = source, received_on, missing_since
        if key not in self._claimed:
            held = (
                one.data_as_of
                for one in self._files.values()
                if one.source == source and _claims(one, received_on)
                if missing_since is None or one.recorded_at < missing_since
            )
            self._claimed[key] = max(held, default=None)
        return self._claimed[key]


def _is_told(event: Event) -> bool:
    """Whether its file held the dossier: one that it has vanished from did not."""
    return event.import_id is not None and event.kind is not EventKind.VANISHED


def _keeper(told: Sequence[FileTaken]) -> str | None:
    """The source that answers for a dossier: the last one that claims to hold all, else the first that told of it."""
    claiming = [one.source for one in told if one.scope is not Scope.PARTIAL]
    return next(iter([*claiming[-1:], *(one.source for one in told[:1])]), None)


def _claims(file: FileTaken, received_on: date | None) -> bool:
    """Whether a file claims to hold every open dossier that was received on a day."""
    if file.scope is not Scope.RECEIVED_BETWEEN:
        return file.scope is not Scope.PARTIAL or file.source.endswith(_QUERY)
    if received_on is None or (file.received_from is None and file.received_to is None):
        return False
    is_after = file.received_from is None or received_on >= file.received_from
    return is_after and (file.received_to is None or received_on <= file.received_to)
