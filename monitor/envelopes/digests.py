"""The morning mail: one person's picture of the day."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.absence import Away
from monitor.documents import Documents
from monitor.envelopes.room import Holds, Postmark, Room, holds_of, line_of, message_to, would_tell_of
from monitor.handling import Holders
from monitor.ladder import Delivery, Step
from monitor.notice import STEP_OF_STATUS, Digest, Notice, recipients
from monitor.organisation import Role, Staff
from monitor.outbox import MessageKind
from monitor.questions import asked_in_the_morning
from monitor.rules import RuleBook
from monitor.status import Flag, Status
from monitor.store import DigestRow, Filter, Store, ToldNow, ToldStep

# Statuses that a digest shows beside the steps of the ladder, and the roles that can do something about them.
_BESIDE_THE_LADDER = {
    Status.POSSIBLY_FINISHED: (Role.OFFICER, Role.HEAD),
    Status.UNKNOWN: (Role.DESK,),
    Status.MISSING_FROM_SOURCE: (Role.DESK, Role.OFFICER),
}
_TOLD_EVEN_WHEN_EMPTY = (Role.DESK, Role.OFFICE, Role.IT)
_PAST_DUE = (Status.OVERDUE, Status.DUE_PASSED_UNCONFIRMED)
DIGESTS_OF = "digests_of"  # the last day for which everybody's digest was composed
IN_DIGEST = (*STEP_OF_STATUS, *_BESIDE_THE_LADDER)


def compose_digests(
    store: Store,
    rules: RuleBook,
    documents: Documents,
    postmark: Postmark,
    *,
    now: datetime,
    down: tuple[datetime, datetime] | None = None,
) -> int:
    """The morning's picture for everybody who is owed one; one a person and day, however often this is called.

    A digest of an earlier day that no server has taken yet is superseded: it would tell of a day that has gone by.
    Before the first data there is none: that nothing needs a reminder would be a claim about dossiers nobody has seen.
    """
    room = Room(store, rules, documents, postmark, now)
    if store.get_meta(DIGESTS_OF) == room.day.isoformat() or not store.sources():
        return 0
    store.supersede_digests(room.day, now=now)
    away, holds = store.absences(from_at=now).away_at(now), holds_of(store)
    mine = _shown_to(store.dossiers_for_digest(IN_DIGEST), rules, away, holds)
    open_counts, asked = _open_counts(store, rules), asked_in_the_morning(store, rules, now=now)
    would_tell = None
    people = [
        person
        for person in rules.organisation.staff.values()
        if person.id in mine or person.id in asked or (person.role in _TOLD_EVEN_WHEN_EMPTY and person.id not in away)
    ]
    if rules.go_live.is_trial(rules.organisation, now=now):
        would_tell = would_tell_of(room, {person: [one.row for one in page.shown] for person, page in mine.items()})
        people = list(rules.go_live.readers(rules.organisation))
    composed = 0
    for person in people:
        page = mine.get(person.id) or _Page()
        is_follower = would_tell is not None or person.role in _TOLD_EVEN_WHEN_EMPTY
        held = holds.told(frozenset(holds.since) if is_follower else frozenset(page.kept))
        digest = _digest(room, person, page.shown, open_counts[person.id], down)
        digest = replace(digest, held=held, would_tell=would_tell, questions=asked.get(person.id, ()))
        composed += _queue_digest(room, digest, page.shown)
    store.set_meta(DIGESTS_OF, room.day.isoformat(), now=now)
    return composed


@dataclass(frozen=True, slots=True)
class _Shown:
    """A dossier in somebody's digest, and the step for which it is there."""

    row: DigestRow
    step: Step | None

    @property
    def told(self) -> ToldStep | None:
        """What telling it means; None for what stands beside the ladder."""
        if self.step is None or self.row.due_on is None:
            return None
        return ToldStep(dossier_id=self.row.id, life=self.row.life, step=self.step, due_on=self.row.due_on)


