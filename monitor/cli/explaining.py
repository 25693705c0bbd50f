"""`dunghen explain`: one dossier, and why it stands where it stands."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import instant, moment_for, opened, print_json, say

if TYPE_CHECKING:
    from monitor.deadline import Deadline
    from monitor.dossier import Event, Moment
    from monitor.status import Flag
    from monitor.store import Loaded
    from monitor.sweep import Looked


@click.command("explain")
@click.argument("code")
@click.option("--now", type=instant, help="As of this moment.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def explain_command(home: Path, *, code: str, now: datetime | None, as_json: bool) -> None:
    """Show why a dossier stands where it stands: dates, days counted, limit and basis, who was told, what happened.

    \b
    Example:
      dunghen explain H37.12-261116-0007
    No applicant's name, phone or address is shown.
    """
    from monitor.desk import loaded
    from monitor.sweep import flags_of, look

    with opened(home) as site:
        moment = moment_for(site, now, writes=False)
        found = loaded(site.store, code)
        looked = look(found.dossier(), site.rules, now=moment, data_as_of=found.row.data_as_of)
        flags = flags_of(found.dossier(), looked, site.rules, now=moment)
        data = _as_data(found, looked, flags, site.rules.version)
    if as_json:
        print_json(data)
    else:
        _print(data)


def _as_data(found: "Loaded", looked: "Looked", flags: "frozenset[Flag]", version: str) -> dict[str, Any]:
    dossier, limit, procedure = found.dossier(), looked.limit, looked.procedure
    return {
        "code": dossier.code,
        "life": dossier.life,
        "procedure_code": procedure.code if procedure else dossier.procedure_code,
        "procedure": procedure.name if procedure else dossier.procedure_name,
        "limit": {
            "amount": limit.amount,
            "unit": limit.unit,
            "basis": limit.basis or None,
            "evidence": limit.evidence,
        },
        "status": looked.assessment.status,
        "flags": sorted(flags),
        "working_days_left": looked.assessment.working_days_left,
        "next_change_at": looked.assessment.next_change_at,
        "source_status": dossier.source_status,
        "data_as_of": found.row.data_as_of,
        "received_at": dossier.received,
        "appointment_at": dossier.appointments[-1].at if dossier.appointments else None,
        "appointments": [{"at": one.at, "seen_at": one.seen_at, "cause": one.cause} for one in dossier.appointments],
        **_dates(looked.deadline),
        "trace": _trace(looked),
        "division": looked.holders.division,
        "officer": looked.holders.officer or dossier.handling_officer,
        "head": looked.holders.head,
        "holder_ground": looked.holders.ground,
        "told": [
            {"step": one.step, "due_on": one.due_on, "occurrence": one.occurrence, "person": one.person}
            for one in found.told
        ],
        "letter": {"state": found.letter.state, "promised_on": found.letter.promised_on} if found.letter else None,
        "events": [_event(one) for one in found.events],
        "rules_version": version,
    }


def _dates(deadline: "Deadline") -> dict[str, Any]:
    return {
        "law_due_on": deadline.law_due_on,
        "first_promised_on": deadline.first_promised_on,
        "promised_on": deadline.promised_on,
        "due_on": deadline.due_on,
        "due_at": deadline.due_at,
        "apology_by_on": deadline.apology_by_on,
        "provisional": deadline.provisional,
        "notes": sorted(deadline.notes),
    }


def _trace(looked: "Looked") -> list[dict[str, Any]]:
    from monitor.trace import say_day

    return [
        {"on": one.on, "kind": one.kind, "number": one.number, "text": say_day(one, looked.limit.unit)}
        for one in looked.deadline.trace
    ]


def _event(one: "Event") -> dict[str, Any]:
    return {
        "kind": one.kind,
        "happened_at": one.happened_at,
        "recorded_at": one.recorded_at,
        "source": one.source,
        "import_id": one.import_id,
        "facts": one.facts,
    }


def _print(data: dict[str, Any]) -> None:
    """The dossier as a clerk can read it aloud to a citizen."""
    from monitor.cli.words import STATUS_WORDS

    limit = data["limit"]
    say(f"{data['code']}: {STATUS_WORDS[data['status']]}")
    say(f"Thủ tục: {data['procedure_code'] or '–'} {data['procedure'] or ''}")
    amount = f"{limit['amount'] or ''} {limit['unit']}".strip() if limit["unit"] else "chưa đối chiếu được với quy định"
    say(f"Thời hạn: {amount}" + (f" ({limit['basis']}; {limit['evidence']})" if limit["basis"] else ""))
    for one in data["trace"]:
        say(f"    {one['text']}")
    _print_dates(data)
    _print_people(data)
    say("Diễn biến:")
    for event in data["events"]:
        say(f"    {_when(event['happened_at']):16}  {event['kind']}  (nguồn: {event['source']})")


def _print_dates(data: dict[str, Any]) -> None:
    from monitor.trace import say_date

    def spoken(on: date | None) -> str:
        return say_date(on) if on else "–"

    say(f"Hạn theo quy định: {spoken(data['law_due_on'])}")
    say(f"Ngày hẹn trả: {spoken(data['promised_on'])}")
    say(f"Hạn trả (ngày sớm hơn): {spoken(data['due_on'])}" + (" – tạm tính" if data["provisional"] else ""))
    say(f"Xin lỗi chậm nhất: {spoken(data['apology_by_on'])}")
    if data["letter"]:
        say(f"Văn bản xin lỗi: {data['letter']['state']}, cho ngày {spoken(data['letter']['promised_on'])}")


def _print_people(data: dict[str, Any]) -> None:
    if data["flags"] or data["notes"]:
        say(f"Ghi chú: {', '.join([*data['flags'], *data['notes']])}")
    say(f"Người thụ lý: {data['officer'] or '–'}; trưởng phòng: {data['head'] or '–'} ({data['holder_ground']})")
    for told in data["told"]:
        say(f"Đã nhắc: {told['step']} lần {told['occurrence']}, {told['person']}")


def _when(happened: "Moment | None") -> str:
    if happened is None:
        return "–"
    return f"{happened.at:%d/%m/%Y %H:%M}" if happened.has_time else f"{happened.on:%d/%m/%Y}"
