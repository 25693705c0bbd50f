"""procedures.csv: the time limits of the catalogue, each with its basis and how well it is known.

Legal basis: the decisions that publish each procedure, named in its row; for supplements Nghị định 118/2025/NĐ-CP,
Điều 11.2.c, 16.3, 19.5, unless sector law differs.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from enum import StrEnum

from monitor.dossier import Channel
from monitor.organisation import Division, Staff
from monitor.rules.cells import Unreadable, parse_count, parse_flag, parse_positive, parse_time
from monitor.rules.excel_damage import date_hint, parse_code
from monitor.rules.problems import Problems
from monitor.rules.tables import Row, read_table
from monitor.time_limit import Evidence, Procedure, Stage, SupplementRule, TimeLimit, Unit

FILE = "procedures.csv"
COLUMNS = (
    "code",
    "case",
    "channel",
    "name",
    "aliases",
    "field",
    "limit",
    "unit",
    "cut_off",
    "supplement_rule",
    "supplement_max",
    "supplement_request_within",
    "close_after",
    "on_repeat",
    "supplement_basis",
    "pause_ground",
    "stages",
    "valid_from",
    "valid_to",
    "applies_to",
    "basis",
    "evidence",
    "division",
    "odd_code",
    "officer",
)
OPTIONAL = ("officer",)  # tables from before it was known stay valid
STAGE_PARTS = 4
KNOWN_EVIDENCE = (Evidence.VERIFIED, Evidence.SECONDARY, Evidence.UNVERIFIED)

_HALF = re.compile(r"1\s*/\s*2")

FindDivision = Callable[[str], Division | None]
FindPeople = Callable[[str], tuple[Staff, ...]]


class SupplementLaw(StrEnum):
    """Which law says how often papers may be asked for."""

    GENERAL = "general"  # the decree on the one-stop mechanism
    SECTOR = "sector"  # a law of the field, with rules of its own


class OnRepeat(StrEnum):
    """What a second supplement does to the limit, beside nothing."""

    RESTART = "restart"


class AppliesTo(StrEnum):
    """To which dossiers a row applies, beside those received in its span."""

    RUNNING = "running"  # also those received before and unfinished when it came into force


def read_procedures(
    files: Mapping[str, bytes],
    find_division: FindDivision | None,
    problems: Problems,
    *,
    find_people: FindPeople | None = None,
) -> tuple[tuple[int, Procedure], ...]:
    """Every row with its line; what finds divisions or people is None when they themselves could not be read."""
    rows = read_table(files, FILE, COLUMNS, problems, optional=OPTIONAL)
    return tuple((row.line, _procedure(row, find_division, find_people)) for row in rows)


def _procedure(row: Row, find_division: FindDivision | None, find_people: FindPeople | None) -> Procedure:
    valid_from, valid_to = row.span()
    return Procedure(
        code=_code(row),
        name=row.need_text("name"),
        limit=_limit(row),
        case=row.text("case") or None,
        channel=row.choice("channel", Channel),
        aliases=row.texts("aliases"),
        field=row.text("field"),
        division=_division(row, find_division),
        officer=_officer(row, find_people),
        valid_from=valid_from,
        valid_to=valid_to,
        applies_to_running=_applies_to_running(row, valid_from),
        basis=row.text("basis"),
    )


def _code(row: Row) -> str:
    is_odd = row.read("odd_code", parse_flag) or False
    return row.need("code", str if is_odd else parse_code) or ""


def _limit(row: Row) -> TimeLimit:
    unit = row.choice("unit", Unit)
    amount, unit = _amount(row, unit)
    return TimeLimit(
        amount=amount,
        unit=unit,
        cut_off=_cut_off(row, unit),
        basis=row.text("basis"),
        evidence=_evidence(row),
        supplement=_supplement(row),
        pause_grounds=row.texts("pause_ground"),
        stages=_stages(row, amount),
    )


def _amount(row: Row, unit: Unit | None) -> tuple[int | None, Unit | None]:
    """The number and what it counts; half a working day, written 1/2, is a unit of its own."""
    written = row.cells["limit"]
    if unit is None:
        if written and not row.cells["unit"]:
            row.refuse(f"limit {written!r} has no unit: write one of {', '.join(Unit)}")
        if not _HALF.fullmatch(written):
            row.read("limit", _parse_limit)  # both cells may be wrong
        return None, None
    if unit is Unit.SAME_DAY:
        if written:
            row.refuse(f"limit {written!r} with unit same_day: leave the limit empty, the day of receipt is the limit")
        return None, unit
    if unit is Unit.WORKING_DAY and _HALF.fullmatch(written):
        return 1, Unit.HALF_WORKING_DAY
    return row.need("limit", _parse_limit), unit


def _parse_limit(written: str) -> int:
    if hint := date_hint(written):
        raise Unreadable(hint)
    if _HALF.fullmatch(written):
        raise Unreadable(f"{written!r} is half a working day only with unit working_day; else write a whole number")
    return parse_positive(written)


def _cut_off(row: Row, unit: Unit | None) -> time | None:
    cut_off = row.read("cut_off", parse_time)
    is_unit_known = unit is not None or not row.cells["unit"]
    if cut_off is not None and is_unit_known and unit is not Unit.SAME_DAY:
        row.refuse("cut_off belongs to unit same_day only: empty it")
    return cut_off


def _evidence(row: Row) -> Evidence:
    """A limit is known from somewhere; what is not known has no limit."""
    evidence = row.need_choice("evidence", Evidence) or Evidence.UNKNOWN
    if row.cells["limit"] or row.cells["unit"]:
        if not row.cells["basis"]:
            row.refuse("a limit without basis: write the article or the published list that it comes from")
        if evidence is Evidence.UNKNOWN and row.cells["evidence"] == evidence:
            row.refuse(f"evidence is unknown and a limit is given: write one of {', '.join(KNOWN_EVIDENCE)}")
    elif evidence is not Evidence.UNKNOWN:
        row.refuse(f"evidence is {evidence} and no limit is given: write the limit, or evidence unknown")
    return evidence


def _supplement(row: Row) -> SupplementRule:
    """How often papers may be asked for; a general row states its numbers, a sector row those that are known."""
    law = row.need_choice("supplement_rule", SupplementLaw)
    repeat = row.choice("on_repeat", OnRepeat)
    is_general = law is SupplementLaw.GENERAL
    read = row.need if is_general else row.read
    most = read("supplement_max", parse_count)
    basis = row.need_text("supplement_basis")
    return SupplementRule(
        general=is_general,
        max_requests=1 if most is None else most,
        request_within=read("supplement_request_within", parse_positive),
        close_after=read("close_after", parse_positive),
        restarts_on_repeat=repeat is OnRepeat.RESTART,
        basis=basis,
    )


def _stages(row: Row, amount: int | None) -> tuple[Stage, ...]:
    stages = row.read("stages", _parse_stages) or ()
    total = sum(stage.amount for stage in stages)
    is_amount_known = amount is not None or not row.cells["limit"]
    if stages and is_amount_known and total > (amount or 0):
        limit = "there is no limit" if amount is None else f"the limit is {amount}"
        row.refuse(f"stages take {total} together and {limit}: correct one of the two")
    return stages


def _parse_stages(written: str) -> tuple[Stage, ...]:
    return tuple(_parse_stage(part) for part in written.split("|"))


def _parse_stage(written: str) -> Stage:
    """A stage as `name:amount:holder:basis`."""
    parts = [part.strip() for part in written.split(":", STAGE_PARTS - 1)]
    if len(parts) != STAGE_PARTS or not all(parts):
        raise Unreadable(f"{written.strip()!r} is not a stage: write name:amount:holder:basis, separated by |")
    name, amount, holder, basis = parts
    return Stage(name, parse_positive(amount), holder, basis)


def _applies_to_running(row: Row, valid_from: date | None) -> bool:
    applies_to = row.choice("applies_to", AppliesTo)
    if applies_to is AppliesTo.RUNNING and valid_from is None and not row.cells["valid_from"]:
        row.refuse("applies_to running needs valid_from: from that day on running dossiers have this limit")
    return applies_to is AppliesTo.RUNNING


def _division(row: Row, find_division: FindDivision | None) -> str:
    """The id of the division that handles the procedure."""
    written = row.need_text("division")
    division = find_division(written) if find_division and written else None
    if find_division and written and division is None:
        row.refuse(f"division {written!r} is unknown: write a name, an id or an alias that organisation.toml has")
    return division.id if division else ""


def _officer(row: Row, find_people: FindPeople | None) -> str:
    """The id of the standing officer, written as an id or a name; empty for most procedures."""
    written = row.text("officer")
    people = find_people(written) if find_people and written else ()
    if find_people and written and not people:
        row.refuse(f"officer {written!r} is nobody: write an id that staff.csv has")
    elif len(people) > 1:
        row.refuse(f"officer {written!r} fits {' and '.join(one.id for one in people)}: write one of the ids")
    return people[0].id if people else ""
