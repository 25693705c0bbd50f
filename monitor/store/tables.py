"""The tables. They hold no rule and check nothing: validation is the intake's and the core's.

Hot and cold columns are kept apart: `dossier` has what every sweep and every list reads, `record` the last record as
the source told it, and `person` the personal data, which stand nowhere else but in a mail that is not sent yet.
"""

from datetime import date, datetime
from typing import Any, ClassVar, cast

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from monitor.store.types import Instant, Json

# Of the outbox; SQLite uses a partial index only where a statement has its very words.
WAITING = text("state IN ('pending', 'claimed')")


class Stored(SQLModel):
    """What all tables share: a catalogue of their own, so that no other program's tables get into the migrations."""

    metadata: ClassVar[MetaData] = MetaData()


class MetaRow(Stored, table=True):
    """A fact about the monitor itself: its last heartbeat, the newest moment it has recorded."""

    __tablename__ = "meta"
    key: str = Field(primary_key=True)
    value: str


class RuleBookRow(Stored, table=True):
    """A rule book that was accepted, whole."""

    __tablename__ = "rule_book"
    __table_args__ = (
        Index(
            "rule_book_in_force",
            "in_force",
            unique=True,
            sqlite_where=text("in_force = 1"),
            postgresql_where=text("in_force"),
        ),
    )
    hash: str = Field(primary_key=True)
    files: bytes  # a ZIP of the files by name
    in_force: bool


class RuleAcceptanceRow(Stored, table=True):
    """Who put a rule book in force, when and why; a book may be put in force again."""

    __tablename__ = "rule_acceptance"
    id: int | None = Field(default=None, primary_key=True)
    hash: str = Field(foreign_key="rule_book.hash")
    accepted_at: datetime = Field(sa_type=Instant)
    accepted_by: str
    reason: str = Field(sa_type=Text)
    document: str | None = Field(default=None, sa_type=Text)  # the paper that ordered the change, by number and date


class SourceRow(Stored, table=True):
    """What the last accepted file of a source looked like."""

    __tablename__ = "source"
    name: str = Field(primary_key=True)
    data_as_of: datetime = Field(sa_type=Instant)
    last_import_id: int
    scope: str
    row_count: int
    carried: Any = Field(sa_type=Json, nullable=False)
    columns: Any = Field(sa_type=Json, nullable=False)
    filled: Any = Field(default=None, sa_type=Json, nullable=True)  # field -> share of its cells that said something
    doubled: Any = Field(default=None, sa_type=Json, nullable=True)  # field -> its further headers, as FileHead says


class ImportRow(Stored, table=True):
    """A file that was taken in hand; its hash is the claim."""

    __tablename__ = "import_file"
    id: int | None = Field(default=None, primary_key=True)
    file_name: str
    sha256: str = Field(unique=True)
    source: str
    scope: str
    received_from: date | None = None  # the days of receipt that its title names
    received_to: date | None = None
    data_as_of: datetime = Field(sa_type=Instant)
    data_as_of_estimated: bool
    state: str
    read: int = Field(sa_column_kwargs={"server_default": text("0")})
    new: int = Field(sa_column_kwargs={"server_default": text("0")})
    changed: int = Field(sa_column_kwargs={"server_default": text("0")})
    unchanged: int = Field(sa_column_kwargs={"server_default": text("0")})
    rejected_count: int = Field(sa_column_kwargs={"server_default": text("0")})
    cause: str | None = None
    report: Any = Field(default=None, sa_type=Json, nullable=True)  # what was found beside the counts
    report_told_at: datetime | None = Field(default=None, sa_type=Instant)  # None: nobody was asked yet to be mailed
    recorded_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)


class RejectionRow(Stored, table=True):
    """A row of a file that could not be taken, and why."""

    __tablename__ = "rejection"
    id: int | None = Field(default=None, primary_key=True)
    import_id: int = Field(foreign_key="import_file.id", index=True)
    row: int
    column: str | None = None
    value: str | None = None
    cause: str
    code: str | None = None


