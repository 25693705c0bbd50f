"""Where all dossiers stand, now or by what was known at a moment: its events, and the files that had come by then."""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

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
BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Absences = tuple[tuple[datetime, datetime], ...]


class Stood(NamedTuple):
    """A dossier in a list of all."""

    row: ListRow  # its columns as of then
    dossier: Dossier | None = None  # None: it had ended, and its row keeps the verdict
    looked: Looked | None = None  # None likewise; or nothing can be made of it, and it is parked


def standing(store: Store, rules: RuleBook, *, now: datetime, known_at: datetime | None = None) -> Iterator[Stood]:
    """Every dossier as it stands at `now`; with `known_at`, by nothing but what was recorded by then.

    By these rules, except for what had ended and was settled by then: that keeps its verdict (decision 11), unless more
    was recorded of it later, when nobody can tell by which rules it was settled.
    """
    shared = Shared()
    freshness = None if known_at is None else Freshness(store.files_taken(by=known_at))
    for row, events in store.standing(known_at=known_at):
        if events is None:
            yield Stood(row if freshness is None else _of_then(row, freshness.of(row)))
        else:
            yield _looked_at(row, events, freshness, rules, shared, now=now)


def _looked_at(
    row: ListRow,
    events: Sequence[Event],
    freshness: "Freshness | None",
    rules: RuleBook,
    shared: Shared,
    *,
    now: datetime,
) -> Stood:
    try:
        dossier = fold(row.code, events)
        of_then = row if freshness is None else _of_then(row, freshness.of(row, dossier, events))
        return _stood(of_then, dossier, rules, shared, now=now)
    except Exception as error:  # noqa: BLE001 - one that cannot be decided must not take the others with it
        log.warning("dossier not understood", extra={"action": "list", "dossier": row.code, "error": repr(error)})
        return Stood(row._replace(status=Status.UNKNOWN, is_open=True, parked=type(error).__name__))


def _of_then(row: ListRow, data_as_of: datetime) -> ListRow:
    """The row with how fresh it was; whether it was parked then is not known, and is found out again."""
    is_same = row.data_as_of == data_as_of and row.parked is None
    return row if is_same else row._replace(data_as_of=data_as_of, parked=None)


def _stood(row: ListRow, dossier: Dossier, rules: RuleBook, shared: Shared, *, now: datetime) -> Stood:
    looked = look(dossier, rules, now=now, data_as_of=row.data_as_of, shared=shared)
    deadline, status = looked.deadline, Status.UNKNOWN if row.parked else looked.assessment.status
    of_then = row._replace(
        life=dossier.life,
        is_open=status.is_open,
        procedure_code=looked.procedure.code if looked.procedure else dossier.procedure_code,
        received=dossier.received,
        appointment=dossier.appointments[-1].at if dossier.appointments else None,
        missing_since=dossier.missing_since,
        status=status,
        flags=flags_of(dossier, looked, rules, now=now),
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
        self._unread_in: dict[str, frozenset[int]] = {}
        for code, import_id in ((code, one.import_id) for one in files for code in one.unread):
            self._unread_in[code] = self._unread_in.get(code, frozenset()) | {import_id}
        self._claimed: dict[tuple[Any, ...], datetime | None] = {}

    def of(self, row: ListRow, dossier: Dossier | None = None, events: Sequence[Event] = ()) -> datetime:
        """The `data_as_of` of a dossier with these events; without one it had ended, and nothing was recorded since."""
        if self._newest is None:
            return row.data_as_of
        if row.seen_import_id in self._ids:  # no later file has held it
            return min(row.data_as_of, self._newest)
        told = [self._files[one.import_id] for one in events if _is_told(one) and one.import_id in self._files]
        received = row.received if dossier is None else dossier.received
        claim = self._claim(
            _keeper(told) or row.source,
            received.on if received else None,
            _absences(events),
            self._unread_in.get(row.code, frozenset()),
        )
        known = [one.data_as_of for one in told] + ([claim] if claim else [])
        return max(known, default=min(row.data_as_of, self._newest))

    def _claim(self, *about: Any) -> datetime | None:
        if about not in self._claimed:
            self._claimed[about] = self._freshest(*about)
        return self._claimed[about]

    def _freshest(
        self, source: str, received_on: date | None, absences: Absences, unread: frozenset[int]
    ) -> datetime | None:
        """The `data_as_of` of the freshest file of a source that must have held such a dossier, and had it read."""
        held = (
            one.data_as_of
            for one in self._files.values()
            if one.source == source and one.import_id not in unread and _claims(one, received_on)
            if not any(gone <= one.recorded_at < back for gone, back in absences)
        )
        return max(held, default=None)


def _absences(events: Sequence[Event]) -> Absences:
    """From when to when a dossier was in no file that should hold it: before it was known, and while it was missing."""
    found = [(BEGINNING, one.recorded_at) for one in events[:1]]
    gone: datetime | None = None
    for event in events:
        if event.kind is EventKind.VANISHED:
            gone = gone or event.recorded_at
        elif event.kind is EventKind.APPEARED and gone is not None:
            found.append((gone, event.recorded_at))
            gone = None
    return (*found, (gone, END)) if gone else tuple(found)


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
