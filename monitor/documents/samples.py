"""Invented mails and letters that try out every template: each status, each kind of reader."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from monitor.documents.source_mail import ImportMail, LateMail, Outcome, RejectedCell
from monitor.go_live import WouldTell
from monitor.handling import Ground
from monitor.letter import TITLE, LetterContent, Signer
from monitor.notice import Digest, DigestLine, HeldSource, OverdueMail
from monitor.organisation import Agency, Role, Staff
from monitor.status import Status
from monitor.working_time import LOCAL_ZONE

DAY = date(2026, 11, 23)
MORNING = datetime(2026, 11, 23, 7, 5, tzinfo=LOCAL_ZONE)

AGENCY = Agency(
    name="Sở Tài chính tỉnh Lạng Sơn",
    parent="UBND tỉnh Lạng Sơn",
    symbol="STC",
    place="Lạng Sơn",
    address="(địa chỉ Sở)",
    desk_name="Bộ phận Một cửa",
    desk_address="(địa chỉ Trung tâm)",
    desk_hours="07:30–11:30 và 13:30–17:00",
    phone="0205 000 0000",
    complaint_contact="Văn phòng Sở Tài chính, điện thoại 0205 000 0001",
)
OFFICER = Staff(
    id="mau", name="Nguyễn Thị Mẫu", title="Chuyên viên", role=Role.OFFICER, division="mau", email="mau@stc.example"
)
HEAD = replace(OFFICER, id="truong", name="Trần Văn Mẫu", role=Role.HEAD)

LINE = DigestLine(
    code="MẪU-261118-0001",
    step=None,
    status=Status.OVERDUE,
    procedure="Đăng ký thành lập công ty cổ phần",
    applicant="Nguyễn V. M.",
    officer="Nguyễn Thị Mẫu",
    due_on=DAY,
    promised_on=DAY,
    law_due_on=DAY,
    apology_by_on=None,
    working_days_left=0,
    provisional=False,
    is_new=False,
    ground=Ground.SOURCE,
)

LETTER = LetterContent(
    parent_agency="UBND tỉnh Lạng Sơn",
    agency="Sở Tài chính tỉnh Lạng Sơn",
    symbol="PXL-STC",
    place="Lạng Sơn",
    month_year="11/2026",
    title=TITLE,
    recipient="Ông Nguyễn Văn Mẫu",
    recipient_address="phường Tam Thanh, tỉnh Lạng Sơn",
    recipient_phone="0205 000 0002",
    received="08 giờ 30 phút, ngày 18/11/2026",
    procedure="Đăng ký thành lập công ty cổ phần",
    dossier_code="MẪU-261118-0001",
    promised="17 giờ 00 phút, ngày 23/11/2026",
    is_overdue=True,
    reason="hồ sơ cần xác minh thêm địa chỉ trụ sở chính.",
    new_date="thứ Sáu, ngày 27/11/2026",
    collect_at="Bộ phận Một cửa",
    contact="bà Nguyễn Thị Mẫu, điện thoại 0205 000 0003",
    complaint_contact="Văn phòng Sở Tài chính, điện thoại 0205 000 0001",
    copies_to=("Như trên", "Lưu: VT, ĐKKD"),
    signer=Signer(authority=("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), name="Hoàng Văn Mẫu"),
    is_sample=True,
)


_MANY_CODES = tuple(f"MẪU-261118-{number:04}" for number in range(1, 31))
_WOULD_TELL = (
    WouldTell(name=OFFICER.name, title=OFFICER.title, codes=_MANY_CODES),
    WouldTell(name=HEAD.name, title=HEAD.title, codes=_MANY_CODES[:1]),
)


_QUESTIONS = tuple(
    f"{code}: ngày hẹn trả đổi từ thứ Tư 25/11/2026 sang thứ Tư 02/12/2026, chưa rõ lý do; vẫn tính theo ngày cũ."
    for code in _MANY_CODES
)


def digests() -> Iterator[Digest]:
    """A full morning for an officer and for a head, and an empty one."""
    full = Digest(
        person=OFFICER,
        day=DAY,
        data_as_of=MORNING,
        lines=tuple(_lines()),
        open_count=40,
        is_sample=True,
        down_from=MORNING - timedelta(days=3),
        down_to=MORNING,
    )
    yield full
    yield replace(full, person=HEAD, down_from=None, down_to=None)
    yield replace(full, lines=(), data_as_of=None, is_sample=False)
    yield replace(full, would_tell=_WOULD_TELL)
    yield replace(full, lines=(), would_tell=())
    yield replace(full, person=HEAD, questions=_QUESTIONS)
    yield replace(full, lines=(), questions=_QUESTIONS[:1])
    yield replace(full, lines=(), held=(HeldSource(source="Mặc định/theo-doi", since=MORNING),))


def overdue_mails() -> Iterator[OverdueMail]:
    """A first and a repeated notice."""
    lines = tuple(line for line in _lines() if line.status is Status.OVERDUE)
    first = OverdueMail(person=OFFICER, day=DAY, data_as_of=MORNING, lines=lines, is_sample=True)
    yield first
    yield replace(first, person=HEAD, occurrence=2)
    yield replace(first, would_tell=_WOULD_TELL)


IMPORT = ImportMail(
    day=DAY,
    file="theo-doi-ho-so-20261123-0705.xlsx",
    source="Mặc định/theo-doi",
    outcome=Outcome.REJECTIONS,
    taken_at=MORNING,
    data_as_of=MORNING,
    is_estimated=False,
    cause=None,
    read=256,
    new=3,
    changed=12,
    unchanged=201,
    rejected=40,
    rejections=tuple(
        RejectedCell(row=row, column="Ngày hẹn trả", cause="không hiểu ngày “chờ”: ghi ngày dạng dd/MM/yyyy")
        for row in range(6, 46)
    ),
    matched=230,
    looked_up=249,
    unmatched=(("Việc lạ", 12), ("(không ghi thủ tục)", 7)),
    findings=("hệ thống chưa khai báo nghỉ 24/11: 37 hồ sơ lệch −1 ngày",),
    is_sample=True,
)


def import_mails() -> Iterator[ImportMail]:
    """Each outcome, a bare one, and one of a trial."""
    bare = replace(IMPORT, rejected=0, rejections=(), looked_up=0, matched=0, unmatched=(), findings=())
    cause = "Tệp có 6 hồ sơ, lần trước 8: giảm hơn 20 %. Hãy kiểm tra bộ lọc khi xuất; nếu đúng, dùng --accept."
    yield IMPORT
    yield replace(IMPORT, outcome=Outcome.FINDINGS, rejected=0, rejections=(), is_estimated=True, is_sample=False)
    yield replace(bare, outcome=Outcome.HELD, cause=cause, would_tell=_WOULD_TELL)
    yield replace(bare, outcome=Outcome.REFUSED, cause="tệp hỏng", source=None, data_as_of=None)


def late_mails() -> Iterator[LateMail]:
    """A file and a database, to those who are named and to Văn phòng Sở."""
    late = LateMail(
        day=DAY,
        source="Một cửa tỉnh",
        expected_by=time(8, 30),
        last_as_of=MORNING - timedelta(days=3),
        is_database=False,
        is_for_office=False,
        is_sample=True,
    )
    yield late
    yield replace(late, last_as_of=None, is_database=True, is_for_office=True, is_sample=False)
    yield replace(late, would_tell=_WOULD_TELL)


def letters() -> Iterator[LetterContent]:
    """A citizen's late letter, a company's before the due date, and one without address, printed again."""
    yield LETTER
    yield replace(LETTER, recipient="Công ty Cổ phần Mẫu & Bạn", is_overdue=False, is_sample=False)
    yield replace(LETTER, recipient_address=None, recipient_phone=None, is_reprint=True)


def _lines() -> Iterator[DigestLine]:
    for ground in (None, *Ground):
        yield replace(LINE, ground=ground)
        yield replace(LINE, ground=ground, officer=None)
    for status in Status:
        yield replace(LINE, status=status)
        yield replace(LINE, status=status, working_days_left=-2, law_due_on=DAY - timedelta(days=3), officer=None)
        near = DAY + timedelta(days=3)
        yield replace(
            LINE, status=status, due_on=near, apology_by_on=near, working_days_left=3, provisional=True, is_new=True
        )
        yield replace(LINE, status=status, due_on=None, promised_on=None, working_days_left=None, applicant=None)
