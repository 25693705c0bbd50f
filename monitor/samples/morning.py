"""From the table of scenarios to the dossiers of one morning; the same seed and day always make the same ones."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from monitor.dossier import Channel, Moment, SourceStatus
from monitor.organisation import Division, Organisation, Role, Staff
from monitor.record import ApplicantKind, Person, Record
from monitor.rules import RuleBook
from monitor.samples.invention import Invention, happens
from monitor.samples.offers import Offers
from monitor.samples.plan import Finish, Morning, Plan, Scenario
from monitor.samples.sample import DateStyle, Sample, Samples, Sheet, Writing
from monitor.samples.scenarios import SCENARIOS
from monitor.samples.working_days import WorkingDays
from monitor.working_time import LOCAL_ZONE

SEED = 118
EXPORTED = time(7, 5)
EARLIER = time(16, 55)
CODE_PREFIX = "MẪU-H37.12"
OLD_CODE_PREFIX = "MẪU-000.00.12.H37"

WORDS = {
    SourceStatus.REGISTERED: ("Mới đăng ký", "Chờ tiếp nhận"),
    SourceStatus.RECEIVED: ("Được tiếp nhận", "Đã tiếp nhận"),
    SourceStatus.NOT_ACCEPTED: ("Không được tiếp nhận", "Từ chối"),
    SourceStatus.PROCESSING: ("Đang xử lý", "Đang xử lý", "Đang giải quyết"),
    SourceStatus.SUPPLEMENT_ASKED: ("Yêu cầu bổ sung", "Chờ bổ sung"),
    SourceStatus.WITHDRAWN: ("Rút hồ sơ", "Công dân rút"),
    SourceStatus.FINISHED: ("Đã xử lý xong", "Đã có kết quả", "Chờ trả kết quả"),
    SourceStatus.RETURNED: ("Đã trả kết quả", "Đã trả kết quả", "Đã trả"),
}
NEVER = Moment(datetime.max.replace(tzinfo=LOCAL_ZONE))
_MOMENTS = ("submitted_at", "received_at", "appointment_at", "finished_at")


def make_samples(rules: RuleBook, *, as_of: date, seed: int = SEED) -> Samples:
    """The invented dossiers as the sources show them at 07:05 of `as_of`, a working day; pure.

    The portal and the overdue list were exported at 16:55 of the working day before, the follow-up list then and now.
    """
    morning = _morning(rules, as_of)
    made = [sample for scenario in SCENARIOS for sample in _made(scenario, morning, seed)]
    numbered = _numbered(made)
    lists = {sheet: tuple(one for one in numbered if one.sheet is sheet) for sheet in Sheet}
    return Samples(
        as_of=as_of,
        exported_at=morning.exported_at,
        earlier_at=morning.earlier_at,
        agency=rules.organisation.agency.name,
        follow_up=lists[Sheet.FOLLOW_UP],
        overdue=lists[Sheet.OVERDUE],
        portal=lists[Sheet.PORTAL],
    )


def _morning(rules: RuleBook, as_of: date) -> Morning:
    days = WorkingDays.around(as_of, rules.calendar.clock)
    zone, organisation = rules.calendar.clock.zone, rules.organisation
    desk = next((organisation.divisions.get(person.division) for person in organisation.with_role(Role.DESK)), None)
    return Morning(
        as_of=as_of,
        exported_at=datetime.combine(as_of, EXPORTED, zone),
        earlier_at=datetime.combine(days.after(as_of, -1), EARLIER, zone),
        organisation=organisation,
        desk=desk,
        days=days,
        offers=Offers(rules, days),
    )


def _made(scenario: Scenario, morning: Morning, seed: int) -> Iterator[Sample]:
    """The dossiers of a scenario, from a stream of chance of its own: other rows of the table change nothing here."""
    chance = Random(f"{seed} {morning.as_of} {scenario.name}")  # noqa: S311 - to be repeated, not to be secret
    for _ in range(scenario.count):
        due_on = morning.days.after(morning.as_of, chance.randint(*scenario.due))
        if scenario.due == (0, 0):
            due_on = morning.as_of
        offer = morning.offers.draw(chance, due_on, scenario.limits, before=morning.as_of, must_bind=scenario.must_bind)
        plan = Plan(
            scenario=scenario,
            morning=morning,
            offer=offer,
            due_on=due_on,
            chance=chance,
            invention=Invention(chance),
        )
        sample = _ordinary(plan)
        twisted = _listed_before(scenario.twist(sample, plan) if scenario.twist else sample, plan)
        yield _in_days(twisted) if twisted.writing.dates is DateStyle.DAY else twisted


def _ordinary(plan: Plan) -> Sample:
    """A dossier with nothing odd about it, in the state that its scenario names."""
    record = replace(_received(plan), person=_person(plan))
    assert record.received_at is not None
    finished, returned = _ends(plan, record.received_at)
    status = plan.scenario.status
    if status is SourceStatus.RETURNED and finished is not None and returned is None:
        status = SourceStatus.FINISHED
    tells_return = plan.scenario.sheet is Sheet.PORTAL
    return Sample(
        scenario=plan.scenario.name,
        sheet=plan.scenario.sheet,
        record=replace(record, status=status, finished_at=finished, returned_at=returned if tells_return else None),
        writing=_writing(plan, plan.chance.choice(WORDS.get(status, ("",)))),
    )


def _received(plan: Plan) -> Record:
    """What the desk wrote down when the dossier came in."""
    procedure, chance = plan.offer.procedure, plan.chance
    received = plan.working(plan.offer.received_on)
    channel = chance.choices((Channel.ONLINE, Channel.IN_PERSON, Channel.POST), (85, 13, 2))[0]
    is_portal = plan.scenario.sheet is Sheet.PORTAL
    unit, desk = plan.morning.organisation.division_named(procedure.division), plan.morning.desk
    return Record(
        code=OLD_CODE_PREFIX if happens(chance, 4) else CODE_PREFIX,  # day and number come at the end
        procedure_code=procedure.code if is_portal else None,
        procedure_name=chance.choice((procedure.name, procedure.name, *procedure.aliases)),
        field_name=procedure.field or None,
        channel=channel if is_portal else None,
        submitted_at=_submitted(plan, received, channel),
        received_at=received,
        appointment_at=plan.closing(plan.due_on),
        receiving_unit=chance.choice((desk.name, *desk.aliases)) if desk else None,
        handling_unit=unit.name if unit else procedure.division or None,
        handling_officer=_officer(plan, unit),
    )


def _writing(plan: Plan, word: str) -> Writing:
    dates = plan.chance.choices(tuple(DateStyle), (62, 34, 4))[0]
    if plan.scenario.sheet is not Sheet.FOLLOW_UP and dates is DateStyle.DAY:
        dates = DateStyle.TEXT
    return Writing(dates=dates, is_decomposed=happens(plan.chance, 5), status=word)


def _in_days(sample: Sample) -> Sample:
    """The same dossier known by days only."""
    return replace(sample, record=_cut(sample.record), earlier=_cut(sample.earlier))


def _cut(record: Record | None) -> Record | None:
    if record is None:
        return None
    known = {name: moment for name in _MOMENTS if (moment := getattr(record, name)) is not None}
    days: dict[str, Any] = {
        name: Moment(moment.at.replace(hour=0, minute=0), has_time=False) for name, moment in known.items()
    }
    return replace(record, **days)


def _submitted(plan: Plan, received: Moment, channel: Channel) -> Moment:
    """Handed in at the desk just then; online some hours before, often in the evening."""
    if channel is not Channel.ONLINE:
        return received
    return plan.whole(received.at - timedelta(minutes=plan.chance.choice((12, 25, 48, 95, 180, 760, 905))))


def _ends(plan: Plan, received: Moment) -> tuple[Moment | None, Moment | None]:
    """When it was finished and handed to the applicant, as far as its export knows."""
    finished = _finished(plan, received)
    if finished is None:
        return None, None
    returned = plan.working(plan.after(finished.on, plan.chance.choice((0, 1, 1, 2))))
    return finished, returned if finished.at < returned.at <= plan.known_until else None


def _finished(plan: Plan, received: Moment) -> Moment | None:
    finish, last_on = plan.scenario.finish, plan.morning.last_on
    if finish is Finish.NOT:
        return None
    if finish is Finish.ON_TIME:
        on = plan.due_on
    elif finish is Finish.LATE:
        on = plan.after(plan.due_on, plan.chance.choice((1, 1, 1, 2, 2, 4)))
    else:
        between = plan.morning.days.between(plan.offer.received_on, plan.due_on)
        on = min(plan.after(plan.offer.received_on, plan.chance.randint(1, between - 1)), last_on)
    at = plan.working(on)
    return at if at.at > received.at else plan.whole(received.at + timedelta(minutes=20))


def _officer(plan: Plan, unit: Division | None) -> str | None:
    """One of the division's officers; who shares a name is written with the alias that tells them apart."""
    if unit is None:
        return None
    organisation = plan.morning.organisation
    people = [one for one in organisation.with_role(Role.OFFICER) if one.division == unit.id]
    return _written_name(plan.chance.choice(people), organisation) if people else None


