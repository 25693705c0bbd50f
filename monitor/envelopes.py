"""What is to be said becomes messages: one a person, recorded before it is sent."""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b

from monitor.absence import Away
from monitor.documents import Documents, Rendered, build_message, make_message_id
from monitor.go_live import WouldTell
from monitor.handling import Holders
from monitor.ladder import Delivery, Step
from monitor.notice import STEP_OF_STATUS, Digest, DigestLine, Notice, OverdueMail, recipients, short_applicant
from monitor.organisation import Role, Staff
from monitor.outbox import MessageKind, OutboxMessage
from monitor.rules import RuleBook
from monitor.status import Flag, Status
from monitor.store import DigestRow, Filter, PendingNotice, Store, ToldNow, ToldStep

log = logging.getLogger(__name__)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmark:
    """What every message of a site carries."""

    sender: str
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        """The right side of the sender's address, for Message-IDs."""
        return self.sender.rpartition("@")[2]


def compose_overdue(store: Store, rules: RuleBook, documents: Documents, postmark: Postmark, *, now: datetime) -> int:
    """One message for each person who has notices without one, however many dossiers they speak of; answers how many.

    A notice is the decision and was recorded with the state; should the program die before this step, the next pass
    finds the same notices and composes the same message. A message that waits is taken back when a dossier of it is no
    longer overdue, or when its day has gone by without a server to take it: what still holds is then told anew.
    """
    room = _Room(store, rules, documents, postmark, now)
    store.withdraw_untrue(now=now)
    store.supersede_delayed(room.day, now=now)
    by_person: dict[str, list[PendingNotice]] = defaultdict(list)
    for pending in store.notices_without_mail(Status.OVERDUE):
        by_person[pending.notice.person].append(pending)
    rows = store.dossiers_for_digest([Status.OVERDUE]) if by_person else []
    overdue = {one.id: one for one in rows if Flag.BACKLOG not in one.flags}
    if rules.go_live.is_trial(rules.organisation, now=now):
        return _compose_overdue_in_trial(room, by_person, overdue)
    composed = 0
    for person_id, notices in by_person.items():
        person = rules.organisation.staff.get(person_id)
        if person is None:
            log.warning("no such member of staff", extra={"action": "compose", "person": person_id})
            continue
        composed += _compose_overdue(room, person, [one for one in notices if one.dossier_id in overdue], overdue)
    return composed


@dataclass(frozen=True, slots=True)
class _Room:
    """Where mail is written: what every message of a pass is made with."""

    store: Store
    rules: RuleBook
    documents: Documents
    postmark: Postmark
    now: datetime

    @property
    def day(self) -> date:
        """The local day."""
        return self.now.astimezone(self.rules.calendar.clock.zone).date()

    def data_as_of(self, rows: Sequence[DigestRow]) -> datetime | None:
        """How fresh the stalest of the sources is that the rows come from; without rows, of all sources."""
        fresh = {source.name: source.data_as_of for source in self.store.sources()}
        mine = {row.source for row in rows} & fresh.keys() or fresh.keys()
        return min((fresh[name] for name in mine), default=None)


def _compose_overdue_in_trial(
    room: _Room, by_person: Mapping[str, Sequence[PendingNotice]], overdue: Mapping[int, DigestRow]
) -> int:
    """One message for each who reads in everybody's place; the last one carries the notices, so that all are made."""
    readers = room.rules.go_live.readers(room.rules.organisation)
    still = {person: [one for one in notices if one.dossier_id in overdue] for person, notices in by_person.items()}
    every = [one for notices in still.values() for one in notices]
    named = {person: [overdue[one.dossier_id] for one in notices] for person, notices in still.items()}
    would_tell = _would_tell(room, named)
    return sum(
        _compose_overdue(room, person, every, overdue, carries=person is readers[-1], would_tell=would_tell)
        for person in readers
    )


def _would_tell(room: _Room, named: Mapping[str, Sequence[DigestRow]]) -> tuple[WouldTell, ...]:
    """Who would be mailed of which dossiers, were it no trial; those who are mailed are not among them."""
    organisation = room.rules.organisation
    readers = room.rules.go_live.readers(organisation)
    return tuple(
        WouldTell(name=one.name, title=one.title, codes=tuple(dict.fromkeys(row.code for row in named[one.id])))
        for one in organisation.staff.values()
        if named.get(one.id) and one not in readers
    )


