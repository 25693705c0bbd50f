"""What makes a dossier odd: each twist takes an ordinary sample and changes what its scenario is about."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from monitor.dossier import Moment
from monitor.organisation import fold_name
from monitor.record import Record, SupplementRecord
from monitor.samples.plan import Plan, Twist
from monitor.samples.sample import DateStyle, Sample

FAR_BACK = timedelta(days=75)
TEN_YEARS = 10
LONG_WAIT_WORKING_DAYS = 17
FAR_PROMISE_WORKING_DAYS = 35
NUMBERS_OF_MONTHS = 12


def told(sample: Sample) -> Record:
    """The record of a sample that has one, as every sample has before its twist."""
    assert sample.record is not None
    return sample.record


def changed(sample: Sample, **changes: Any) -> Sample:
    """The sample with other facts."""
    return replace(sample, record=replace(told(sample), **changes))


def written(sample: Sample, *, dates: DateStyle | None = None, **cells: str) -> Sample:
    """The sample with other words in some cells."""
    writing = replace(sample.writing, cells={**sample.writing.cells, **cells}, dates=dates or sample.writing.dates)
    return replace(sample, writing=writing)


def broken(sample: Sample, **cells: str) -> Sample:
    """The sample with a cell for which its row has to be refused."""
    return replace(written(sample, dates=DateStyle.TEXT, **cells), is_readable=False)


# What lists show: oddities of dates, names and words.


def not_received(sample: Sample, plan: Plan) -> Sample:
    """Sent in online in the evening, by nobody received yet."""
    record = told(sample)
    assert record.submitted_at is not None
    evening = plan.clock(plan.morning.last_on, 19, plan.chance.randint(0, 59))
    on_the_portal = plan.working(plan.after(plan.morning.last_on, -plan.chance.randint(0, 2)))
    submitted = evening if evening.at < plan.known_until else on_the_portal
    return changed(sample, submitted_at=submitted, received_at=None, appointment_at=None)


def on_day_off(sample: Sample, plan: Plan) -> Sample:
    """Received on a day on which the office is closed; that day is day zero like any other."""
    day_off = plan.morning.days.day_off_before(plan.morning.as_of)
    at = plan.clock(day_off, plan.chance.randint(8, 20), plan.chance.randint(0, 59))
    return changed(sample, received_at=at, submitted_at=at, appointment_at=plan.closing(plan.due_again(day_off)))


def promised_on_day_off(sample: Sample, plan: Plan) -> Sample:
    """The source's own calendar does not know the next day off, so the slip names that day."""
    return changed(sample, appointment_at=plan.clock(plan.morning.days.day_off_after(plan.morning.as_of), 17, 0))


def promised_before_receipt(sample: Sample, plan: Plan) -> Sample:
    """A slip of the pen."""
    return changed(sample, appointment_at=plan.closing(plan.after(plan.offer.received_on, -4)))


def finished_before_receipt(sample: Sample, plan: Plan) -> Sample:
    """Entered afterwards, with a wrong day."""
    return changed(sample, finished_at=plan.working(plan.after(plan.offer.received_on, -2)))


def received_tomorrow(sample: Sample, plan: Plan) -> Sample:
    """A receipt that lies ahead: the clock of the machine that wrote it is wrong."""
    tomorrow = plan.after(plan.morning.as_of, 1)
    return changed(
        replace(sample, is_new=True),
        received_at=plan.clock(tomorrow, 8, 30),
        appointment_at=plan.closing(plan.due_again(tomorrow)),
    )


def old_code(sample: Sample, plan: Plan) -> Sample:
    """A code made long before the receipt."""
    return changed(sample, code=f"{told(sample).code}-{plan.offer.received_on - FAR_BACK:%y%m%d}")


def years_ahead(sample: Sample, _plan: Plan) -> Sample:
    """An appointment in a year that no calendar covers, where no limit is known that would put it right."""
    appointment = told(sample).appointment_at
    assert appointment is not None
    far = appointment.at.replace(year=appointment.at.year + TEN_YEARS, day=min(appointment.at.day, 28))
    return changed(sample, appointment_at=Moment(far))


def without_date(sample: Sample, _plan: Plan) -> Sample:
    """Neither appointment nor known limit."""
    return changed(sample, appointment_at=None)


