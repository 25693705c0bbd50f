"""What the staff read in the morning: who has to do what by when, in words that stand by themselves."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import is_normalized, normalize

import pytest

from monitor.documents import Documents, MailNotMade, Rendered
from monitor.notice import Digest, DigestLine, OverdueMail
from monitor.organisation import Agency, Role, Staff
from monitor.status import Status

TEMPLATES = Path(__file__).parent.parent / "templates"
HANOI = timezone(timedelta(hours=7))
FRI_20, MON_23, TUE_24, WED_25 = (date(2026, 11, day) for day in (20, 23, 24, 25))

AGENCY = Agency(
    name="Sở Tài chính tỉnh Lạng Sơn",
    parent="UBND tỉnh Lạng Sơn",
    symbol="STC",
    place="Lạng Sơn",
    address="",
    desk_name="Bộ phận Một cửa",
    desk_address="",
    desk_hours="",
    phone="",
    complaint_contact="",
)
OFFICER = Staff(
    id="binh", name="Trần Văn Bình", title="Chuyên viên", role=Role.OFFICER, division="dkkd", email="b@x.vn"
)
HEAD = Staff(id="ngoc", name="Nguyễn Thị Ngọc", title="Trưởng phòng", role=Role.HEAD, division="dkkd", email="n@x.vn")
LINE = DigestLine(
    code="H37.04-261118-0001",
    step=None,
    status=Status.OVERDUE,
    procedure="Đăng ký thành lập công ty cổ phần",
    applicant="Nguyễn V. A.",
    officer="Trần Văn Bình",
    due_on=FRI_20,
    promised_on=FRI_20,
    law_due_on=FRI_20,
    apology_by_on=None,
    working_days_left=-1,
    provisional=False,
    is_new=False,
)
MORNING = Digest(
    person=OFFICER,
    day=MON_23,
    data_as_of=datetime(2026, 11, 23, 0, 5, tzinfo=timezone.utc),  # noqa: UP017  # 07:05 in Lạng Sơn
    lines=(LINE,),
    open_count=12,
    is_sample=False,
)


class TextOf(HTMLParser):
    """What a reader of the HTML part sees, and what it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.seen).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.seen.append(data)


@pytest.fixture(scope="module")
def documents() -> Documents:
    return Documents(TEMPLATES)


def both(rendered: Rendered) -> tuple[str, str]:
    """The two parts as they are read, spacing aside."""
    return " ".join(rendered.text.split()), TextOf(rendered.html).text


def digest(documents: Documents, *lines: DigestLine, **changes: object) -> Rendered:
    return documents.digest(replace(MORNING, lines=lines or MORNING.lines, **changes), AGENCY)


def assert_says(rendered: Rendered, *sentences: str) -> None:
    for part in both(rendered):
        assert [sentence for sentence in sentences if sentence not in part] == []


def assert_silent(rendered: Rendered, *words: str) -> None:
    for part in both(rendered):
        assert [word for word in words if word in part] == []


class TestSubject:
    def test_it_counts_and_names_office_and_day_but_nobody(self, documents: Documents):
        lines = [replace(LINE, code=f"a{n}") for n in range(3)]
        lines += [replace(LINE, code=f"b{n}", status=Status.DUE_TODAY) for n in range(5)]
        assert digest(documents, *lines).subject == "[3 quá hạn · 5 hôm nay] Một cửa – Sở Tài chính – 23/11"

    def test_a_day_without_anything_says_so(self, documents: Documents):
        rendered = documents.digest(replace(MORNING, lines=()), AGENCY)
        assert rendered.subject == "[không có hồ sơ cần nhắc] Một cửa – Sở Tài chính – 23/11"

    def test_a_sample_is_marked(self, documents: Documents):
        assert digest(documents, is_sample=True).subject == "[MẪU] [1 quá hạn] Một cửa – Sở Tài chính – 23/11"

    def test_a_second_overdue_notice_has_its_number(self, documents: Documents):
        mail = OverdueMail(person=HEAD, day=MON_23, data_as_of=None, lines=(LINE,), is_sample=False, occurrence=2)
        assert documents.overdue(mail, AGENCY).subject == "[1 quá hạn] Nhắc việc lần 2 – Một cửa – Sở Tài chính – 23/11"


