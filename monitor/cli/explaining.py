"""`dunghen explain`: one dossier, and why it stands where it stands."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import LocalTime, now_for, opened, print_json

if TYPE_CHECKING:
    from monitor.store import Loaded
    from monitor.sweep import Looked


@click.command("explain")
@click.argument("code")
@click.option("--now", type=LocalTime(), help="As of this moment.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def explain_command(home: Path, code: str, now: datetime | None, as_json: bool) -> None:
    """Show why a dossier stands where it stands: dates, days counted, limit and basis, who was told, what happened.

    \b
    Example:
      dunghen explain H37.12-261116-0007
    No applicant's name, phone or address is shown.
    """
    from monitor.desk import loaded
    from monitor.sweep import flags_of, look

    with opened(home) as site:
        moment = now_for(site.site, now, writes=False)
        found = loaded(site.store, code)
        dossier = found.dossier()
        looked = look(dossier, site.rules, now=moment, data_as_of=found.row.data_as_of)
        data = _as_data(found, looked, site.rules.version)
        data["flags"] = sorted(flags_of(dossier, looked, site.rules, now=moment))
    if as_json:
        print_json(data)
    else:
        _print(data)


def _as_data(found: "Loaded", looked: "Looked", version: str) -> dict[str, Any]:
    from monitor.trace import say_day

    dossier, deadline, limit = found.dossier(), looked.deadline, looked.limit
    return {
        "code": dossier.code,
        "life": dossier.life,
        "procedure_code": looked.procedure.code if looked.procedure else dossier.procedure_code,
        "procedure": looked.procedure.name if looked.procedure else dossier.procedure_name,
        "limit": {
            "amount": limit.amount,
            "unit": limit.unit,
            "basis": limit.basis,
            "evidence": limit.evidence,
        },
        "status": looked.assessment.status,
        "working_days_left": looked.assessment.working_days_left,
        "next_change_at": looked.assessment.next_change_at,
        "source_status": dossier.source_status,
        "data_as_of": found.row.data_as_of,
        "received_at": dossier.received,
        "appointments": [{"at": one.at, "seen_at": one.seen_at, "cause": one.cause} for one in dossier.appointments],
        "law_due_on": deadline.law_due_on,
        "first_promised_on": deadline.first_promised_on,
        "promised_on": deadline.promised_on,
        "due_on": deadline.due_on,
        "due_at": deadline.due_at,
        "apology_by_on": deadline.apology_by_on,
        "provisional": deadline.provisional,
        "notes": sorted(deadline.notes),
        "trace": [{"on": day.on, "kind": day.kind, "text": say_day(day, limit.unit)} for day in deadline.trace],
        "officer": looked.holders.officer or dossier.handling_officer,
        "head": looked.holders.head,
        "division": looked.holders.division,
        "holder_ground": looked.holders.ground,
        "told": [
            {"step": one.step, "due_on": one.due_on, "occurrence": one.occurrence, "person": one.person}
            for one in found.told
        ],
        "letter": {"state": found.letter.state, "promised_on": found.letter.promised_on} if found.letter else None,
        "events": [
            {
                "kind": one.kind,
                "happened_at": one.happened_at,
                "recorded_at": one.recorded_at,
                "source": one.source,
                "import_id": one.import_id,
                "facts": one.facts,
            }
            for one in found.events
        ],
        "rules_version": version,
    }


def _print(data: dict[str, Any]) -> None:
    from monitor.cli.words import STATUS_WORDS
    from monitor.trace import say_date

    def say(on: Any) -> str:
        return say_date(on) if on else "–"

    limit = data["limit"]
    click.echo(f"{data['code']}: {STATUS_WORDS[data['status']]}")
    click.echo(f"Thủ tục: {data['procedure_code'] or '–'} {data['procedure'] or ''}")
    amount = f"{limit['amount'] or ''} {limit['unit']}".strip() if limit["unit"] else "chưa đối chiếu được với quy định"
    click.echo(f"Thời hạn: {amount}" + (f" ({limit['basis']}; {limit['evidence']})" if limit["basis"] else ""))
    for day in data["trace"]:
        click.echo(f"    {day['text']}")
    click.echo(f"Hạn theo quy định: {say(data['law_due_on'])}")
    click.echo(f"Ngày hẹn trả: {say(data['promised_on'])}")
    click.echo(f"Hạn trả (ngày sớm hơn): {say(data['due_on'])}" + (" – tạm tính" if data["provisional"] else ""))
    click.echo(f"Xin lỗi chậm nhất: {say(data['apology_by_on'])}")
    if data["flags"] or data["notes"]:
        click.echo(f"Ghi chú: {', '.join([*data['flags'], *data['notes']])}")
    click.echo(f"Người thụ lý: {data['officer'] or '–'}; trưởng phòng: {data['head'] or '–'} ({data['holder_ground']})")
    for told in data["told"]:
        click.echo(f"Đã nhắc: {told['step']} lần {told['occurrence']}, {told['person']}")
    if data["letter"]:
        click.echo(f"Văn bản xin lỗi: {data['letter']['state']}, cho ngày {say(data['letter']['promised_on'])}")
    click.echo("Diễn biến:")
    for event in data["events"]:
        happened = event["happened_at"]
        when = "–" if happened is None else f"{happened.at:%d/%m/%Y %H:%M}" if happened.has_time else f"{happened.on:%d/%m/%Y}"
        click.echo(f"    {when:16}  {event['kind']}  (nguồn: {event['source']})")