def _compose_overdue(
    room: _Room,
    person: Staff,
    notices: Sequence[PendingNotice],
    overdue: Mapping[int, DigestRow],
    *,
    carries: bool = True,
    would_tell: tuple[WouldTell, ...] | None = None,
) -> bool:
    if not notices:
        return False
    rows = [overdue[id_] for id_ in dict.fromkeys(one.dossier_id for one in notices)]
    lines = [_line(room, row, person, Step.OVERDUE, is_new=True) for row in rows]
    mail = OverdueMail(
        person=person,
        day=room.day,
        data_as_of=room.data_as_of(rows),
        lines=tuple(sorted(lines, key=lambda line: (line.due_on or date.max, line.code))),
        is_sample=room.rules.organisation.is_sample,
        occurrence=max(one.notice.occurrence for one in notices),
        would_tell=would_tell,
    )
    ids = sorted(one.id for one in notices)
    carried = blake2b(",".join(map(str, ids)).encode(), digest_size=8).hexdigest()
    rendered = room.documents.overdue(mail, room.rules.organisation.agency)
    message = _message(room, MessageKind.OVERDUE, person, f"{room.day} {carried}", rendered)
    notice_ids = ids if carries else ()
    return room.store.queue_message(message, notice_ids=notice_ids, rules_version=room.rules.version, now=room.now)


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
    room = _Room(store, rules, documents, postmark, now)
    if store.get_meta(DIGESTS_OF) == room.day.isoformat() or not store.sources():
        return 0
    store.supersede_digests(room.day, now=now)
    away = store.absences(from_at=now).away_at(now)
    mine = _shown_to(store.dossiers_for_digest(IN_DIGEST), rules, away)
    open_counts = _open_counts(store, rules)
    would_tell = None
    people = [
        person
        for person in rules.organisation.staff.values()
        if person.id in mine or (person.role in _TOLD_EVEN_WHEN_EMPTY and person.id not in away)
    ]
    if rules.go_live.is_trial(rules.organisation, now=now):
        would_tell = _would_tell(room, {person: [one.row for one in shown] for person, shown in mine.items()})
        people = list(rules.go_live.readers(rules.organisation))
    composed = 0
    for person in people:
        shown = mine.get(person.id, [])
        digest = replace(_digest(room, person, shown, open_counts[person.id], down), would_tell=would_tell)
        composed += _queue_digest(room, digest, shown)
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


def _shown_to(rows: Sequence[DigestRow], rules: RuleBook, away: Away) -> Mapping[str, list[_Shown]]:
    """Under each person's id what their digest shows."""
    of_division = Counter((row.division, row.status) for row in rows)
    mine: dict[str, list[_Shown]] = defaultdict(list)
    for row in rows:
        if Flag.BACKLOG in row.flags and row.status in _PAST_DUE:
            continue  # of before the monitor: in lists and figures until Văn phòng Sở takes it up (practice A9)
        step = STEP_OF_STATUS.get(row.status)
        roles = _roles(row.status, step, of_division[row.division, row.status], rules)
        for person in recipients(roles, _holders(row, rules), rules.organisation, away):
            mine[person.id].append(_Shown(row, step))
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
    room: _Room, person: Staff, mine: Sequence[_Shown], open_count: int, down: tuple[datetime, datetime] | None
) -> Digest:
    told = room.store.told_steps(person.id)
    return Digest(
        person=person,
        day=room.day,
        data_as_of=room.data_as_of([one.row for one in mine]),
        lines=tuple(_line(room, one.row, person, one.step, is_new=one.told not in told | {None}) for one in mine),
        open_count=open_count,
        is_sample=room.rules.organisation.is_sample,
        down_from=down[0] if down else None,
        down_to=down[1] if down else None,
    )


def _queue_digest(room: _Room, digest: Digest, mine: Sequence[_Shown]) -> bool:
    """The message, and with it that its steps have been told; a step with mail of its own is counted there."""
    rendered = room.documents.digest(digest, room.rules.organisation.agency)
    message = _message(room, MessageKind.DIGEST, digest.person, f"{digest.day}", rendered)
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


def _line(room: _Room, one: DigestRow, person: Staff, step: Step | None, *, is_new: bool) -> DigestLine:
    """A dossier as this person may see it: the applicant only for those who hold it (practice C24)."""
    holds = person.role in (Role.OFFICER, Role.DESK)
    officer = room.rules.organisation.staff.get(one.officer or "")
    return DigestLine(
        code=one.code,
        step=step,
        status=one.status,
        procedure=one.procedure_name or "",
        applicant=short_applicant(one.person) if holds else None,
        officer=officer.name if officer and officer.id != person.id else None,
        ground=one.ground,
        due_on=one.due_on,
        promised_on=one.promised_on,
        law_due_on=one.law_due_on,
        apology_by_on=one.apology_by_on,
        working_days_left=room.rules.calendar.clock.working_days_between(room.day, one.due_on) if one.due_on else None,
        provisional=Flag.PROVISIONAL in one.flags,
        is_new=is_new,
    )


def _message(room: _Room, kind: MessageKind, person: Staff, key: str, rendered: Rendered) -> OutboxMessage:
    """A message with everything that a retry must not change: Message-ID, Date and bytes.

    A digest leaves at once; other mail waits for the recipient's next working slot.
    """
    message_id = make_message_id(kind, person.id, key, room.postmark.domain)
    clock, now = room.rules.calendar.clock, room.now
    return OutboxMessage(
        kind=kind,
        person=person.id,
        key=key,
        day=room.day,
        to_address=person.email,
        subject=rendered.subject,
        message_id=message_id,
        dated_at=now,
        next_attempt_at=now if kind is MessageKind.DIGEST else clock.add_working_minutes(now, 0),
        content=build_message(
            rendered,
            sender=room.postmark.sender,
            to_name=person.name,
            to_address=person.email,
            message_id=message_id,
            dated_at=now.astimezone(clock.zone),
            reply_to=room.postmark.reply_to or _follow_up_address(room.rules),
        ),
    )


def _follow_up_address(rules: RuleBook) -> str | None:
    """Answers go to the follow-up person at Văn phòng Sở (practice C24)."""
    office = rules.organisation.with_role(Role.OFFICE)
    return office[0].email if office else None