class TestDigest:
    def test_the_reader_knows_how_fresh_the_data_are(self, documents: Documents):
        assert_says(digest(documents), "Số liệu đến 07:05 ngày 23/11/2026")
        assert_says(digest(documents, data_as_of=None), "Chưa có số liệu nào được nhập")

    def test_a_dossier_has_code_procedure_applicant_day_and_what_to_do(self, documents: Documents):
        assert_says(
            digest(documents),
            "H37.04-261118-0001",
            "Đăng ký thành lập công ty cổ phần",
            "Nguyễn V. A.",
            "thứ Sáu 20/11/2026",
            "trễ 1 ngày làm việc",
            "Việc cần làm: Trả kết quả ngay khi xong; chưa xong thì cho biết lý do và ngày hẹn mới",
        )

    @pytest.mark.parametrize(
        ("status", "left", "said"),
        [
            (Status.OVERDUE, -2, "trễ 2 ngày làm việc"),
            (Status.OVERDUE, 0, "đã quá giờ đến hạn"),
            (Status.DUE_PASSED_UNCONFIRMED, -1, "trễ 1 ngày làm việc, chờ xác nhận"),
            (Status.DUE_TODAY, 0, "hôm nay"),
            (Status.APOLOGY_DUE, 1, "còn 1 ngày làm việc"),
            (Status.NEAR_DUE, 3, "còn 3 ngày làm việc"),
            (Status.POSSIBLY_FINISHED, -4, "chờ xác nhận đã xong"),
            (Status.UNKNOWN, None, "chưa tính được số ngày"),
        ],
    )
    def test_the_days_are_said_in_words(self, documents: Documents, status: Status, left: int | None, said: str):
        assert_says(digest(documents, replace(LINE, status=status, working_days_left=left)), said)

    def test_a_date_on_a_holiday_is_not_called_today_on_the_working_day_before(self, documents: Documents):
        tue_24 = date(2026, 11, 24)  # Ngày Văn hóa Việt Nam; no working day lies between Mon 23/11 and it
        line = replace(LINE, status=Status.APOLOGY_DUE, due_on=tue_24, promised_on=tue_24, working_days_left=0)
        assert_says(digest(documents, line), "thứ Ba 24/11/2026", "rơi vào ngày nghỉ")

    def test_the_most_urgent_comes_first_and_no_status_is_left_out(self, documents: Documents):
        lines = [replace(LINE, code=f"MA-{status}", status=status) for status in reversed(Status)]
        rendered = digest(documents, *lines)
        expected = [
            "MA-overdue",
            "MA-due_passed_unconfirmed",
            "MA-due_today",
            "MA-apology_due",
            "MA-near_due",
            "MA-possibly_finished",
            "MA-unknown",
            "MA-missing_from_source",
        ]
        for part in both(rendered):
            places = [part.index(code) for code in expected]
            assert places == sorted(places)
            assert all(f"MA-{status}" in part for status in Status)

    def test_each_kind_has_its_heading_and_a_shape_beside_the_colour(self, documents: Documents):
        lines = [replace(LINE, code=f"MA-{status}", status=status) for status in Status]
        rendered = digest(documents, *lines)
        for heading in (
            "■ Quá hạn (1)",
            "□ Quá hạn theo số liệu cũ, chờ số liệu mới (1)",
            "● Đến hạn hôm nay (1)",
            "◆ Kịp / Không kịp? – hôm nay là ngày cuối để xin lỗi (1)",
            "▲ Sắp đến hạn (1)",
            "○ Có thể đã xong (1)",
            "○ Không xác định được hạn (1)",
            "○ Thiếu trong nguồn (1)",
        ):
            assert heading in TextOf(rendered.html).text
            assert heading.upper() in rendered.text

    def test_promise_and_law_are_both_told_where_they_differ_and_lateness_against_each(self, documents: Documents):
        late = replace(LINE, promised_on=FRI_20, law_due_on=WED_25)
        assert_says(
            digest(documents, late),
            "hẹn trả thứ Sáu 20/11/2026 – đã trễ hẹn",
            "theo quy định thứ Tư 25/11/2026 – còn trong hạn",
        )
        kept = replace(LINE, promised_on=TUE_24, law_due_on=FRI_20)
        assert_says(
            digest(documents, kept),
            "hẹn trả thứ Ba 24/11/2026 – chưa trễ hẹn",
            "theo quy định thứ Sáu 20/11/2026 – đã quá hạn",
        )
        assert_silent(digest(documents), "theo quy định")

    def test_the_last_day_for_an_apology_is_told_while_it_is_ahead(self, documents: Documents):
        near = replace(LINE, status=Status.NEAR_DUE, due_on=WED_25, working_days_left=2, apology_by_on=TUE_24)
        assert_says(digest(documents, near), "nếu không kịp: xin lỗi chậm nhất thứ Ba 24/11/2026")
        assert_silent(digest(documents, replace(near, apology_by_on=MON_23)), "xin lỗi chậm nhất")

    def test_new_and_provisional_are_marked(self, documents: Documents):
        assert_says(digest(documents, replace(LINE, is_new=True, provisional=True)), "MỚI", "(tạm tính)")
        assert_silent(digest(documents), "MỚI", "tạm tính")

    def test_who_holds_a_dossier_is_asked_and_who_leads_is_told_who_holds_it(self, documents: Documents):
        question = replace(LINE, status=Status.APOLOGY_DUE)
        assert_says(digest(documents, question), "Trả lời trong hôm nay: Kịp, hoặc Không kịp kèm lý do")
        assert_silent(digest(documents, question), "công chức thụ lý:")
        head = digest(documents, replace(question, applicant=None), person=HEAD)
        assert_says(head, "công chức thụ lý: Trần Văn Bình", "Công chức thụ lý được hỏi Kịp / Không kịp")
        assert_silent(head, "Nguyễn V. A.", "None")

    def test_a_time_without_watching_is_admitted(self, documents: Documents):
        rendered = digest(
            documents,
            down_from=datetime(2026, 11, 20, 16, 10, tzinfo=HANOI),
            down_to=datetime(2026, 11, 23, 7, 2, tzinfo=HANOI),
        )
        assert_says(rendered, "Hệ thống không hoạt động từ 16:10 ngày 20/11/2026 đến 07:02 ngày 23/11/2026")
        assert_silent(digest(documents), "không hoạt động")

    def test_a_sample_says_so_in_the_body_too(self, documents: Documents):
        assert_says(digest(documents, is_sample=True), "MẪU – dữ liệu hư cấu")
        assert_silent(digest(documents), "MẪU")

    def test_an_empty_day_is_a_short_kind_mail(self, documents: Documents):
        rendered = documents.digest(replace(MORNING, lines=()), AGENCY)
        assert_says(rendered, "Hôm nay không có hồ sơ nào cần nhắc", "12 hồ sơ đang theo dõi")
        assert len(rendered.text.splitlines()) < 20

    def test_sixty_dossiers_stay_below_what_a_mail_program_cuts_off(self, documents: Documents):
        rendered = digest(documents, *(replace(LINE, code=f"H37.04-261118-{n:04}") for n in range(60)))
        assert len(rendered.html.encode()) < 102_000
        assert rendered.text.count("H37.04-261118-") == 60
        assert " 60. H37.04-261118-0059" in rendered.text

    def test_the_mail_names_its_reader_nowhere(self, documents: Documents):
        rendered = digest(documents)
        assert "Trần Văn Bình" not in rendered.subject + rendered.text + rendered.html


