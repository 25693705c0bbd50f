"""A record as compact JSON and back, without the person: 100,000 of them pass here in an import."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from monitor.dossier import Channel, Moment, SourceStatus
from monitor.record import Person, Record, SupplementRecord
from monitor.store.types import encode_json, epoch_seconds, from_epoch
from monitor.working_time import LOCAL_ZONE

TEXTS = (
    "procedure_code",
    "procedure_name",
    "case",
    "channel",
    "field_name",
    "receipt_no",
    "stated_limit",
    "receiving_unit",
    "receiving_officer",
    "handling_unit",
    "handling_officer",
    "step_unit",
    "step_officer",
    "status",
    "status_text",
    "reason",
)
MOMENTS = (
    "submitted_at",
    "received_at",
    "appointment_at",
    "finished_at",
    "returned_at",
    "refused_at",
    "step_due_at",
)
_SUPPLEMENT_MOMENTS = ("asked_at", "answered_at", "old_appointment_at", "new_appointment_at")
_texts_of = attrgetter(*TEXTS)
_moments_of = attrgetter(*MOMENTS)
_supplement_moments_of = attrgetter(*_SUPPLEMENT_MOMENTS)


def record_to_json(record: Record) -> str:
    """All that the record says, but its code and its person, which stand beside it."""
    content: dict[str, Any] = {}
    _write_moments(content, MOMENTS, _moments_of(record))
    if record.has_result_paper:
        content["has_result_paper"] = True
    if record.lost:
        content["lost"] = record.lost
    if record.supplements:
        content["supplements"] = [_written(supplement) for supplement in record.supplements]
    texts = _texts_json(_texts_of(record))
    if texts == "{}" or not content:
        return encode_json(content) if content else texts
    return f"{texts[:-1]},{encode_json(content)[1:]}"


@lru_cache(maxsize=10_000)
def _texts_json(texts: tuple[str | None, ...]) -> str:
    """The texts alone: thousands of records of a file have the same ones, only their moments differ."""
    return encode_json({name: text for name, text in zip(TEXTS, texts, strict=True) if text is not None})


def record_from_json(text: str, *, code: str, person: Person) -> Record:
    """The record that was written, with its code and its person."""
    content = json.loads(text)
    _read_moments(content, MOMENTS)
    if "channel" in content:
        content["channel"] = Channel(content["channel"])
    if "status" in content:
        content["status"] = SourceStatus(content["status"])
    if "lost" in content:
        content["lost"] = tuple(content["lost"])
    if "supplements" in content:
        content["supplements"] = tuple(_supplement(one) for one in content["supplements"])
    return Record(code=code, person=person, **content)


def _written(supplement: SupplementRecord) -> dict[str, Any]:
    content: dict[str, Any] = {"key": supplement.key}
    _write_moments(content, _SUPPLEMENT_MOMENTS, _supplement_moments_of(supplement))
    return content


def _supplement(content: dict[str, Any]) -> SupplementRecord:
    _read_moments(content, _SUPPLEMENT_MOMENTS)
    return SupplementRecord(**{"asked_at": None} | content)


def _write_moments(content: dict[str, Any], names: Iterable[str], moments: Iterable[Moment | None]) -> None:
    """Seconds since 1970, or the day alone when no time of day is known."""
    for name, moment in zip(names, moments, strict=True):
        if moment is None:
            continue
        if moment.has_time:
            content[name] = epoch_seconds(moment.at)
        else:
            content[name] = moment.at.astimezone(LOCAL_ZONE).date().isoformat()


def _read_moments(content: dict[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if name in content:
            content[name] = _moment(content[name])


def _moment(written: int | str) -> Moment:
    if isinstance(written, int):
        return Moment(from_epoch(written))
    day = date.fromisoformat(written)
    return Moment(datetime(day.year, day.month, day.day, tzinfo=LOCAL_ZONE), has_time=False)
