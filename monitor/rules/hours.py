"""hours.toml: when the office works, which counts, and when it receives people, which never does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise

from monitor.rules.cells import Slots, parse_slots
from monitor.rules.problems import Problems
from monitor.rules.sections import Section, read_document
from monitor.time_limit import DayEnd

FILE = "hours.toml"
FIRST_DAY = date(2010, 1, 1)  # before it the clock refuses
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKEND = ("sat", "sun")


@dataclass(frozen=True, slots=True)
class ReceptionHours:
    """When people are received; printed for the citizen, never counted."""

    week: Mapping[int, Slots]  # weekday 0 to 6
    place: str
    valid_from: date | None
    basis: str


@dataclass(frozen=True, slots=True)
class WorkWeek:
    """The working slots of a week, in force from a date on."""

    valid_from: date
    week: Mapping[int, Slots]  # weekday 0 to 6; a weekday that is absent is not worked
    confirmed: bool


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """All weeks, oldest first, and what else hours.toml says."""

    weeks: tuple[WorkWeek, ...]
    reception: tuple[ReceptionHours, ...]
    day_end: DayEnd

    @property
    def confirmed(self) -> bool:
        """Whether an official text stands behind every week; until then limits in hours are provisional."""
        return all(week.confirmed for week in self.weeks)

    def week_on(self, on: date) -> WorkWeek:
        """The week in force on a date from FIRST_DAY on."""
        return next(week for week in reversed(self.weeks) if week.valid_from <= on)


def read_hours(files: Mapping[str, bytes], problems: Problems) -> OfficeHours | None:
    """The office hours, for the calendar to be held against; None when the working week is not known."""
    document = read_document(files, FILE, problems)
    if document is None:
        return None
    before = len(problems)
    weeks = tuple(_weeks([_Entry(section) for section in document.sections("work")]))
    if weeks[0].valid_from > FIRST_DAY if weeks else not document.values.get("work"):
        document.refuse("work", "no [[work]] holds from the beginning: leave valid_from out of the oldest one")
    are_weeks_known = len(problems) == before
    reception = tuple(_Entry(section).reception() for section in document.sections("reception"))
    day_end = _day_end(document.section("options"))
    document.close()
    return OfficeHours(weeks, reception, day_end) if are_weeks_known else None


class _Entry:
    """One [[work]] or [[reception]] of the file."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.valid_from = section.day("valid_from")
        self.days = [WEEKDAYS.index(day) for day in self._days()]
        self.slots = self._slots()
        self.basis = section.need_text("basis")
        self.confirmed = section.name == "work" and section.flag("confirmed")
        self.place = section.text("place") if section.name == "reception" else ""
        if section.name == "work":
            self._refuse_weekend()
        section.close()

    def _days(self) -> list[str]:
        written = self.section.texts("days")
        unknown = [day for day in written if day not in WEEKDAYS]
        if not written or unknown or len(set(written)) < len(written):
            self.section.refuse("days", f"days are {list(written)}: write each once, of {', '.join(WEEKDAYS)}")
        return [day for day in written if day in WEEKDAYS]

    def _slots(self) -> Slots:
        written = self.section.texts("slots")
        if not written:
            self.section.refuse("slots", 'slots are missing: write for example ["07:30-11:30", "13:30-17:00"]')
        found = self.section.parsed("slots", parse_slots)
        joined = tuple(slot for slots in found for slot in slots)
        if any(after[0] < before[1] for before, after in pairwise(joined)):
            self.section.refuse("slots", "slots overlap or are out of order: write them one after another")
        return joined

    def _refuse_weekend(self) -> None:
        """Reception on a Saturday, entered as work, would move every due date."""
        weekend = [WEEKDAYS[day] for day in self.days if WEEKDAYS[day] in WEEKEND]
        if weekend and not self.section.flag("counts_as_working_day"):
            self.section.refuse(
                "days",
                f"work on {', '.join(weekend)} would move every due date: hours of reception belong in [[reception]]; "
                "if an official text makes it a working day, write counts_as_working_day = true and that text as basis",
            )
        self.section.has("counts_as_working_day")

    def week(self) -> dict[int, Slots]:
        return dict.fromkeys(self.days, self.slots)

    def reception(self) -> ReceptionHours:
        return ReceptionHours(self.week(), self.place, self.valid_from, self.basis)


def _weeks(entries: list[_Entry]) -> list[WorkWeek]:
    """Entries with the same valid_from are one week, such as a shorter Friday."""
    weeks = []
    ordered = sorted(entries, key=lambda entry: entry.valid_from or FIRST_DAY)
    for valid_from, together in groupby(ordered, key=lambda entry: entry.valid_from or FIRST_DAY):
        week: dict[int, Slots] = {}
        confirmed = True
        for entry in together:
            for day in sorted(week.keys() & entry.days):
                entry.section.refuse("days", f"{WEEKDAYS[day]} has other hours from the same date: keep one of the two")
            week |= entry.week()
            confirmed = confirmed and entry.confirmed
        weeks.append(WorkWeek(valid_from, week, confirmed))
    return weeks


def _day_end(options: Section | None) -> DayEnd:
    """At which time of day a limit in days ends; closing time unless the options say otherwise."""
    if options is None:
        return DayEnd.CLOSING_TIME
    day_end = options.choice("day_end", DayEnd)
    options.need_text("basis")
    options.close()
    return day_end or DayEnd.CLOSING_TIME