class TestOverdue:
    def test_it_says_how_often_it_was_said_and_asks_kindly(self, documents: Documents):
        mail = OverdueMail(
            person=HEAD, day=MON_23, data_as_of=MORNING.data_as_of, lines=(LINE, LINE), is_sample=True, occurrence=3
        )
        rendered = documents.overdue(mail, AGENCY)
        assert_says(
            rendered,
            "MẪU – dữ liệu hư cấu",
            "Số liệu đến 07:05 ngày 23/11/2026",
            "2 hồ sơ dưới đây đã quá hạn mà chưa có kết quả",
            "Chỉ đạo trả kết quả",
            "H37.04-261118-0001",
        )
        assert "Nhắc việc lần 3: 2 hồ sơ quá hạn" in TextOf(rendered.html).text
        assert "NHẮC VIỆC LẦN 3: 2 HỒ SƠ QUÁ HẠN" in rendered.text


class TestForm:
    def test_a_company_with_an_ampersand_keeps_its_name_in_both_parts(self, documents: Documents):
        name = "Công ty <A> & \"B\" 'C' {{7*7}} <script>alert(1)</script>"
        rendered = digest(documents, replace(LINE, applicant=name, procedure=name, code="<b>1</b>"))
        assert_says(rendered, name, "<b>1</b>")
        assert not {"script", "a"} & set(TextOf(rendered.html).tags)

    def test_no_line_of_the_text_is_longer_than_78_columns(self, documents: Documents):
        long = (
            "Công ty Trách nhiệm hữu hạn Một thành viên Đầu tư Xây dựng và Phát triển Hạ tầng Kỹ thuật Đồng Đăng " * 3
        )
        rendered = digest(documents, replace(LINE, applicant=long, procedure=long, law_due_on=WED_25), is_sample=True)
        assert max(len(line) for line in rendered.text.splitlines()) <= 78
        assert " ".join(long.split()) in " ".join(rendered.text.split())

    def test_the_text_has_no_ragged_blanks(self, documents: Documents):
        text = digest(documents, *(replace(LINE, code=f"c-{s}", status=s, is_new=True) for s in Status)).text
        assert "\n\n\n" not in text
        assert text.startswith("HỒ SƠ CẦN LƯU Ý THỨ HAI 23/11/2026\n")
        assert all(line == line.rstrip() for line in text.splitlines())

    def test_the_html_takes_nothing_from_outside_and_needs_no_style_sheet(self, documents: Documents):
        page = TextOf(digest(documents).html)
        assert not {"img", "link", "script", "style", "iframe", "a", "form", "object"} & set(page.tags)
        assert not [value for name, value in page.attributes if name in ("src", "href", "background", "srcset")]
        assert not [value for name, value in page.attributes if name == "style" and "url(" in (value or "")]

    def test_names_in_decomposed_letters_arrive_composed(self, documents: Documents):
        rendered = digest(documents, replace(LINE, applicant=normalize("NFD", "Hợp tác xã Thế Ưởng")))
        assert_says(rendered, "Hợp tác xã Thế Ưởng")
        assert all(is_normalized("NFC", part) for part in (rendered.subject, rendered.text, rendered.html))

    def test_promise_and_limit_are_not_confused_and_nobody_is_accused(self, documents: Documents):
        lines = [replace(LINE, code=f"c-{s}", status=s, law_due_on=WED_25) for s in Status]
        for person in (OFFICER, HEAD):
            for part in both(digest(documents, *lines, person=person)):
                for forbidden in ("trễ hạn", "quá hẹn", "hẹn lại", "vi phạm", "sách nhiễu", "né hạn", "ký duyệt"):
                    assert forbidden not in part.casefold()


