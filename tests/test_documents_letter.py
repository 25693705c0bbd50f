"""The apology on paper: what the citizen reads, and the form that Nghị định 30/2020/NĐ-CP gives it."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from unicodedata import normalize

import pytest
from pypdf import PdfReader

from monitor.documents import Documents, LetterNotMade
from monitor.letter import TITLE, LetterContent, Signer

TEMPLATES = Path(__file__).parent.parent / "templates"
PRINTED_ON = datetime(2026, 11, 23, 9, 5, tzinfo=timezone(timedelta(hours=7)))
MILLIMETRE = 72 / 25.4

CITIZEN = LetterContent(
    parent_agency="UBND tỉnh Lạng Sơn",
    agency="Sở Tài chính tỉnh Lạng Sơn",
    symbol="PXL-STC",
    place="Lạng Sơn",
    month_year="11/2026",
    title=TITLE,
    recipient="Ông Nguyễn Văn An",
    recipient_address="số 12, đường Trần Đăng Ninh, phường Tam Thanh, tỉnh Lạng Sơn",
    recipient_phone="0912 000 001",
    received="08 giờ 30 phút, ngày 18/11/2026",
    procedure="Đăng ký thành lập công ty TNHH một thành viên",
    dossier_code="H37.04-261118-0012",
    promised="17 giờ 00 phút, ngày 20/11/2026",
    is_overdue=True,
    reason="hồ sơ cần xác minh thêm địa chỉ trụ sở chính với cơ quan quản lý đất đai.",
    new_date="thứ Sáu, ngày 27/11/2026",
    collect_at="Bộ phận Một cửa của Sở Tài chính (07:30–11:30 và 13:30–17:00, thứ Hai đến thứ Sáu)",
    contact="bà Nguyễn Thị Bích Ngọc, Trưởng phòng Đăng ký kinh doanh, điện thoại 0205 000 0013",
    complaint_contact="Văn phòng Sở Tài chính, điện thoại 0205 000 0001",
    copies_to=("Như trên", "Trung tâm Phục vụ hành chính công tỉnh Lạng Sơn", "Lưu: VT, ĐKKD"),
    signer=Signer(authority=("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), name="Hoàng Văn Quang Vinh"),
)
LONG_COMPANY = (
    "Công ty Trách nhiệm hữu hạn Một thành viên Đầu tư Xây dựng, Thương mại, Dịch vụ Xuất nhập khẩu và Phát triển "
    "Hạ tầng Kỹ thuật Khu kinh tế Cửa khẩu Đồng Đăng – Lạng Sơn & Cộng sự Việt Nam (LASODECO) Hưng Thịnh"
)
LONG_PROCEDURE = (
    "Điều chỉnh chủ trương đầu tư và cấp giấy chứng nhận đăng ký đầu tư đối với dự án không thuộc diện chấp thuận chủ "
    "trương đầu tư của Ủy ban nhân dân cấp tỉnh trong trường hợp nhà đầu tư chuyển nhượng một phần hoặc toàn bộ dự án "
    "đầu tư theo quy định tại Điều 46 Luật Đầu tư, Điều 48 Nghị định số 31/2021/NĐ-CP của Chính phủ và các văn bản sửa "
    "đổi, bổ sung, thay thế có liên quan đến dự án"
)


@pytest.fixture(scope="module")
def documents() -> Documents:
    return Documents(TEMPLATES)


@pytest.fixture
def site(tmp_path: Path) -> Callable[[str, str, str], Documents]:
    """The templates of an office that has changed one thing in one file."""

    def edited(name: str, old: str, new: str) -> Documents:
        templates = tmp_path / "templates"
        shutil.copytree(TEMPLATES, templates)
        text = (templates / name).read_text()
        assert old in text
        (templates / name).write_text(text.replace(old, new))
        return Documents(templates)

    return edited


def pages(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


def read(documents: Documents, content: LetterContent) -> str:
    return " ".join(pages(documents.letter_pdf(content, printed_on=PRINTED_ON)))


class TestWords:
    def test_the_citizen_reads_every_field_in_the_order_of_the_form(self, documents: Documents):
        text = read(documents, CITIZEN)
        in_order = [
            "UBND TỈNH LẠNG SƠN",
            "SỞ TÀI CHÍNH TỈNH LẠNG SƠN",
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "Độc lập - Tự do - Hạnh phúc",
            "Số: ……/PXL-STC",
            "Lạng Sơn, ngày …… tháng 11 năm 2026",
            "VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT",
            "Kính gửi: Ông Nguyễn Văn An",
            "Địa chỉ: số 12, đường Trần Đăng Ninh, phường Tam Thanh, tỉnh Lạng Sơn",
            "Điện thoại: 0912 000 001",
            "Đăng ký thành lập công ty TNHH một thành viên; mã hồ sơ: H37.04-261118-0012",
            "08 giờ 30 phút, ngày 18/11/2026",
            "hẹn trả kết quả: 17 giờ 00 phút, ngày 20/11/2026",
            "chưa trả kết quả",
            "Lý do: hồ sơ cần xác minh thêm địa chỉ trụ sở chính với cơ quan quản lý đất đai.",
            "chân thành xin lỗi Ông/Bà vì sự chậm trễ này",
            "thứ Sáu, ngày 27/11/2026, tại Bộ phận Một cửa của Sở Tài chính",
            "Ông/Bà không phải nộp thêm giấy tờ hoặc đi lại trước ngày hẹn mới.",
            "bà Nguyễn Thị Bích Ngọc, Trưởng phòng Đăng ký kinh doanh, điện thoại 0205 000 0013",
            "Văn phòng Sở Tài chính, điện thoại 0205 000 0001",
            "của Ông/Bà./.",
            "Nơi nhận: - Như trên; - Trung tâm Phục vụ hành chính công tỉnh Lạng Sơn; - Lưu: VT, ĐKKD.",
            "KT. GIÁM ĐỐC PHÓ GIÁM ĐỐC Hoàng Văn Quang Vinh",
        ]
        assert [words for words in in_order if words not in text] == []
        places = [text.index(words) for words in in_order]
        assert places == sorted(places)

    def test_before_the_day_has_passed_the_letter_says_that_it_is_expected_to_be_late(self, documents: Documents):
        text = read(documents, replace(CITIZEN, is_overdue=False))
        assert "dự kiến không trả được kết quả giải quyết hồ sơ cho Ông/Bà theo đúng thời gian đã hẹn" in text
        assert "Đến nay" not in text

    def test_a_company_is_addressed_as_one(self, documents: Documents):
        text = read(documents, replace(CITIZEN, recipient="Công ty Cổ phần Kỳ Lừa"))
        assert "Kính gửi: Công ty Cổ phần Kỳ Lừa" in text
        assert "Quý đơn vị không phải nộp thêm giấy tờ" in text
        assert "Ông/Bà" not in text

    def test_a_name_alone_is_addressed_politely(self, documents: Documents):
        assert "Kính gửi: Ông/Bà Bàn Thị Sao" in read(documents, replace(CITIZEN, recipient="Bàn Thị Sao"))

    def test_a_company_with_an_ampersand_keeps_its_name_in_the_letter(self, documents: Documents):
        name = "Công ty TNHH A & B <Sài Gòn> “Số 1”"
        assert f"Kính gửi: {name}" in read(documents, replace(CITIZEN, recipient=name))

    @pytest.mark.parametrize(
        "typed",
        [
            '#panic("x")',
            "= Tiêu đề",
            "- gạch đầu dòng",
            "+ một",
            "*đậm* _nghiêng_ **rất đậm**",
            "$x^2$ và `mã`",
            "{{7*7}} {% if x %}",
            "@tham-chieu <nhan> // chú thích",
            "tỷ lệ 50% & #let x = 1",
            'it\'s "đúng" -- thật...',
            "https://vi.example/?a=1&b=2",
            "\\n \\u{41}",
        ],
    )
    def test_nothing_that_a_person_types_is_taken_for_an_instruction(self, documents: Documents, typed: str):
        text = read(documents, replace(CITIZEN, reason=typed, procedure=typed))
        assert f"Lý do: {typed}" in text
        assert f"thủ tục hành chính: {typed}; mã hồ sơ" in text

    def test_names_in_decomposed_letters_print_as_whole_ones(self, documents: Documents):
        decomposed = normalize("NFD", "Ông Nguyễn Thế Ưởng")
        assert "Kính gửi: Ông Nguyễn Thế Ưởng" in read(documents, replace(CITIZEN, recipient=decomposed))

    def test_a_reason_typed_over_several_lines_is_one_paragraph(self, documents: Documents):
        text = read(documents, replace(CITIZEN, reason="chờ ý kiến\n\n\tcủa Sở Xây dựng."))
        assert "Lý do: chờ ý kiến của Sở Xây dựng." in text

    def test_a_sentence_ends_with_one_full_stop_however_it_was_typed(self, documents: Documents):
        text = read(documents, replace(CITIZEN, reason="chờ ý kiến", contact="bà Ngọc.", complaint_contact="ông Sơn ."))
        assert "Lý do: chờ ý kiến. Sở Tài chính" in text
        assert "liên hệ: bà Ngọc. Phản ánh" in text
        assert "xin gửi: ông Sơn. Sở Tài chính" in text

    @pytest.mark.parametrize(
        ("month_year", "said"),
        [("01/2027", "tháng 01 năm 2027"), ("2/2027", "tháng 02 năm"), ("03/2027", "tháng 3 năm")],
    )
    def test_january_and_february_have_a_leading_zero_and_other_months_none(self, documents, month_year, said):
        assert said in read(documents, replace(CITIZEN, month_year=month_year))

    def test_without_address_and_telephone_nothing_stands_in_their_place(self, documents: Documents):
        text = read(documents, replace(CITIZEN, recipient_address=None, recipient_phone=None))
        assert "Kính gửi: Ông Nguyễn Văn An Sở Tài chính" in text
        assert "None" not in text

    def test_a_sample_says_so_across_the_page_and_a_real_letter_does_not(self, documents: Documents):
        sample = read(documents, replace(CITIZEN, is_sample=True))
        assert "MẪU" in sample
        assert "BẢN MẪU – dữ liệu hư cấu, không có giá trị sử dụng" in sample
        assert "MẪU" not in read(documents, CITIZEN)

    def test_a_second_print_says_so(self, documents: Documents):
        assert "BẢN IN LẠI" in read(documents, replace(CITIZEN, is_reprint=True))
        assert "BẢN IN LẠI" not in read(documents, CITIZEN)

    def test_the_old_and_the_new_name_of_the_letter_are_not_mixed_and_nobody_is_accused(self, documents: Documents):
        for content in (CITIZEN, replace(CITIZEN, is_overdue=False)):
            text = read(documents, content).casefold()
            for forbidden in ("hẹn lại", "trễ hạn", "quá hẹn", "vi phạm", "sách nhiễu", "trân trọng./."):
                assert forbidden not in text


class Paper:
    """Where things stand on the first page, in points from its upper left corner."""

    def __init__(self, pdf: bytes, folder: Path) -> None:
        (folder / "letter.pdf").write_bytes(pdf)
        boxes = subprocess.run(
            ["pdftotext", "-bbox", "-f", "1", "-l", "1", "letter.pdf", "-"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        word = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*)</word>')
        self.words = [(*map(float, found[:4]), found[4]) for found in word.findall(boxes)]
        self.rules: list[tuple[float, float, float]] = []  # left, right, height of each drawn line
        page = PdfReader(BytesIO(pdf)).pages[0]
        self.height = float(page.mediabox.height)

        def see(operator: bytes, arguments: list, matrix: list, _: list) -> None:
            if operator == b"l":
                self.rules.append((matrix[4], matrix[4] + float(arguments[0]), self.height - matrix[5]))

        page.extract_text(visitor_operand_before=see)

    def span(self, first: str, last: str) -> tuple[float, float, float]:
        """Left, right and lower edge of the line that begins and ends with these words."""
        start = next(word for word in self.words if word[4] == first)
        end = next(
            word for word in self.words if word[4] == last and abs(word[1] - start[1]) < 3 and word[0] >= start[0]
        )
        return start[0], end[2], end[3]


@pytest.fixture(scope="module")
def paper(documents: Documents, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    return Paper(documents.letter_pdf(CITIZEN, printed_on=PRINTED_ON), tmp_path_factory.mktemp("paper"))


class TestForm:
    def test_the_paper_is_a4_with_the_margins_of_the_decree(self, paper: Paper):
        left = min(word[0] for word in paper.words) / MILLIMETRE
        right = (595.28 - max(word[2] for word in paper.words)) / MILLIMETRE
        top = min(word[1] for word in paper.words) / MILLIMETRE
        bottom = (paper.height - max(word[3] for word in paper.words)) / MILLIMETRE
        assert left == pytest.approx(30, abs=0.5)
        assert right == pytest.approx(20, abs=0.5)
        assert top == pytest.approx(20, abs=0.5)
        assert bottom >= 20

    def test_the_line_under_the_motto_is_as_long_as_the_motto_and_centred_under_it(self, paper: Paper):
        left, right, bottom = paper.span("Độc", "phúc")
        rule = paper.rules[1]
        assert rule[0] == pytest.approx(left, abs=1)
        assert rule[1] == pytest.approx(right, abs=1)
        assert bottom - 1 < rule[2] < bottom + 5

    def test_the_line_under_the_agency_is_a_third_to_half_of_its_name_and_centred_under_it(self, paper: Paper):
        left, right, bottom = paper.span("SỞ", "SƠN")
        rule = paper.rules[0]
        assert 1 / 3 <= (rule[1] - rule[0]) / (right - left) <= 1 / 2
        assert (rule[0] + rule[1]) / 2 == pytest.approx((left + right) / 2, abs=1)
        assert bottom - 1 < rule[2] < bottom + 5

    def test_the_motto_is_centred_under_the_name_of_the_state(self, paper: Paper):
        nation, motto = paper.span("CỘNG", "NAM"), paper.span("Độc", "phúc")
        assert sum(nation[:2]) == pytest.approx(sum(motto[:2]), abs=2)

    def test_a_paragraph_begins_1_27_cm_in_and_its_lines_fill_the_width(self, paper: Paper):
        left, right, _ = paper.span("Sở", "giải")
        assert left / MILLIMETRE == pytest.approx(30 + 12.7, abs=0.5)
        assert right / MILLIMETRE == pytest.approx(210 - 20, abs=0.5)

    def test_the_size_of_each_part(self, documents: Documents):
        sizes: dict[str, float] = {}

        def see(text: str, matrix: list, _: list, font: dict | None, size: float) -> None:
            for words in ("CỘNG HÒA", "Độc lập", "SỞ TÀI", "VĂN BẢN", "Lý do", "Nơi nhận", "- Như trên", "Hoàng Văn"):
                if words in text:
                    sizes[words] = round(size * abs(matrix[3] or 1), 1)

        pdf = documents.letter_pdf(CITIZEN, printed_on=PRINTED_ON)
        PdfReader(BytesIO(pdf)).pages[0].extract_text(visitor_text=see)
        assert sizes == {
            "CỘNG HÒA": 12,
            "Độc lập": 13,
            "SỞ TÀI": 12,
            "VĂN BẢN": 14,
            "Lý do": 14,
            "Nơi nhận": 12,
            "- Như trên": 11,
            "Hoàng Văn": 14,
        }

    def test_a_usual_letter_takes_one_page(self, documents: Documents):
        assert len(pages(documents.letter_pdf(CITIZEN, printed_on=PRINTED_ON))) == 1
        long_name = replace(CITIZEN, recipient=LONG_COMPANY, procedure=LONG_PROCEDURE)
        assert len(pages(documents.letter_pdf(long_name, printed_on=PRINTED_ON))) == 1

    @pytest.mark.parametrize(
        ("times", "sheets"), [(4, 1), (7, 1), (9, 1), (10, 2), (11, 2), (13, 2), (16, 2), (22, 2), (47, 3), (49, 3)]
    )
    def test_a_signature_never_stands_alone_and_the_second_page_has_its_number(self, documents, times, sheets):
        content = replace(CITIZEN, recipient=LONG_COMPANY, procedure=LONG_PROCEDURE, reason=CITIZEN.reason * times)
        printed = pages(documents.letter_pdf(content, printed_on=PRINTED_ON))
        assert len(printed) == sheets
        assert "hợp tác của Quý đơn vị./. Nơi nhận:" in printed[-1]
        assert "Hoàng Văn Quang Vinh" in printed[-1]
        assert [page.startswith(f"{number} ") for number, page in enumerate(printed, start=1)] == [False, True, True][
            :sheets
        ]

    def test_a_long_agency_name_wraps_beside_the_name_of_the_state(self, documents: Documents, tmp_path: Path):
        name = "Ban Quản lý Khu kinh tế cửa khẩu Đồng Đăng – Lạng Sơn và các khu công nghiệp"
        paper = Paper(documents.letter_pdf(replace(CITIZEN, agency=name), printed_on=PRINTED_ON), tmp_path)
        nation = paper.span("CỘNG", "NAM")
        number = next(word for word in paper.words if word[4] == "Số:")
        head = [word for word in paper.words if word[3] < number[1] and word[0] < 280]
        assert max(word[2] for word in head) < nation[0]
        assert " ".join(word[4] for word in head).endswith("VÀ CÁC KHU CÔNG NGHIỆP")


class TestFile:
    def test_the_same_letter_is_the_same_file_whenever_and_by_whomever_it_is_printed(self, documents: Documents):
        again = Documents(TEMPLATES).letter_pdf(CITIZEN, printed_on=PRINTED_ON)
        assert documents.letter_pdf(CITIZEN, printed_on=PRINTED_ON) == again

    def test_the_file_is_made_to_be_kept_and_names_no_citizen_outside_its_text(self, documents: Documents):
        pdf = documents.letter_pdf(CITIZEN, printed_on=PRINTED_ON)
        reader = PdfReader(BytesIO(pdf))
        assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in pdf
        assert reader.metadata.creation_date == datetime(2026, 11, 23, 2, 5, tzinfo=timezone.utc)  # noqa: UP017  # 09:05 here
        assert reader.metadata.title == TITLE
        assert "Nguyễn Văn An" not in str(reader.metadata)

    def test_the_face_travels_with_the_file(self, documents: Documents):
        resources = PdfReader(BytesIO(documents.letter_pdf(CITIZEN, printed_on=PRINTED_ON))).pages[0]["/Resources"]
        fonts = [font.get_object()["/DescendantFonts"][0].get_object() for font in resources["/Font"].values()]
        assert len(fonts) == 4
        assert all("/FontFile2" in font["/FontDescriptor"].get_object() for font in fonts)

    @pytest.mark.parametrize("sign", ["漢", "♁"])  # the second one is in a face beside ours, but not in ours
    def test_a_sign_that_the_face_cannot_write_stops_the_letter(self, documents: Documents, sign: str):
        with pytest.raises(LetterNotMade, match=rf"H37\.04-261118-0012.*{sign}"):
            documents.letter_pdf(replace(CITIZEN, reason=f"chữ {sign}"), printed_on=PRINTED_ON)


class TestEditedTemplates:
    def test_the_templates_that_we_ship_are_fit_for_use(self, documents: Documents):
        assert documents.check() == ()

    def test_an_office_changes_the_words(self, site):
        documents = site("letters/xin-loi.toml", "chân thành xin lỗi", "thành thật xin lỗi")
        assert "thành thật xin lỗi Ông/Bà" in read(documents, CITIZEN)

    @pytest.mark.parametrize(
        ("name", "old", "new", "cause"),
        [
            ("letters/xin-loi.toml", "{{ reason }}", "{{ ly_do }}", "'ly_do' is undefined"),
            ("letters/xin-loi.toml", "{{ reason }}", "{{ 6 * 7 }}", "may not calculate"),
            ("letters/xin-loi.toml", "{{ reason }}", "{{ reason.__class__ }}", "unsafe"),
            ("letters/xin-loi.toml", "{{ reason }}", "{{ reason.upper() }}", "not safely callable"),
            ("letters/xin-loi.toml", "{{ reason }}", "{{ reason", "“Lý do: {{ reason”"),
            ("letters/xin-loi.toml", "**{{ new_date }}**", "**{{ new_date }}", "none closes them"),
            ("letters/xin-loi.toml", 'motto = "', 'khau_hieu = "', "motto is missing"),
            ("letters/xin-loi.toml", "paragraphs = [", "paragraphs = ", "xin-loi.toml"),
            ("letters/xin-loi.typ", "letter.motto", "letter.khau-hieu", "khau-hieu"),
            ("letters/xin-loi.typ", "#context {", "#context ({", "xin-loi.typ"),
        ],
    )
    def test_a_template_that_would_fail_is_named_before_a_citizen_waits(self, site, name, old, new, cause):
        problems = site(name, old, new).check()
        assert problems
        assert {problem.folder for problem in problems} == {"letters"}
        assert cause in str(problems[0])

    def test_a_layout_with_an_unknown_face_prints_nothing(self, site):
        documents = site("letters/xin-loi.typ", "font: letter.font,", 'font: "Arial Narrow Special",')
        with pytest.raises(LetterNotMade, match="arial narrow special"):
            documents.letter_pdf(CITIZEN, printed_on=PRINTED_ON)

    def test_a_layout_cannot_read_files_outside_its_folder(self, site, tmp_path: Path):
        (tmp_path / "secret.txt").write_text("bí mật")
        documents = site("letters/xin-loi.typ", "#let marks", '#read("../../secret.txt")\n#let marks')
        with pytest.raises(LetterNotMade):
            documents.letter_pdf(CITIZEN, printed_on=PRINTED_ON)