def promised_far(sample: Sample, plan: Plan) -> Sample:
    """A promise weeks ahead: late in the year it lies in the next one, whose calendar is provisional."""
    return changed(sample, appointment_at=plan.closing(plan.after(plan.morning.as_of, FAR_PROMISE_WORKING_DAYS)))


def unreceived(sample: Sample, _plan: Plan) -> Sample:
    """In work without a date of receipt: the promise alone can be watched."""
    return changed(sample, received_at=None)


def unknown_word(sample: Sample, plan: Plan) -> Sample:
    """A status that the provincial system brought in without telling anybody."""
    word = plan.chance.choice(("Chờ ký số liên thông", "Đang luân chuyển liên ngành"))
    return changed(replace(sample, writing=replace(sample.writing, status=word)), status=None, status_text=word)


def unknown_procedure(sample: Sample, plan: Plan) -> Sample:
    """A name that the catalogue does not have."""
    name = plan.chance.choice(
        (
            "Đăng ký thành lập doanh nghiệp (quy trình liên thông thử nghiệm)",
            "Cấp bản sao văn bản từ sổ gốc của Sở",
        )
    )
    return changed(sample, procedure_name=name)


def homonym(sample: Sample, plan: Plan) -> Sample:
    """An officer's name that fits two people."""
    names = [person.name for person in plan.morning.organisation.staff.values()]
    twice = [name for name in names if len(plan.morning.organisation.people_named(name)) > 1]
    return changed(sample, handling_officer=twice[0]) if twice else sample


def stranger(sample: Sample, _plan: Plan) -> Sample:
    """An officer whom the organisation does not know."""
    return changed(sample, handling_officer="Tô Lan Hương (biệt phái)")


def in_an_alias(sample: Sample, plan: Plan) -> Sample:
    """An officer and a unit under another of their names, the officer's in capitals."""
    people = [one for one in plan.morning.organisation.staff.values() if one.aliases and one.name]
    known = plan.morning.organisation.people_named(told(sample).handling_officer)
    person = next((one for one in known if one.aliases), people[0] if people else None)
    unit = plan.morning.organisation.division_named(told(sample).handling_unit)
    return changed(
        sample,
        handling_officer=person.aliases[0].upper() if person else told(sample).handling_officer,
        handling_unit=unit.aliases[0] if unit and unit.aliases else told(sample).handling_unit,
    )


def namesakes(name: str) -> Twist:
    """Two applicants with one name."""

    def twist(sample: Sample, _plan: Plan) -> Sample:
        return changed(sample, person=replace(told(sample).person, applicant=name, submitter=name))

    return twist


# What only the comparison with the list of the afternoon before shows.


def vanished(sample: Sample, _plan: Plan) -> Sample:
    """In the list of the afternoon before, not in this morning's."""
    return replace(sample, earlier=sample.record, record=None)


def moved(sample: Sample, plan: Plan) -> Sample:
    """A later appointment overnight, and nobody said why."""
    later = changed(sample, appointment_at=plan.closing(plan.after(plan.due_on, 5)))
    return replace(later, earlier=sample.record)


def blanked(sample: Sample, _plan: Plan) -> Sample:
    """An appointment that the source had and lost."""
    return replace(changed(sample, appointment_at=None), earlier=sample.record)


def handed_over(sample: Sample, plan: Plan) -> Sample:
    """Another officer of the same division since this morning."""
    record = told(sample)
    now_with = fold_name(record.handling_officer or "")
    unit = plan.morning.organisation.division_named(record.handling_unit)
    others = [
        person.name
        for person in plan.morning.organisation.staff.values()
        if unit and person.division == unit.id and fold_name(person.name) != now_with
    ]
    return replace(changed(sample, handling_officer=plan.chance.choice(others)), earlier=record) if others else sample


# What only the portal tells: supplements, refusals, ends without a date.


def _asked(plan: Plan, key: int, asked_on: date, answered_on: date | None = None) -> SupplementRecord:
    return SupplementRecord(
        key=str(key),
        asked_at=plan.working(asked_on),
        answered_at=plan.working(answered_on) if answered_on else None,
        old_appointment_at=plan.closing(plan.due_again(plan.offer.received_on)),
        new_appointment_at=plan.closing(plan.due_again(answered_on)) if answered_on else None,
    )


def waiting(sample: Sample, plan: Plan) -> Sample:
    """A lawful request for papers, not answered yet."""
    return changed(sample, supplements=(_asked(plan, 1, plan.after(plan.offer.received_on, 1)),))