class DossierRow(Stored, table=True):
    """Where a dossier stands: what the last sweep decided, and when it is to be looked at again."""

    __tablename__ = "dossier"
    __table_args__ = (
        Index(
            "dossier_next_look",
            "next_look_at",
            sqlite_where=text("next_look_at IS NOT NULL"),
            postgresql_where=text("next_look_at IS NOT NULL"),
        ),
        Index("dossier_open_status", "status", sqlite_where=text("is_open = 1"), postgresql_where=text("is_open")),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    revision: int = Field(sa_column_kwargs={"server_default": text("0")})  # counts every change
    life: int
    is_open: bool = Field(sa_column_kwargs={"server_default": text("true")})
    source: str
    fingerprint: bytes
    data_as_of: datetime = Field(sa_type=Instant)
    seen_import_id: int  # the last file that held it
    event_count: int  # the number of its last event
    procedure_code: str | None = None
    received_at: datetime | None = Field(default=None, sa_type=Instant)
    received_has_time: bool | None = None
    appointment_at: datetime | None = Field(default=None, sa_type=Instant)
    appointment_has_time: bool | None = None
    missing_since: datetime | None = Field(default=None, sa_type=Instant)
    next_look_at: datetime | None = Field(default=None, sa_type=Instant)
    status: str | None = None  # None: never looked at
    flags: Any = Field(default=None, sa_type=Json, nullable=True)
    division: str | None = None
    officer: str | None = None
    ground: str | None = None  # why that officer, or none
    law_due_on: date | None = None
    first_promised_on: date | None = None
    promised_on: date | None = None
    due_on: date | None = None
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    apology_by_on: date | None = None
    situation: str | None = Field(default=None, sa_type=Text)  # what the decision was made from; None: not known
    rules_version: str | None = None
    parked: str | None = Field(default=None, sa_type=Text)  # why it could not be looked at


def _dossier_key() -> Column[int]:
    """The dossier's id as the key of a row beside it."""
    return Column("dossier_id", Integer, ForeignKey("dossier.id"), primary_key=True, autoincrement=False)


class RecordRow(Stored, table=True):
    """The last known record, without the person: what the next file is compared with."""

    __tablename__ = "record"
    dossier_id: int = Field(sa_column=_dossier_key())
    content: str = Field(sa_type=Text)


class PersonRow(Stored, table=True):
    """The personal data of a dossier; erasing this row breaks no other."""

    __tablename__ = "person"
    dossier_id: int = Field(sa_column=_dossier_key())
    applicant: str | None = None
    applicant_kind: str | None = None
    submitter: str | None = None
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    identity_no: str | None = None


class EventRow(Stored, table=True):
    """One event; its number is its place in the dossier's history, and what `supersedes` speaks of.

    Without rowid SQLite keeps the events of a dossier side by side, and the key is the only index.
    """

    __tablename__ = "event"
    __table_args__ = ({"sqlite_with_rowid": False},)
    dossier_id: int = Field(sa_column=_dossier_key())
    number: int = Field(sa_column=Column("number", Integer, primary_key=True, autoincrement=False))
    kind: str
    happened_at: datetime | None = Field(default=None, sa_type=Instant)
    happened_has_time: bool | None = None
    recorded_at: datetime = Field(sa_type=Instant)
    source: str
    import_id: int | None = None
    facts: Any = Field(sa_type=Json, nullable=False)
    supersedes: int | None = None


class OutboxRow(Stored, table=True):
    """A message to one person, fixed when it was made: every attempt sends the same bytes."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("kind", "person", "key", name="outbox_once"),
        Index(
            "outbox_open",
            "state",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    person: str
    key: str
    day: date
    to_address: str
    subject: str
    message_id: str = Field(unique=True)
    dated_at: datetime = Field(sa_type=Instant)
    content: bytes | None = None  # names citizens, so it goes as soon as it has been sent
    content_sha256: str
    state: str
    attempts: int
    uncertain: int
    next_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    last_detail: str
    claimed_by: str | None = None
    claim_token: int = Field(sa_column_kwargs={"server_default": text("0")})  # counts the claims; an old one is void
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class NoticeRow(Stored, table=True):
    """A step told to a person, once. Rule versions stand beside the key, never in it."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("dossier_id", "life", "step", "due_on", "occurrence", "person", name="notice_once"),
        Index(
            "notice_without_mail",
            "id",
            sqlite_where=text("outbox_id IS NULL"),
            postgresql_where=text("outbox_id IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    dossier_id: int = Field(foreign_key="dossier.id")
    life: int
    step: str
    due_on: date
    occurrence: int
    person: str = Field(index=True)
    decided_at: datetime = Field(sa_type=Instant)
    reason: str
    rules_version: str
    outbox_id: int | None = Field(default=None, foreign_key="outbox.id", index=True)


class LetterRow(Stored, table=True):
    """An apology for one promised date."""

    __tablename__ = "letter"
    __table_args__ = (UniqueConstraint("dossier_id", "life", "promised_on", name="letter_once"),)
    id: int | None = Field(default=None, primary_key=True)
    dossier_id: int = Field(foreign_key="dossier.id")
    life: int
    promised_on: date
    state: str
    reason: str | None = Field(default=None, sa_type=Text)
    new_date_on: date | None = None
    proposed_at: datetime = Field(sa_type=Instant)
    drafted_at: datetime | None = Field(default=None, sa_type=Instant)
    drafted_by: str | None = None
    prints: int = Field(sa_column_kwargs={"server_default": text("0")})


class AbsenceRow(Stored, table=True):
    """Somebody is away from one half day to another, and who stands in."""

    __tablename__ = "absence"
    id: int | None = Field(default=None, primary_key=True)
    person: str
    substitute: str | None = None
    begins_at: datetime = Field(sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    entered_by: str
    entered_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)
    withdrawn_by: str | None = None


class ErasureRow(Stored, table=True):
    """Whose personal data were erased, when, by whom and on what ground; the code alone stays."""

    __tablename__ = "erasure"
    id: int | None = Field(default=None, primary_key=True)
    dossier_code: str
    erased_at: datetime = Field(sa_type=Instant)
    erased_by: str
    ground: str = Field(sa_type=Text)


def table_of(row: type[Stored]) -> Table:
    """The table behind a row class, for statements."""
    return cast(Table, row.__table__)  # type: ignore[attr-defined]  # SQLModel sets it and does not declare it


META = table_of(MetaRow)
RULE_BOOK = table_of(RuleBookRow)
RULE_ACCEPTANCE = table_of(RuleAcceptanceRow)
SOURCE = table_of(SourceRow)
IMPORT = table_of(ImportRow)
REJECTION = table_of(RejectionRow)
DOSSIER = table_of(DossierRow)
RECORD = table_of(RecordRow)
PERSON = table_of(PersonRow)
EVENT = table_of(EventRow)
OUTBOX = table_of(OutboxRow)
NOTICE = table_of(NoticeRow)
LETTER = table_of(LetterRow)
ABSENCE = table_of(AbsenceRow)
ERASURE = table_of(ErasureRow)
