"""What is to be said becomes messages: one envelope for a person, recorded before it is sent, and sent until it is taken."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from monitor.delivery import AUTH, Carrier
from monitor.documents import Documents, Rendered, build_message, make_message_id
from monitor.ladder import Delivery, Step
from monitor.notice import STEP_OF_STATUS, Digest, DigestLine, Holders, Notice, OverdueMail, recipients, short_applicant
from monitor.organisation import Role, Staff
from monitor.outbox import (
    Attempt,
    MessageKind,
    OutboxMessage,
    OutboxState,
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
    finds the same notices and composes the same message.
    """
    by_person: dict[str, list[PendingNotice]] = defaultdict(list)
    for pending in store.notices_without_mail():
        by_person[pending.notice.person].append(pending)
    overdue = {one.id: one for one in store.dossiers_for_digest([Status.OVERDUE])} if by_person else {}
    composed = 0
    for person_id, notices in by_person.items():
        person = rules.organisation.staff.get(person_id)
        if person is None:
            log.warning("no such member of staff", extra={"action": "compose", "person": person_id})
            continue
        composed += _compose_overdue(person, notices, overdue, store, rules, documents, postmark, now=now)
    return composed


def _compose_overdue(
    person: Staff,
    notices: Sequence[PendingNotice],
    overdue: Mapping[int, DigestRow],
    store: Store,
    rules: RuleBook,
    documents: Documents,
    postmark: Postmark,
    *,
    now: datetime,
) -> bool:
    still = [one for one in notices if one.dossier_id in overdue]
    lines = [_line(overdue[one.dossier_id], person, Step.OVERDUE, rules, is_new=True, now=now) for one in still]
    if not lines:
        return False
    mail = OverdueMail(
        person=person,
        day=_local_day(rules, now),
        data_as_of=min(overdue[one.dossier_id].data_as_of for one in still),
        lines=tuple(sorted(lines, key=lambda line: (line.due_on or date.max, line.code))),
        is_sample=rules.organisation.is_sample,
        occurrence=max(one.notice.occurrence for one in still),
    )
    rendered = documents.overdue(mail, rules.organisation.agency)
    key = str(min(one.id for one in still))
    message = _message(MessageKind.OVERDUE, person, key, rendered, rules, postmark, now=now)
    return store.queue_message(
        message, notice_ids=[one.id for one in still], rules_version=rules.version, now=now
    )


def compose_digests(
    store: Store,
    rules: RuleBook,
    documents: Documents,
    postmark: Postmark,
    *,
    now: datetime,
    down: tuple[datetime, datetime] | None = None,
) -> int:
    """The morning's picture for everybody who is owed one; one a person and day, however often this is called."""
    day = _local_day(rules, now)
    if store.get_meta(DIGESTS_OF) == day.isoformat():
        return 0
    mine: dict[str, list[_Shown]] = defaultdict(list)
    for one in store.dossiers_for_digest(IN_DIGEST):
        for person, step in _readers(one, rules):
            mine[person.id].append(_Shown(one, step))
    open_counts = _open_counts(store, rules)
    composed = 0
    for person in rules.organisation.staff.values():
        if person.id in mine or person.role in _TOLD_EVEN_WHEN_EMPTY:
            digest = _digest(person, mine[person.id], open_counts[person.id], store, rules, down, now=now)
            composed += _queue_digest(digest, mine[person.id], store, rules, documents, postmark, now=now)
    store.set_meta(DIGESTS_OF, day.isoformat(), now=now)
    return composed


@dataclass(frozen=True, slots=True)
class _Shown:
    """A dossier in somebody's digest, and the step for which it is there."""

    row: DigestRow
    step: Step | None


def _open_counts(store: Store, rules: RuleBook) -> Counter[str]:
    """How many open dossiers each officer and head answers for."""
    counts: Counter[str] = Counter()
    for row in store.list_dossiers(Filter(is_open=True)):
        division = rules.organisation.divisions.get(row.division or "")
        counts.update({person for person in (row.officer, division.head if division else None) if person})
    return counts


def digest_is_due(rules: RuleBook, *, now: datetime) -> bool:
    """Whether the morning mail leaves now: a quarter of an hour before the first slot of a working day, until closing."""
    clock = rules.calendar.clock
    local = now.astimezone(clock.zone)
    opening, closing = clock.opening_of(local.date()), clock.closing_of(local.date())
    if opening is None or closing is None:
        return False
    return opening - timedelta(minutes=rules.ladder.digest_minutes_before_work) <= local <= closing


def _readers(one: DigestRow, rules: RuleBook) -> Iterator[tuple[Staff, Step | None]]:
    """Everybody whose digest shows a dossier, and the step that it is in."""
    step = STEP_OF_STATUS.get(one.status)
    rule = rules.ladder.steps.get(step) if step else None
    roles = rule.to if rule else _BESIDE_THE_LADDER.get(one.status, ())
    for person in recipients(roles, _holders(one, rules), rules.organisation):
        yield person, step


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
    person: Staff,
    mine: Sequence[_Shown],
    open_count: int,
    store: Store,
    rules: RuleBook,
    down: tuple[datetime, datetime] | None,
    *,
    now: datetime,
) -> Digest:
    told = store.told_steps(person.id)
    lines = tuple(
        _line(one.row, person, one.step, rules, is_new=_told_step(one) not in told, now=now) for one in mine
    )
    sources = store.sources()
    return Digest(
        person=person,
        day=_local_day(rules, now),
        data_as_of=min((source.data_as_of for source in sources), default=None),
        lines=lines,
        open_count=open_count,
        is_sample=rules.organisation.is_sample,
        down_from=down[0] if down else None,
        down_to=down[1] if down else None,
    )


