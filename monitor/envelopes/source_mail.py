"""Mails about sources to whoever answers for them: what an import brought, and that no data of the day have come."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from monitor.absence import Away
from monitor.documents import Documents, ImportMail, LateMail, Outcome, RejectedCell, Rendered
from monitor.envelopes.room import Postmark, Room, message_to
from monitor.findings import Finding
from monitor.go_live import WouldTell
from monitor.intake.inbox import safe_name
from monitor.organisation import Role, Staff
from monitor.outbox import MessageKind, OutboxState
from monitor.rules import RuleBook
from monitor.source import LateSource, SourceRule, late_sources, rule_of
from monitor.store import Import, ImportState, Store

NEWS_FOR = timedelta(days=3)  # an older report is nobody's news, as after a restore
_SHOWN_REJECTIONS = 30
_NEEDS_A_PERSON = (Outcome.HELD, Outcome.REFUSED)  # with nobody named for the source, Văn phòng Sở hears of these


def compose_import_reports(
    store: Store,
    rules: RuleBook,
    documents: Documents,
    postmark: Postmark,
    *,
    findings: Callable[[], Sequence[Finding]],
    now: datetime,
) -> int:
    """Mail the reports of imports that ended since the last time, and that somebody has to act on; answers how many.

    What many slips of a source have in common is found now, after the sweep, and kept with the report. The same finding
    is mailed once and not with every file. Should the program die before the report is marked as told, the next pass
    composes the same messages, and the outbox takes each once.
    """
    room = Room(store, rules, documents, postmark, now)
    composed, found = 0, None
    for file in store.untold_reports():
        report = dict(file.report or {})
        if file.state is ImportState.ACCEPTED and file.tally.new + file.tally.changed:
            found = findings() if found is None else found
            report["slips"] = [(_key_of(one), one.text) for one in found if one.source == file.source]
        if file.finished_at is not None and now - file.finished_at <= NEWS_FOR:
            composed += _report(room, file, report)
        store.report_told(file.id, report, now=now)
    return composed


def _key_of(finding: Finding) -> str:
    """By what a finding is known again when more dossiers have joined it."""
    days = ",".join(f"{one.on}" for one in finding.unknown)
    return f"{finding.working_days} {days or finding.first_on.isocalendar()[:2]}"


def _report(room: Room, file: Import, report: Mapping[str, Any]) -> int:
    if file.state is ImportState.ACCEPTED:
        untrue = {f"{file.id} {outcome}" for outcome in _NEEDS_A_PERSON}
        _take_back(room, MessageKind.IMPORT_REPORT, untrue.__contains__, "the file was accepted")
    outcome = _outcome(file, report, room.store.last_report(file))
    if outcome is None:
        return 0
    rule = next((one for one in room.rules.sources if one.name == rule_of(file.source)), None)
    people = _people(room, rule.told if rule else (), or_office=outcome in _NEEDS_A_PERSON)
    # A database is asked every quarter of an hour: of each outcome one mail a day is enough.
    what = f"{rule.name} {room.day}" if rule and rule.query else f"{file.id}"
    mail = _import_mail(room, file, report, outcome)
    return _tell(room, MessageKind.IMPORT_REPORT, people, f"{what} {outcome}", mail)


def _outcome(file: Import, report: Mapping[str, Any], before: Import | None) -> Outcome | None:
    """What there is to act on; None for an import of which nobody need hear."""
    if file.state is ImportState.HELD:
        return Outcome.HELD
    if file.state is ImportState.REFUSED:
        return Outcome.REFUSED
    if file.tally.rejected:
        return Outcome.REJECTIONS
    known = (before.report or {}) if before else {}
    is_new = _said(report) - _said(known)
    return Outcome.FINDINGS if is_new else None


def _said(report: Mapping[str, Any]) -> set[str]:
    return {*report.get("findings", ()), *(key for key, _ in report.get("slips", ()))}


def _import_mail(room: Room, file: Import, report: Mapping[str, Any], outcome: Outcome) -> ImportMail:
    rejections = room.store.rejections(file.id) if outcome is Outcome.REJECTIONS else []
    is_refused = outcome is Outcome.REFUSED
    return ImportMail(
        day=room.day,
        file=safe_name(file.file_name),
        source=file.source.removesuffix("/") or None,
        outcome=outcome,
        taken_at=file.recorded_at,
        data_as_of=None if is_refused else file.data_as_of,
        is_estimated=file.data_as_of_estimated,
        cause=report.get("cause") if is_refused else file.cause,
        read=report.get("read", file.tally.read),
        new=file.tally.new,
        changed=file.tally.changed,
        unchanged=file.tally.unchanged,
        rejected=file.tally.rejected,
        rejections=tuple(
            RejectedCell(row=one.row, column=one.column, cause=one.cause) for one in rejections[:_SHOWN_REJECTIONS]
        ),
        matched=report.get("matched", 0),
        looked_up=report.get("matched", 0) + report.get("unmatched", 0),
        unmatched=tuple((name, rows) for name, rows in report.get("unmatched_names", ())),
        findings=(*(text for _, text in report.get("slips", ())), *report.get("findings", ())),
        is_sample=room.rules.organisation.is_sample,
    )


def compose_late_sources(
    store: Store, rules: RuleBook, documents: Documents, postmark: Postmark, *, now: datetime
) -> int:
    """Tell whoever is named for a source that its data of the day have not come, later Văn phòng Sở; answers how many.

    Each person once a source and day. What waits for a server is taken back when the data have come, or the day is
    over. Legal basis: none; practice A1.
    """
    if not any(one.expected_by for one in rules.sources):
        return 0
    room = Room(store, rules, documents, postmark, now)
    late = late_sources(rules.sources, _newest(store), rules.calendar.clock, now=now)
    still = {_late_key(room, one.rule) for one in late}
    _take_back(room, MessageKind.SOURCE_LATE, lambda key: key not in still, "the data have come, or the day is over")
    return sum(_tell_late(room, one) for one in late)


def _tell_late(room: Room, late: LateSource) -> int:
    rule = late.rule
    assert rule.expected_by is not None, "without an expected time no source is late"
    mail = LateMail(
        day=room.day,
        source=rule.name,
        expected_by=rule.expected_by,
        last_as_of=late.last_as_of,
        is_database=rule.query is not None,
        is_for_office=False,
        is_sample=room.rules.organisation.is_sample,
    )
    key = _late_key(room, rule)
    composed = _tell(room, MessageKind.SOURCE_LATE, _people(room, rule.told), key, mail)
    if late.is_for_office:
        mail = replace(mail, is_for_office=True)
        composed += _tell(room, MessageKind.SOURCE_LATE, _people(room, (), or_office=True), key, mail)
    return composed


def _late_key(room: Room, rule: SourceRule) -> str:
    return f"{rule.name} {room.day}"


def _newest(store: Store) -> dict[str, datetime]:
    """Under the name of each rule how fresh its newest data are, those that are held among them."""
    fresh = [(one.name, one.data_as_of) for one in store.sources()]
    fresh += [(name, file.data_as_of) for name, file in store.newest_imports().items()]
    newest: dict[str, datetime] = {}
    for source, as_of in fresh:
        name = rule_of(source)
        newest[name] = max(as_of, newest.get(name, as_of))
    return newest


def _take_back(room: Room, kind: MessageKind, is_untrue: Callable[[str], bool], why: str) -> None:
    """End the messages that are not true any more and wait for their hour or a server."""
    waiting = room.store.messages([OutboxState.PENDING], limit=1000)
    ids = [one.id for one in waiting if one.id is not None and one.kind is kind and is_untrue(one.key)]
    if ids:
        room.store.end_messages(ids, OutboxState.WITHDRAWN, why, now=room.now)


def _people(room: Room, told: Iterable[str], *, or_office: bool = False) -> tuple[Staff, ...]:
    """Those who are named, or who stand in for them; Văn phòng Sở where nobody is there and somebody has to be."""
    away = room.store.absences(from_at=room.now).away_at(room.now)
    people = _there(room, told, away)
    if people or not or_office:
        return people
    return _there(room, [one.id for one in room.rules.organisation.with_role(Role.OFFICE)], away)


def _there(room: Room, told: Iterable[str], away: Away) -> tuple[Staff, ...]:
    ids = (away.get(one, one) for one in told)
    staff = room.rules.organisation.staff
    return tuple({one: staff[one] for one in ids if one is not None and one in staff}.values())


def _tell(room: Room, kind: MessageKind, people: Sequence[Staff], key: str, mail: ImportMail | LateMail) -> int:
    """One message for each who was not told yet; in a trial for the few, with the list of who would have been."""
    go_live, organisation = room.rules.go_live, room.rules.organisation
    if people and go_live.is_trial(organisation, now=room.now):
        readers = go_live.readers(organisation)
        others = tuple(WouldTell(name=one.name, title=one.title, codes=()) for one in people if one not in readers)
        mail, people = replace(mail, would_tell=others), readers
    new = [one for one in people if not room.store.has_message(kind, one.id, key)]
    if not new:
        return 0
    rendered = _rendered(room, mail)
    version = room.rules.version
    messages = (message_to(room, kind, one, key, rendered) for one in new)
    return sum(room.store.queue_message(one, rules_version=version, now=room.now) for one in messages)


def _rendered(room: Room, mail: ImportMail | LateMail) -> Rendered:
    agency = room.rules.organisation.agency
    if isinstance(mail, ImportMail):
        return room.documents.import_report(mail, agency)
    return room.documents.source_late(mail, agency)