@dataclass(slots=True)
class _Page:
    """What somebody's digest shows, and the held sources of which it shows nothing."""

    shown: list[_Shown] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)


def _shown_to(rows: Sequence[DigestRow], rules: RuleBook, away: Away, holds: Holds) -> Mapping[str, _Page]:
    """Under each person's id what their digest shows."""
    of_division = Counter((row.division, row.status) for row in rows)
    mine: dict[str, _Page] = defaultdict(_Page)
    for row in rows:
        if Flag.BACKLOG in row.flags and row.status in _PAST_DUE:
            continue  # of before the monitor: in lists and figures until Văn phòng Sở takes it up (practice A9)
        step = STEP_OF_STATUS.get(row.status)
        roles = _roles(row.status, step, of_division[row.division, row.status], rules)
        for person in recipients(roles, _holders(row, rules), rules.organisation, away):
            if holds.keep(row, person):
                mine[person.id].kept.add(row.source)
            else:
                mine[person.id].shown.append(_Shown(row, step))
    return mine


def _roles(status: Status, step: Step | None, in_division: int, rules: RuleBook) -> Sequence[Role]:
    """Who is shown a status; of some steps the head hears only when there are many in the division (rules.md 5)."""
    rule = rules.ladder.steps.get(step) if step else None
    if rule is None:
        return _BESIDE_THE_LADDER.get(status, ())
    is_many = rule.head_from_count is not None and in_division >= rule.head_from_count
    return (*rule.to, Role.HEAD) if is_many else rule.to


def _open_counts(store: Store, rules: RuleBook) -> Counter[str]:
    """How many open dossiers each officer and head answers for."""
    counts: Counter[str] = Counter()
    for row in store.list_dossiers(Filter(is_open=True)):
        division = rules.organisation.divisions.get(row.division or "")
        counts.update({person for person in (row.officer, division.head if division else None) if person})
    return counts


def digest_is_due(rules: RuleBook, *, now: datetime) -> bool:
    """Whether the morning mail leaves now: from shortly before the first slot of a working day until closing."""
    clock = rules.calendar.clock
    local = now.astimezone(clock.zone)
    opening, closing = clock.opening_of(local.date()), clock.closing_of(local.date())
    if opening is None or closing is None:
        return False
    return opening - timedelta(minutes=rules.ladder.digest_minutes_before_work) <= local <= closing


def _holders(one: DigestRow, rules: RuleBook) -> Holders:
    division = rules.organisation.divisions.get(one.division or "")
    return Holders(
        officer=one.officer,
        head=division.head if division else None,
        deputy=division.deputy_in_charge if division else None,
        division=one.division,
        ground=one.ground,
    )


def _digest(
    room: Room, person: Staff, mine: Sequence[_Shown], open_count: int, down: tuple[datetime, datetime] | None
) -> Digest:
    told = room.store.told_steps(person.id)
    return Digest(
        person=person,
        day=room.day,
        data_as_of=room.data_as_of([one.row for one in mine]),
        lines=tuple(line_of(room, one.row, person, one.step, is_new=one.told not in told | {None}) for one in mine),
        open_count=open_count,
        is_sample=room.rules.organisation.is_sample,
        down_from=down[0] if down else None,
        down_to=down[1] if down else None,
    )


def _queue_digest(room: Room, digest: Digest, mine: Sequence[_Shown]) -> bool:
    """The message, and with it that its steps have been told; a step with mail of its own is counted there."""
    rendered = room.documents.digest(digest, room.rules.organisation.agency)
    message = message_to(room, MessageKind.DIGEST, digest.person, f"{digest.day}", rendered)
    steps = room.rules.ladder.steps
    told = [
        ToldNow(
            dossier_id=step.dossier_id,
            life=step.life,
            notice=Notice(step=step.step, due_on=step.due_on, occurrence=1, person=digest.person.id),
        )
        for step in (one.told for one in mine)
        if step is not None and steps[step.step].delivery is Delivery.DIGEST
    ]
    return room.store.queue_message(message, told_now=told, rules_version=room.rules.version, now=room.now)