def _queue_digest(
    digest: Digest,
    mine: Sequence[_Shown],
    store: Store,
    rules: RuleBook,
    documents: Documents,
    postmark: Postmark,
    *,
    now: datetime,
) -> bool:
    rendered = documents.digest(digest, rules.organisation.agency)
    message = _message(MessageKind.DIGEST, digest.person, f"{digest.day}", rendered, rules, postmark, now=now)
    told = [
        ToldNow(
            dossier_id=one.row.id,
            life=one.row.life,
            notice=Notice(step=one.step, due_on=one.row.due_on, occurrence=1, person=digest.person.id),
        )
        for one in mine
        if one.step is not None
        and one.row.due_on is not None
        and rules.ladder.steps[one.step].delivery is Delivery.DIGEST
    ]
    return store.queue_message(message, told_now=told, rules_version=rules.version, now=now)


def _told_step(one: _Shown) -> ToldStep | None:
    if one.step is None or one.row.due_on is None:
        return None
    return ToldStep(dossier_id=one.row.id, life=one.row.life, step=one.step, due_on=one.row.due_on)


def _line(one: DigestRow, person: Staff, step: Step | None, rules: RuleBook, *, is_new: bool, now: datetime) -> DigestLine:
    """A dossier as this person may see it: the applicant only for those who hold it (practice C24)."""
    holds = person.role in (Role.OFFICER, Role.DESK)
    officer = rules.organisation.staff.get(one.officer or "")
    clock = rules.calendar.clock
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
        working_days_left=clock.working_days_between(_local_day(rules, now), one.due_on) if one.due_on else None,
        provisional=Flag.PROVISIONAL in one.flags,
        is_new=is_new,
    )


def _local_day(rules: RuleBook, now: datetime) -> date:
    return now.astimezone(rules.calendar.clock.zone).date()


def _message(
    kind: MessageKind, person: Staff, key: str, rendered: Rendered, rules: RuleBook, postmark: Postmark, *, now: datetime
) -> OutboxMessage:
    """A message with everything that a retry must not change: Message-ID, Date and bytes.

    A digest leaves at once; other mail waits for the recipient's next working slot.
    """
    message_id = make_message_id(kind, person.id, key, postmark.domain)
    clock = rules.calendar.clock
    return OutboxMessage(
        kind=kind,
        person=person.id,
        key=key,
        day=_local_day(rules, now),
        to_address=person.email,
        subject=rendered.subject,
        message_id=message_id,
        dated_at=now,
        next_attempt_at=now if kind is MessageKind.DIGEST else clock.add_working_minutes(now, 0),
        content=build_message(
            rendered,
            sender=postmark.sender,
            to_name=person.name,
            to_address=person.email,
            message_id=message_id,
            dated_at=now.astimezone(clock.zone),
            reply_to=postmark.reply_to or _follow_up_address(rules),
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
) -> list[OutboxMessage]:
    """Send every message whose moment has come, one at a time, and record how each attempt ended.

    A message is claimed with a lease and a token before the attempt and marked after the server's answer, so that a
    crash in between costs at most one identical copy and never a message. A server that refuses the password is left
    alone for a quarter of an hour.
    """
    policy = policy or RetryPolicy()
    attempted: list[OutboxMessage] = []
    held_until = store.get_meta(PASSWORD_REFUSED)
    if held_until is not None and clock() < datetime.fromisoformat(held_until):
        return attempted
    async with carrier:
        while (claimed := store.claim_message(worker, now=clock(), lease=LEASE)) is not None:
            attempt = await _while_leased(
                carrier.deliver(claimed.message.to_address, claimed.message.content, postmark.sender),
                store,
                claimed,
                clock,
            )
            attempted.append(_record_attempt(store, claimed, attempt, policy, now=clock()))
            if attempt.detail.startswith(AUTH):
                store.set_meta(PASSWORD_REFUSED, (clock() + AUTH_WAIT).isoformat(), now=clock())
                log.error("the mail server refuses the login; it is tried again in 15 minutes", extra={"action": "deliver"})
                break
    return attempted


async def _while_leased(
    delivery: Awaitable[Attempt], store: Store, claimed: Claimed, clock: Callable[[], datetime]
) -> Attempt:
    """The attempt, with its lease kept alive: a server may take ten minutes to answer, a dead daemon must not."""
    attempt = asyncio.ensure_future(delivery)
    while True:
        done, _ = await asyncio.wait({attempt}, timeout=LEASE.total_seconds() / 4)
        if done:
            return attempt.result()
        store.extend_lease(claimed, clock() + LEASE, now=clock())


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
            "message": message.message_id,
            "outcome": attempt.outcome,
            "attempt": message.attempts + 1,
            "detail": attempt.detail,
        },
    )
    return replace(message, state=state, attempts=message.attempts + 1, last_detail=attempt.detail)
