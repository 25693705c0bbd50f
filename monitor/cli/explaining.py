"""`dunghen explain`: one dossier, and why it stands where it stands."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import instant, moment_for, opened, print_json, say

if TYPE_CHECKING:
    from monitor.absence import Away
    from monitor.deadline import Deadline
    from monitor.dossier import Event, Moment
    from monitor.rules import RuleBook
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
        away = site.store.absences(from_at=moment).away_at(moment)
        data = _as_data(found, looked, flags, site.rules, away) | _open(found, looked, site.rules, now=moment)
    if as_json:
        print_json(data)
    else:
        _print(data)


def _as_data(
    found: "Loaded", looked: "Looked", flags: "frozenset[Flag]", rules: "RuleBook", away: "Away"
) -> dict[str, Any]:
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
        "unknown_names": looked.holders.unknown,
        "away": {one: away[one] for one in (looked.holders.officer, looked.holders.head) if one and one in away},
        "held_by": _tenures(found, looked, rules),
        "told": [
            {"step": one.step, "due_on": one.due_on, "occurrence": one.occurrence, "person": one.person}
            for one in found.told
        ],
        "letter": {"state": found.letter.state, "promised_on": found.letter.promised_on} if found.letter else None,
        "events": [_event(one) for one in found.events],
        "rules_version": rules.version,
    }


def _open(found: "Loaded", looked: "Looked", rules: "RuleBook", *, now: datetime) -> dict[str, Any]:
    """Of an open dossier the stage that it is in, and what its dates leave open."""
    from monitor.findings import questions_of, say_question
    from monitor.stage import stage_of
    from monitor.sweep import options_of

    if not looked.assessment.status.is_open:
        return {"stage": None, "questions": []}
    dossier, deadline, calendar = found.dossier(), looked.deadline, rules.calendar
    stage = stage_of(dossier, looked.limit, deadline, calendar, rules.organisation, options_of(rules), now=now)
    return {
        "stage": {
            "number": stage.number,
            "of": stage.of,
            "name": stage.stage.name,
            "holder": stage.stage.holder,
            "basis": stage.stage.basis,
            "ends_on": stage.ends_on,
            "is_over": stage.is_over,
            "is_ours": stage.is_ours,
            "is_told": stage.is_told,
            "text": stage.text,
        }
        if stage
        else None,
        "questions": [{"kind": one.kind, "text": say_question(one)} for one in questions_of(dossier, deadline)],
    }


def _tenures(found: "Loaded", looked: "Looked", rules: "RuleBook") -> list[dict[str, Any]]:
    from monitor.handling import tenures_of

    return [
        {
            "officer": one.officer,
            "head": one.head,
            "division": one.division,
            "ground": one.ground,
            "began_at": one.began_at,
            "inferred": one.inferred,
        }
        for one in tenures_of(found.events, looked.procedure, rules.organisation)
    ]


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
    from monitor.cli.words import EVENT_WORDS, EVIDENCE_WORDS, STATUS_WORDS, say_limit

    limit = data["limit"]
    say(f"{data['code']}: {STATUS_WORDS[data['status']]}")
    say(f"Thủ tục: {data['procedure_code'] or '–'} {data['procedure'] or ''}")
    amount = say_limit(limit["amount"], limit["unit"]) if limit["unit"] else "chưa đối chiếu được với quy định"
    basis = f" ({limit['basis']}; {EVIDENCE_WORDS[limit['evidence']]})" if limit["basis"] else ""
    say(f"Thời hạn: {amount}{basis}")
    for one in data["trace"]:
        say(f"    {one['text']}")
    _print_dates(data)
    _print_people(data)
    say("Diễn biến:")
    for event in data["events"]:
        say(f"    {_when(event['happened_at']):16}  {EVENT_WORDS[event['kind']]}  (nguồn: {event['source']})")


def _print_dates(data: dict[str, Any]) -> None:
    from monitor.cli.words import LETTER_WORDS
    from monitor.trace import say_date

    def spoken(on: date | None) -> str:
        return say_date(on) if on else "–"

    say(f"Hạn theo quy định: {spoken(data['law_due_on'])}")
    say(f"Ngày hẹn trả: {spoken(data['promised_on'])}")
    say(f"Hạn trả (ngày sớm hơn): {spoken(data['due_on'])}" + (" – tạm tính" if data["provisional"] else ""))
    say(f"Xin lỗi chậm nhất: {spoken(data['apology_by_on'])}")
    if data["letter"]:
        state = LETTER_WORDS[data["letter"]["state"]]
        say(f"Văn bản xin lỗi: {state}, cho ngày {spoken(data['letter']['promised_on'])}")
    if data["stage"]:
        say(f"Công đoạn: {data['stage']['text']}")
    for question in data["questions"]:
        say(f"Cần trả lời: {question['text']}")


def _print_people(data: dict[str, Any]) -> None:
    from monitor.cli.words import FLAG_WORDS, NOTE_WORDS, STEP_WORDS

    remarks = [*(FLAG_WORDS[one] for one in data["flags"]), *(NOTE_WORDS[one] for one in data["notes"])]
    if remarks:
        say(f"Ghi chú: {'; '.join(remarks)}")
    _print_holders(data)
    for told in data["told"]:
        say(f"Đã nhắc: {STEP_WORDS[told['step']]} lần {told['occurrence']}, {told['person']}")


def _print_holders(data: dict[str, Any]) -> None:
    from monitor.cli.words import GROUND_WORDS

    ground = GROUND_WORDS[data["holder_ground"]]
    say(f"Người thụ lý: {data['officer'] or '–'}; trưởng phòng: {data['head'] or '–'} ({ground})")
    if data["unknown_names"]:
        say(f"Tên chưa có trong danh sách cán bộ: {'; '.join(data['unknown_names'])}")
    for person, substitute in data["away"].items():
        say(f"Đang vắng: {person}; {f'{substitute} nhận thay' if substitute else 'chưa có người nhận thay'}")
    if len(data["held_by"]) > 1:
        say("Đã qua tay:")
        for one in data["held_by"]:
            about = ", suy ra từ hai tệp" if one["inferred"] else ""
            holder = one["officer"] or one["head"] or "–"
            say(f"    từ {one['began_at']:%d/%m/%Y}: {holder} ({one['division'] or '–'}{about})")


def _when(happened: "Moment | None") -> str:
    if happened is None:
        return "–"
    return f"{happened.at:%d/%m/%Y %H:%M}" if happened.has_time else f"{happened.on:%d/%m/%Y}"
