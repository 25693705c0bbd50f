"""Records put together from the plain values that the reading process sends."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import tzinfo
from enum import StrEnum
from typing import Any, TypeVar

from monitor.dossier import Channel, SourceStatus
from monitor.intake.batch import ReadRow
from monitor.intake.dates import to_moment
from monitor.intake.headers import DATE_FIELDS
from monitor.intake.layout import PERSON_FIELDS
from monitor.record import ApplicantKind, Person, Record, SupplementRecord

Decode = Callable[[Any], Any]
T = TypeVar("T")


def record_maker(names: Sequence[str], zone: tzinfo) -> Callable[[tuple[Any, ...]], ReadRow]:
    """What makes a row out of its values: row, fingerprint, warnings and code, then one value for each of `names`."""
    known = _decoders(zone)
    decoders = [(place, known[name]) for place, name in enumerate(names) if name in known]
    places = {name: place for place, name in enumerate(names)}
    make_person = _maker(Person, {name: place for name, place in places.items() if name in PERSON_FIELDS})
    of_record = {name: place for name, place in places.items() if name not in PERSON_FIELDS}
    make_record = _maker(Record, of_record | {"code": len(names), "person": len(names) + 1})

    def make(values: tuple[Any, ...]) -> ReadRow:
        row, fingerprint, warnings, code, *given = values
        for place, decode in decoders:
            given[place] = decode(given[place])
        given.append(code)
        given.append(make_person(given))
        return ReadRow(row, fingerprint, make_record(given), warnings)

    return make


def _maker(kind: type[T], places: Mapping[str, int]) -> Callable[[Sequence[Any]], T]:
    """What makes an instance out of the values at `places`, defaults elsewhere.

    The constructor of a frozen class looks every attribute up by name: three times as long, and this is most of what
    the caller's process does while a file is read.
    """
    put_at = [(kind.__dict__[name].__set__, place) for name, place in places.items()]
    defaults = [(kind.__dict__[f.name].__set__, f.default) for f in fields(kind) if f.name not in places]  # type: ignore[arg-type] # a dataclass, always
    assert all(default is not MISSING for _, default in defaults)
    new = object.__new__

    def make(values: Sequence[Any]) -> T:
        made = new(kind)
        for put, place in put_at:
            put(made, values[place])
        for put, default in defaults:
            put(made, default)
        return made

    return make


def _decoders(zone: tzinfo) -> Mapping[str, Decode]:
    moment = to_moment(zone)

    def supplements(entries: Sequence[Sequence[Any]]) -> tuple[SupplementRecord, ...]:
        return tuple(_supplement(key, [moment(iso) for iso in dates]) for key, *dates in entries)

    return {
        **dict.fromkeys(DATE_FIELDS, moment),
        "status": _member_of(SourceStatus),
        "channel": _member_of(Channel),
        "applicant_kind": _member_of(ApplicantKind),
        "supplements": supplements,
    }


def _supplement(key: str, dates: Sequence[Any]) -> SupplementRecord:
    asked_at, answered_at, old_appointment_at, new_appointment_at = dates
    return SupplementRecord(
        key=key,
        asked_at=asked_at,
        answered_at=answered_at,
        old_appointment_at=old_appointment_at,
        new_appointment_at=new_appointment_at,
    )


def _member_of(kind: type[StrEnum]) -> Decode:
    return {member.value: member for member in kind}.get
