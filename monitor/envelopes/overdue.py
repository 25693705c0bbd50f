"""The mail about dossiers that were found overdue: one a person and pass."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2b

from monitor.documents import Documents
from monitor.envelopes.room import Holds, Postmark, Room, holds_of, line_of, message_to, would_tell_of
from monitor.go_live import WouldTell
from monitor.ladder import Step
from monitor.notice import OverdueMail
from monitor.organisation import Role, Staff
from monitor.outbox import MessageKind
from monitor.rules import RuleBook
from monitor.status import Flag, Status
from monitor.store import DigestRow, PendingNotice, Store

log = logging.getLogger(__name__)


def compose_overdue(store: Store, rules: RuleBook, documents: Documents, postmark: Postmark, *, now: datetime) -> int:
    """One message for each person who has notices without one, however many dossiers they speak of; answers how many.

    A notice is the decision and was recorded with the state; should the program die before this step, the next pass
    finds the same notices and composes the same message. A message that waits is taken back when a dossier of it is no
    longer overdue, or when its day has gone by without a server to take it: what still holds is then told anew. While
    the newest file of a source is held, whoever is above the officer is not mailed of its dossiers (practice A2).
    """
    room = Room(store, rules, documents, postmark, now)
    store.withdraw_untrue(now=now)
    store.supersede_delayed(room.day, now=now)
    holds = holds_of(store)
    if holds.since:
        officers = [one.id for one in rules.organisation.with_role(Role.OFFICER)]
        store.withdraw_held(holds.since.keys(), officers, now=now)
    pending = store.notices_without_mail(Status.OVERDUE)
    rows = store.dossiers_for_digest([Status.OVERDUE]) if pending else []
    overdue = {one.id: one for one in rows if Flag.BACKLOG not in one.flags}
    by_person = _by_person(rules, [one for one in pending if one.dossier_id in overdue], overdue, holds)
    if rules.go_live.is_trial(rules.organisation, now=now):
        return _compose_overdue_in_trial(room, by_person, overdue)
    staff = rules.organisation.staff
    return sum(_compose_overdue(room, staff[one], notices, overdue) for one, notices in by_person.items())


def _by_person(
    rules: RuleBook, pending: Sequence[PendingNotice], overdue: Mapping[int, DigestRow], holds: Holds
) -> Mapping[str, Sequence[PendingNotice]]:
    """Who may be told of what now; what is kept from somebody waits without a mail."""
    found: dict[str, list[PendingNotice]] = defaultdict(list)
    for one in pending:
        person = rules.organisation.staff.get(one.notice.person)
        if person is None:
            log.warning("no such member of staff", extra={"action": "compose", "person": one.notice.person})
        elif not holds.keep(overdue[one.dossier_id], person):
            found[person.id].append(one)
    return found


def _compose_overdue_in_trial(
    room: Room, by_person: Mapping[str, Sequence[PendingNotice]], overdue: Mapping[int, DigestRow]
) -> int:
    """One message for each who reads in everybody's place; the last one carries the notices, so that all are made."""
    readers = room.rules.go_live.readers(room.rules.organisation)
    every = [one for notices in by_person.values() for one in notices]
    named = {person: [overdue[one.dossier_id] for one in notices] for person, notices in by_person.items()}
    would_tell = would_tell_of(room, named)
    return sum(
        _compose_overdue(room, person, every, overdue, carries=person is readers[-1], would_tell=would_tell)
        for person in readers
    )


def _compose_overdue(
    room: Room,
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
    lines = [line_of(room, row, person, Step.OVERDUE, is_new=True) for row in rows]
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
    # What was taken back unsent leaves its key behind: the same notices told anew on one day need another.
    taken_back = room.store.count_taken_back(MessageKind.OVERDUE, person.id, room.day)
    carried = blake2b(",".join(map(str, [*ids, *[0] * taken_back])).encode(), digest_size=8).hexdigest()
    rendered = room.documents.overdue(mail, room.rules.organisation.agency)
    message = message_to(room, MessageKind.OVERDUE, person, f"{room.day} {carried}", rendered)
    notice_ids = ids if carries else ()
    return room.store.queue_message(message, notice_ids=notice_ids, rules_version=room.rules.version, now=room.now)
