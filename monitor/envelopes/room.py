"""Where mail is written: what every message is made with, and how it is addressed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from monitor.documents import Documents, Rendered, build_message, make_message_id
from monitor.doubts import held_sources
from monitor.go_live import WouldTell
from monitor.ladder import Step
from monitor.notice import DigestLine, HeldSource, short_applicant
from monitor.organisation import Role, Staff
from monitor.outbox import MessageKind, OutboxMessage
from monitor.rules import RuleBook
from monitor.status import Flag
from monitor.store import DigestRow, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmark:
    """What every message of a site carries."""

    sender: str
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        """The right side of the sender's address, for Message-IDs."""
        return self.sender.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Room:
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


@dataclass(frozen=True, slots=True)
class Holds:
    """The sources whose newest file waits for a person, and since when.

    Until it is settled only the officers are told of their dossiers (practice A2).
    """

    since: Mapping[str, datetime]

    def keep(self, row: DigestRow, person: Staff) -> bool:
        """Whether a dossier is kept from somebody for now."""
        return row.source in self.since and person.role is not Role.OFFICER and person.id != row.officer

    def told(self, sources: frozenset[str]) -> tuple[HeldSource, ...]:
        """What is said of these sources in place of their dossiers."""
        return tuple(HeldSource(source=name, since=at) for name, at in self.since.items() if name in sources)


def holds_of(store: Store) -> Holds:
    """Which sources are held now."""
    held = held_sources(store)
    newest = store.newest_imports() if held else {}
    return Holds({name: newest[name].recorded_at for name in sorted(held & newest.keys())})


def would_tell_of(room: Room, named: Mapping[str, Sequence[DigestRow]]) -> tuple[WouldTell, ...]:
    """Who would be mailed of which dossiers, were it no trial; those who are mailed are not among them."""
    organisation = room.rules.organisation
    readers = room.rules.go_live.readers(organisation)
    return tuple(
        WouldTell(name=one.name, title=one.title, codes=tuple(dict.fromkeys(row.code for row in named[one.id])))
        for one in organisation.staff.values()
        if named.get(one.id) and one not in readers
    )


def line_of(room: Room, one: DigestRow, person: Staff, step: Step | None, *, is_new: bool) -> DigestLine:
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


def message_to(room: Room, kind: MessageKind, person: Staff, key: str, rendered: Rendered) -> OutboxMessage:
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
