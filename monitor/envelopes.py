"""What is to be said becomes messages: one a person, recorded before it is sent, and sent until it is taken."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b

from monitor.delivery import AUTH, TLS, Carrier
from monitor.documents import Documents, Rendered, build_message, make_message_id
from monitor.ladder import Delivery, Step
from monitor.notice import STEP_OF_STATUS, Digest, DigestLine, Holders, Notice, OverdueMail, recipients, short_applicant
from monitor.organisation import Role, Staff
from monitor.outbox import (
    Attempt,
    MessageKind,
    OutboxMessage,
    OutboxState,
    Outcome,
    RetryPolicy,
    next_attempt_at,
    state_after,
)
from monitor.rules import RuleBook
from monitor.status import Flag, Status
from monitor.store import Claimed, DigestRow, Filter, PendingNotice, Store, ToldNow, ToldStep

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)  # so long after a daemon's death another one may send its message
PASSWORD_REFUSED = "password_refused_until"  # noqa: S105 - the name of a fact, not a password
AUTH_WAIT = timedelta(minutes=15)  # a refused password is not tried more often, so that no account is locked
_NO_SERVER = (AUTH, TLS, "connect")  # the same for every message: another one would only wait for it again
# Statuses that a digest shows beside the steps of the ladder, and the roles that can do something about them.
_BESIDE_THE_LADDER = {
    Status.POSSIBLY_FINISHED: (Role.OFFICER, Role.HEAD),
    Status.UNKNOWN: (Role.DESK,),
    Status.MISSING_FROM_SOURCE: (Role.DESK, Role.OFFICER),
}
_TOLD_EVEN_WHEN_EMPTY = (Role.DESK, Role.OFFICE, Role.IT)
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
    overdue = {one.id: one for one in store.dossiers_for_digest([Status.OVERDUE])} if by_person else {}
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


def _compose_overdue(
    room: _Room, person: Staff, notices: Sequence[PendingNotice], overdue: Mapping[int, DigestRow]
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
    )
    ids = sorted(one.id for one in notices)
    carried = blake2b(",".join(map(str, ids)).encode(), digest_size=8).hexdigest()
    rendered = room.documents.overdue(mail, room.rules.organisation.agency)
    message = _message(room, MessageKind.OVERDUE, person, f"{room.day} {carried}", rendered)
    return room.store.queue_message(message, notice_ids=ids, rules_version=room.rules.version, now=room.now)


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
    """
    room = _Room(store, rules, documents, postmark, now)
    if store.get_meta(DIGESTS_OF) == room.day.isoformat():
        return 0
    store.supersede_digests(room.day, now=now)
    mine = _shown_to(store.dossiers_for_digest(IN_DIGEST), rules)
    open_counts = _open_counts(store, rules)
    composed = 0
    for person in rules.organisation.staff.values():
        if person.id in mine or person.role in _TOLD_EVEN_WHEN_EMPTY:
            digest = _digest(room, person, mine[person.id], open_counts[person.id], down)
            composed += _queue_digest(room, digest, mine[person.id])
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


def _shown_to(rows: Sequence[DigestRow], rules: RuleBook) -> Mapping[str, list[_Shown]]:
    """Under each person's id what their digest shows."""
    of_division = Counter((row.division, row.status) for row in rows)
    mine: dict[str, list[_Shown]] = defaultdict(list)
    for row in rows:
        step = STEP_OF_STATUS.get(row.status)
        roles = _roles(row.status, step, of_division[row.division, row.status], rules)
        for person in recipients(roles, _holders(row, rules), rules.organisation):
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
        ground="",
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


async def deliver_due(
    store: Store,
    carrier: Carrier,
    postmark: Postmark,
    *,
    worker: str,
    clock: Callable[[], datetime],
    policy: RetryPolicy | None = None,
    lease: timedelta = LEASE,
    stopping: Callable[[], bool] = lambda: False,
) -> list[OutboxMessage]:
    """Send every message whose moment has come, one at a time, and record how each attempt ended.

    A message is claimed with a lease and a token before the attempt and marked after the server's answer, so that a
    crash in between costs at most one identical copy and never a message. A server that refuses our password, or
    cannot be trusted, is left alone for a quarter of an hour: many wrong answers may lock the account. When `stopping`
    says so, no further message is begun.
    """
    attempted: list[OutboxMessage] = []
    if _is_held(store, clock()):
        return attempted
    async with carrier:
        while not stopping() and (claimed := store.claim_message(worker, now=clock(), lease=lease)) is not None:
            delivery = carrier.deliver(claimed.message.to_address, claimed.message.content, postmark.sender)
            attempt = await _while_leased(delivery, store, claimed, clock, lease)
            attempted.append(_record_attempt(store, claimed, attempt, policy or RetryPolicy(), now=clock()))
            if _phase(attempt) in (AUTH, TLS):
                store.set_meta(PASSWORD_REFUSED, (clock() + AUTH_WAIT).isoformat(), now=clock())
                log.error("mail is held for 15 minutes: %s", attempt.detail, extra={"action": "deliver"})
            if _phase(attempt) in _NO_SERVER:
                break
    return attempted


def _is_held(store: Store, now: datetime) -> bool:
    """Whether the server turned us down a short while ago; the database remembers it, so a restart changes nothing."""
    until = store.get_meta(PASSWORD_REFUSED)
    return until is not None and now < datetime.fromisoformat(until)


def _phase(attempt: Attempt) -> str | None:
    """The phase in which an attempt failed for now."""
    return attempt.detail.partition(":")[0] if attempt.outcome is Outcome.TEMPORARY else None


async def _while_leased(
    delivery: Awaitable[Attempt], store: Store, claimed: Claimed, clock: Callable[[], datetime], lease: timedelta
) -> Attempt:
    """The attempt, with its lease kept alive: a server may take ten minutes to answer, a dead daemon must not."""
    attempt = asyncio.ensure_future(delivery)
    while True:
        done, _ = await asyncio.wait({attempt}, timeout=lease.total_seconds() / 4)
        if done:
            return attempt.result()
        now = clock()
        store.extend_lease(claimed, now + lease, now=now)


def _record_attempt(
    store: Store, claimed: Claimed, attempt: Attempt, policy: RetryPolicy, *, now: datetime
) -> OutboxMessage:
    message = claimed.message
    state = state_after(message, attempt, now=now, policy=policy)
    again_at = next_attempt_at(message.attempts + 1, now, policy) if state is OutboxState.PENDING else None
    store.finish_attempt(claimed, attempt, state, next_attempt_at=again_at, now=now)
    log.info(
        "message attempted",
        extra={
            "action": "deliver",
            "message_id": message.message_id,
            "outcome": attempt.outcome,
            "attempt": message.attempts + 1,
            "detail": attempt.detail,
        },
    )
    return replace(message, state=state, attempts=message.attempts + 1, last_detail=attempt.detail)