def _written_name(person: Staff, organisation: Organisation) -> str:
    names = (person.name, *person.aliases)
    return next((name for name in names if len(organisation.people_named(name)) == 1), person.name)


def _person(plan: Plan) -> Person:
    """Who applies: for a new company its founder, else the company; and who handed it in."""
    invention, chance, procedure = plan.invention, plan.chance, plan.offer.procedure
    founder, kind = invention.person(), ApplicantKind.BUSINESS
    if "hợp tác xã" in procedure.name and "doanh nghiệp" not in procedure.name:
        applicant = invention.cooperative()
    elif "đầu tư" in procedure.field.casefold():
        applicant = invention.investor()
    elif procedure.name.startswith("Đăng ký thành lập") and happens(chance, 60):
        applicant, kind = founder, ApplicantKind.CITIZEN
    else:
        applicant = invention.company()
    submitter = founder if happens(chance, 70) else f"{invention.person()} (được ủy quyền)"
    person = Person(applicant=applicant, submitter=submitter, address=invention.address())
    if plan.scenario.sheet is Sheet.FOLLOW_UP:
        return person
    if plan.scenario.sheet is Sheet.OVERDUE:
        return replace(person, submitter=None)
    return replace(
        person,
        submitter=None,
        address=None,
        applicant_kind=kind,
        phone=invention.phone(),
        email=invention.email(),
        identity_no=invention.identity_no(),
    )


