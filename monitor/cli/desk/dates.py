"""`dunghen desk questions` and `dunghen desk classify-appointment`: what the dates leave open, and the answers."""

from datetime import date, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import click

from monitor.cli.opening import instant, moment_for, opened, print_json, say
from monitor.dossier import AppointmentCause

if TYPE_CHECKING:
    from monitor.desk.dates import Classified
    from monitor.findings import Finding, Question
    from monitor.questions import Asked, OpenQuestions

CODES_SHOWN = 10  # of a finding on the terminal; all are in --json


def cause_of(written: str) -> AppointmentCause:
    """A cause on the command line: by its English name, or as the office says it."""
    from monitor.cli.words import CAUSE_WORDS

    said = " ".join(normalize("NFC", written).casefold().split())
    known = {word: cause for cause, vietnamese in CAUSE_WORDS.items() for word in (cause.value, vietnamese)}
    if said not in known:
        raise click.BadParameter(f"{written!r} is none of: {', '.join(known)}")
    return known[said]


@click.command("questions")
@click.option("--now", type=instant, help="As of this moment.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def questions_command(home: Path, *, now: datetime | None, as_json: bool) -> None:
    """List what the dates leave open: findings about a source, then the questions about single dossiers.

    Each question names the two dates, the file that showed the new one, who is asked and how to answer. Codes only.

    \b
    Example:
      dunghen desk questions --json
    """
    from monitor.questions import open_questions

    with opened(home) as site:
        found = open_questions(site.store, site.rules, now=moment_for(site, now, writes=False))
    if as_json:
        print_json(
            {"findings": [_finding_as_data(one) for one in found.findings], "questions": [*map(_as_data, found.asked)]}
        )
    else:
        _print(found)


@click.command("classify-appointment")
@click.argument("code")
@click.option(
    "--cause",
    type=cause_of,
    metavar="CAUSE",
    required=True,
    help="What the change is: correction (đính chính), supplement (bổ sung), reappointment (hẹn lại) or other (khác).",
)
@click.option("--by", required=True, help="The id in rules/staff.csv of whoever says so: head, desk or Văn phòng Sở.")
@click.option("--reason", required=True, help="The ground, in a few words without a citizen's name.")
@click.option("--now", type=instant, help="On a replay site: the moment of the act.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def classify_appointment_command(
    home: Path, *, code: str, cause: AppointmentCause, by: str, reason: str, now: datetime | None, as_json: bool
) -> None:
    """Say why the appointment of a dossier changed; until then the old one counts.

    \b
    Example:
      dunghen desk classify-appointment H37.12-261116-0007 --cause "hẹn lại" --by nt-bich-ngoc \\
              --reason "văn bản số 12/PXL-STC ngày 25/11/2026"
    correction and reappointment move what was promised, supplement makes the new date the original, other moves
    nothing. A letter's date that the source does not show yet is confirmed with reappointment.
    """
    from monitor.desk.dates import classify_appointment

    with opened(home) as site:
        moment = moment_for(site, now, writes=True)
        done = classify_appointment(site.store, site.rules, code, cause, by=by, reason=reason, now=moment)
    if as_json:
        print_json(_classified_as_data(done))
    else:
        _print_classified(done)


def answer_to(question: "Question") -> str | None:
    """The command that answers a question; None where only the source can put it right."""
    if not question.answers:
        return None
    causes = "|".join(question.answers)
    return f"dunghen desk classify-appointment {quote(question.code)} --cause {causes} --by STAFF --reason TEXT"


def _as_data(asked: "Asked") -> dict[str, Any]:
    from monitor.findings import say_question

    question = asked.question
    return {
        "code": question.code,
        "question": question.kind,
        "text": say_question(question),
        "old_on": question.old_on,
        "new_on": question.new_on,
        "letter_on": question.letter_on,
        "since_on": question.since_on,
        "import_id": asked.import_id,
        "file": asked.file_name,
        "asked": asked.people,
        "answers": question.answers,
        "command": answer_to(question),
    }


def _finding_as_data(finding: "Finding") -> dict[str, Any]:
    return {
        "source": finding.source,
        "text": finding.text,
        "working_days": finding.working_days,
        "unknown_days": [one.on for one in finding.unknown],
        "received_from": finding.first_on,
        "received_to": finding.last_on,
        "codes": finding.codes,
    }


def _print(found: "OpenQuestions") -> None:
    for finding in found.findings:
        more = len(finding.codes) - CODES_SHOWN
        say(f"Nguồn {finding.source}: {finding.text}")
        say(f"    {', '.join(finding.codes[:CODES_SHOWN])}{f' và {more} hồ sơ khác' if more > 0 else ''}")
    for asked in found.asked:
        _print_asked(asked)
    said = [f"{len(found.findings)} phát hiện về nguồn"] if found.findings else []
    said += [f"{len(found.asked)} câu hỏi về hồ sơ"] if found.asked else []
    say(f"{', '.join(said)}." if said else "Không có câu hỏi nào về ngày hẹn.")


def _print_asked(asked: "Asked") -> None:
    from monitor.findings import say_question

    question = asked.question
    say(f"{question.code}: {say_question(question)}")
    if asked.import_id is not None:
        seen = f", thấy ngày {question.since_on:%d/%m/%Y}" if question.since_on else ""
        say(f"    tệp: {asked.file_name or '–'} (lần nhập {asked.import_id}){seen}")
    say(f"    hỏi: {', '.join(asked.people) or '–'}")
    command = answer_to(question)
    say(f"    trả lời: {command or 'ghi đúng ngày hẹn trả ở hệ thống nguồn rồi xuất lại'}")


def _classified_as_data(done: "Classified") -> dict[str, Any]:
    return {
        "code": done.question.code,
        "cause": done.cause,
        "old_on": done.question.old_on,
        "new_on": done.question.new_on,
        "due_on_before": done.before.due_on,
        "due_on": done.after.due_on,
        "apology_by_on": done.after.apology_by_on,
        "notes": sorted(done.after.notes),
    }


def _print_classified(done: "Classified") -> None:
    from monitor.cli.words import CAUSE_WORDS

    code, before, after = done.question.code, done.before.due_on, done.after.due_on
    changed = f"{_said(done.question.old_on)} → {_said(done.question.new_on)}"
    say(f"{code}: ngày hẹn trả {changed}: {CAUSE_WORDS[done.cause]}.")
    say(f"Hạn trả: vẫn là {_said(after)}." if before == after else f"Hạn trả: {_said(before)} → {_said(after)}.")
    say(f"Xin lỗi chậm nhất: {_said(done.after.apology_by_on)}.")


def _said(on: date | None) -> str:
    from monitor.trace import say_date

    return say_date(on) if on else "–"