def waiting_too_long(sample: Sample, plan: Plan) -> Sample:
    """A request that was not answered within fifteen days, so that the dossier is to be closed."""
    received_on = plan.after(plan.morning.as_of, -LONG_WAIT_WORKING_DAYS)
    return changed(
        sample,
        submitted_at=plan.clock(received_on, 7, 40),
        received_at=plan.clock(received_on, 9, 12),
        appointment_at=plan.closing(plan.due_again(received_on)),
        supplements=(
            replace(
                _asked(plan, 1, plan.after(received_on, 1)),
                old_appointment_at=plan.closing(plan.due_again(received_on)),
            ),
        ),
    )


def supplemented(sample: Sample, plan: Plan) -> Sample:
    """Asked and answered: the limit counts again from zero, and the appointment was made anew."""
    answered_on = plan.offer.received_on
    asked_on, received_on = plan.after(answered_on, -2), plan.after(answered_on, -3)
    supplement = replace(
        _asked(plan, 1, asked_on, answered_on), old_appointment_at=plan.closing(plan.due_again(received_on))
    )
    return changed(
        sample,
        submitted_at=plan.clock(received_on, 7, 36),
        received_at=plan.clock(received_on, 8, plan.chance.randint(0, 59)),
        appointment_at=supplement.new_appointment_at,
        supplements=(supplement,),
    )


def asked_twice(sample: Sample, plan: Plan) -> Sample:
    """A second request, which moves no date."""
    first = told(supplemented(sample, plan))
    second = _asked(plan, 2, plan.after(plan.offer.received_on, 1))
    return replace(
        sample,
        record=replace(
            first,
            supplements=(*first.supplements, replace(second, old_appointment_at=first.appointment_at)),
        ),
    )


def asked_late(sample: Sample, plan: Plan) -> Sample:
    """Papers asked for after the due date, which moves no date either."""
    return changed(sample, supplements=(_asked(plan, 1, plan.after(plan.due_on, 1)),))


def promised_later_than_law(sample: Sample, plan: Plan) -> Sample:
    """The slip gives more time than the limit."""
    return changed(sample, appointment_at=plan.closing(plan.after(plan.due_on, 5)))


def refused(sample: Sample, plan: Plan) -> Sample:
    """Refused in writing, with a date."""
    return changed(sample, refused_at=plan.working(plan.after(plan.offer.received_on, 1)))


def collected(sample: Sample, plan: Plan) -> Sample:
    """Handed to the applicant, though nobody wrote when it was finished."""
    return changed(sample, returned_at=plan.working(plan.after(plan.due_on, 0)))


def with_paper(sample: Sample, _plan: Plan) -> Sample:
    """The result lies there while the status still says that it is being worked on."""
    return changed(sample, has_result_paper=True)


def odd_procedure_code(sample: Sample, _plan: Plan) -> Sample:
    """A code with a space in front, as the national list itself has them."""
    return written(sample, procedure_code=f" {told(sample).procedure_code}.H37")


# Rows that have to be refused, each for a cause of its own.


def no_code(sample: Sample, _plan: Plan) -> Sample:
    """A dossier without its code."""
    return broken(sample, code="")


def month_first(sample: Sample, plan: Plan) -> Sample:
    """An appointment that can only be MM/dd/yyyy, which is never guessed."""
    on = plan.due_on
    while on.day <= NUMBERS_OF_MONTHS:
        on = plan.after(on, 1)
    return broken(sample, appointment_at=f"{on:%m/%d/%Y}")


def unreadable(sample: Sample, plan: Plan) -> Sample:
    """A date that no calendar has."""
    return broken(sample, received_at=f"32/13/{plan.morning.as_of.year}")


def words_for_a_date(sample: Sample, _plan: Plan) -> Sample:
    """Words where a date should stand."""
    return broken(sample, appointment_at="chờ hẹn lại sau")


def old_font(sample: Sample, _plan: Plan) -> Sample:
    """An applicant typed in a font of the nineties (TCVN3)."""
    return broken(sample, applicant="C«ng ty TNHH H¹t DÎ Ngµn Sao")


def said_twice(sample: Sample, _plan: Plan) -> Sample:
    """One of two rows with one code and different appointments; which is right nobody can say."""
    return replace(sample, is_readable=False)