def _listed_before(sample: Sample, plan: Plan) -> Sample:
    """With what the follow-up list of the afternoon before said, where it could say anything."""
    record = sample.record
    if record is None or sample.earlier is not None or sample.sheet is not Sheet.FOLLOW_UP:
        return sample
    begun = record.received_at or record.submitted_at
    if sample.is_new or not sample.is_readable or begun is None or begun.at > plan.morning.earlier_at:
        return sample
    finished = record.finished_at
    if finished is not None and finished.at > plan.morning.earlier_at:
        record = replace(record, finished_at=None, status=SourceStatus.PROCESSING)
    return replace(sample, earlier=record)


def _numbered(samples: list[Sample]) -> list[Sample]:
    """In the order of receipt, each code with the day on which it was made and the running number of that day."""
    counts: Counter[str] = Counter()
    numbered = []
    for sample in sorted(samples, key=lambda one: _known(one).received_at or _known(one).submitted_at or NEVER):
        day = _code_day(_known(sample))
        counts[day] += 1
        numbered.append(_with_code(sample, f"{day}-{counts[day]:04}"))
    return [one for sample in numbered for one in _twins(sample)]


def _known(sample: Sample) -> Record:
    known = sample.record or sample.earlier
    assert known is not None, "a sample stands in one list at least"
    return known


def _code_day(record: Record) -> str:
    """The middle of a code: the day on which the dossier was handed in, unless a twist has set another."""
    made_at = record.submitted_at or record.received_at
    has_day = record.code not in (CODE_PREFIX, OLD_CODE_PREFIX)
    return record.code.rpartition("-")[2] if has_day or made_at is None else f"{made_at.on:%y%m%d}"


def _with_code(sample: Sample, end: str) -> Sample:
    known = {name: record for name in ("record", "earlier") if (record := getattr(sample, name)) is not None}
    prefix = OLD_CODE_PREFIX if _known(sample).code.startswith(OLD_CODE_PREFIX) else CODE_PREFIX
    changes: dict[str, Any] = {name: replace(record, code=f"{prefix}-{end}") for name, record in known.items()}
    return replace(sample, **changes)


def _twins(sample: Sample) -> tuple[Sample, ...]:
    """One row, or two with the same code and different appointments."""
    record = sample.record
    if sample.scenario != "said_twice" or record is None or record.appointment_at is None:
        return (sample,)
    later = Moment(record.appointment_at.at + timedelta(days=2), record.appointment_at.has_time)
    return sample, replace(sample, record=replace(record, appointment_at=later))