@pytest.fixture
def site(tmp_path: Path) -> Callable[[str, str, str], Documents]:
    """The templates of an office that has changed one thing in one file."""

    def edited(name: str, old: str, new: str) -> Documents:
        templates = tmp_path / "templates"
        shutil.copytree(TEMPLATES, templates)
        text = (templates / "email" / name).read_text()
        assert old in text
        (templates / "email" / name).write_text(text.replace(old, new, 1))
        return Documents(templates)

    return edited


class TestEditedTemplates:
    def test_an_office_changes_the_words(self, site):
        assert_says(digest(site("words.j2", "Kính gửi anh/chị,", "Kính gửi quý đồng nghiệp,")), "quý đồng nghiệp")

    @pytest.mark.parametrize(
        ("name", "old", "new", "cause"),
        [
            ("words.j2", "mail.open_count %}, trong", "mail.dang_mo %}, trong", "words.j2:"),
            ("digest.subject.j2", "mail.short_day", "mail.short_day.__class__", "digest.subject.j2:2"),
            ("frame.html.j2", "{{ line.code }}", "{{ cycler.__init__.__globals__.os.popen('id') }}", "unsafe"),
            ("frame.html.j2", "{{ line.code }}", "{{ ''.__class__.__mro__ }}", "unsafe"),
            ("frame.html.j2", "{{ line.code }}", "{{ 'a' * 1000000000000 }}", "may not calculate"),
            ("frame.html.j2", "{{ line.code }}", "{{ 'a'.ljust(1000000000000) }}", "not safely callable"),
            (
                "frame.html.j2",
                "{{ line.code }}",
                "{% for n in range(1000000000) %}{% endfor %}",
                "not safely callable",
            ),
            ("frame.html.j2", "{{ line.code }}", "{{ line.code | center(1000000000000) }}", "No filter named 'center'"),
            ("frame.txt.j2", "{% endfor %}", "{% endfo %}", "frame.txt.j2:"),
            ("overdue.txt.j2", "words.overdue_title(mail)", "words.tieu_de(mail)", "overdue.txt.j2:3"),
        ],
    )
    def test_a_template_that_would_fail_or_do_harm_is_named_with_its_line(self, site, name, old, new, cause):
        problems = site(name, old, new).check()
        assert problems
        assert cause in str(problems[0])
        assert str(problems[0]).startswith("templates/email/")

    def test_a_failing_template_sends_nothing_rather_than_half_a_mail(self, site):
        with pytest.raises(MailNotMade, match=r"frame\.txt\.j2:\d+: .*'dang_mo'"):
            digest(site("frame.txt.j2", "{{ line.code }}", "{{ line.dang_mo }}"))
