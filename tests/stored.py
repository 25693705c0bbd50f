"""Imports, decisions and messages for the tests of the store."""

from dataclasses import fields, replace
from datetime import date, datetime

from monitor.dossier import Channel, Moment, SourceStatus
from monitor.ladder import Step
from monitor.notice import Notice
from monitor.outbox import MessageKind, OutboxMessage
from monitor.record import ApplicantKind, Person, Record, Seen, SupplementRecord, events_between
from monitor.source import Scope
from monitor.status import Flag, Status
from monitor.store import (
    Begun,
    Decision,
    DossierChange,
    Store,
    Tally,
    ToLook,
)
from monitor.working_time import LOCAL_ZONE

DESK = "one-stop desk"


def at(text: str) -> datetime:
    """ "Mon 2026-11-23 08:00": the weekday is for the reader, and checked."""
    weekday, moment = text.split(" ", 1)
    parsed = datetime.fromisoformat(moment).replace(tzinfo=LOCAL_ZONE)
    assert parsed.strftime("%a") == weekday
    return parsed


def on(text: str) -> date:
    return at(text).date()


MONDAY = at("Mon 2026-11-23 08:00")


TUESDAY = at("Tue 2026-11-24 08:00")


PERSON = Person(
    applicant="Công ty TNHH Mẫu & Con", applicant_kind=ApplicantKind.BUSINESS, phone="0900000000", address="Số 1"
)


FULL = Record(
    code="H37.13-261120-0001",
    procedure_code="2.001610",
    procedure_name="Đăng ký thành lập doanh nghiệp",
    channel=Channel.ONLINE,
    receipt_no="17",
    stated_limit="03 ngày làm việc",
    submitted_at=Moment(at("Thu 2026-11-19 21:05")),
    received_at=Moment(at("Fri 2026-11-20 09:00")),
    appointment_at=Moment(at("Thu 2026-11-26 00:00"), has_time=False),
    handling_unit="Phòng Đăng ký kinh doanh",
    handling_officer="Trần Văn An",
    status=SourceStatus.PROCESSING,
    has_result_paper=True,
    supplements=(
        SupplementRecord(key="1", asked_at=None, new_appointment_at=Moment(at("Thu 2026-11-26 00:00"), has_time=False)),
    ),
    person=PERSON,
)


def simple(code: str, **told) -> Record:
    received = Moment(at("Fri 2026-11-20 09:00"))
    return Record(code=code, received_at=received, status=SourceStatus.PROCESSING, person=PERSON, **told)


def change(store: Store, record: Record, import_id: int, now: datetime = MONDAY) -> DossierChange:
    """What intake makes of a record: the difference to what is known."""
    known = store.known([record.code]).get(record.code)
    seen = Seen(source=DESK, recorded_at=now, data_as_of=now, import_id=import_id)
    carried = frozenset(field.name for field in fields(Record)) | frozenset(field.name for field in fields(Person))
    return DossierChange(
        code=record.code,
        known_id=known.id if known else None,
        record=record,
        fingerprint=str(hash(record)).encode(),
        events=events_between(known.record if known else None, record, carried=carried, seen=seen),
    )


def begin(store: Store, sha256: str = "a" * 64, now: datetime = MONDAY) -> int:
    begun = store.begin_import(
        file_name="theo-doi.xlsx", sha256=sha256, source=DESK, scope=Scope.OPEN, data_as_of=now, now=now
    )
    assert isinstance(begun, Begun)
    return begun.import_id


def finish(store: Store, import_id: int, rows: int = 1, now: datetime = MONDAY) -> None:
    tally = Tally(read=rows, new=rows, changed=0, unchanged=0, rejected=0)
    store.finish_import(import_id, tally, carried=frozenset({"code"}), columns={"Mã hồ sơ": "code"}, now=now)


def bring_in(store: Store, *records: Record, now: datetime = MONDAY, sha256: str = "a" * 64) -> int:
    import_id = begin(store, sha256, now)
    changes = [change(store, record, import_id, now) for record in records]
    store.write_batch(import_id, source=DESK, data_as_of=now, changes=changes, now=now)
    finish(store, import_id, len(records), now)
    return import_id


def due(store: Store, now: datetime = MONDAY) -> list[ToLook]:
    return [one for batch in store.due_batches(now) for one in batch]


def decision(one: ToLook, **decided) -> Decision:
    due_on = on("Thu 2026-11-26 00:00")
    standing = Decision(
        id=one.id,
        revision=one.revision,
        life=one.life,
        status=Status.NEAR_DUE,
        flags=frozenset({Flag.PROVISIONAL, Flag.APOLOGY_MISSED}),
        procedure_code="2.001610",
        division="dkkd",
        officer="tran-an",
        law_due_on=due_on,
        first_promised_on=due_on,
        promised_on=due_on,
        due_on=due_on,
        due_at=at("Thu 2026-11-26 17:00"),
        apology_by_on=on("Wed 2026-11-25 00:00"),
        situation="s1",
        rules_version="r1",
        next_look_at=TUESDAY,
    )
    return replace(standing, **decided)


def notice(person: str = "tran-an", occurrence: int = 1, step: Step = Step.OVERDUE) -> Notice:
    return Notice(step=step, due_on=on("Thu 2026-11-26 00:00"), occurrence=occurrence, person=person)


def message(key: str = "Mon", person: str = "tran-an", kind: MessageKind = MessageKind.DIGEST) -> OutboxMessage:
    return OutboxMessage(
        kind=kind,
        person=person,
        key=key,
        day=on("Mon 2026-11-23 00:00"),
        to_address="an@example.vn",
        subject="Hồ sơ đến hạn",
        message_id=f"<{kind}.{person}.{key}@dunghen>",
        dated_at=MONDAY,
        content="Kính gửi ông An".encode(),
    )
