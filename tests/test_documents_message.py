"""The bytes of a mail: the same at every attempt, readable everywhere, without a header that somebody slipped in."""

from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from monitor.documents import MessageRefused, Rendered, build_message, make_message_id

MAIL = Rendered(
    subject="[3 quá hạn · 5 hôm nay] Một cửa – Sở Tài chính – 23/11",
    text="Hồ sơ của Công ty A & B\n.\n--=_ không phải ranh giới\nFrom nay\n",
    html="<p>Hồ sơ của Công ty A &amp; B</p>\n",
)
DATED_AT = datetime(2026, 11, 23, 7, 15, tzinfo=timezone(timedelta(hours=7)))


def build(rendered: Rendered = MAIL, **changes: str | None) -> bytes:
    headers = {
        "sender": "Đúng Hẹn <dunghen@stc.example>",
        "to_name": "Nguyễn Thị Ngọc",
        "to_address": "ngoc@stc.example",
        "message_id": "<0123456789abcdef@stc.example>",
        "reply_to": "vanphong@stc.example",
    } | changes
    return build_message(rendered, dated_at=DATED_AT, **headers)


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def test_both_parts_arrive_as_they_were_written():
    message = read(build())
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == MAIL.text
    assert html.get_content().replace("\r\n", "\n") == MAIL.html


def test_the_headers_say_who_when_and_that_no_machine_should_answer():
    message = read(build())
    assert message["From"] == "Đúng Hẹn <dunghen@stc.example>"
    assert message["To"] == "Nguyễn Thị Ngọc <ngoc@stc.example>"
    assert message["Reply-To"] == "vanphong@stc.example"
    assert message["Subject"] == "[3 quá hạn · 5 hôm nay] Một cửa – Sở Tài chính – 23/11"
    assert message["Date"] == "Mon, 23 Nov 2026 07:15:00 +0700"
    assert message["Message-ID"] == "<0123456789abcdef@stc.example>"
    assert message["List-Id"] == "<dung-hen.stc.example>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_same_mail_is_the_same_bytes_at_every_attempt():
    assert build() == build()


def test_every_line_fits_smtp_and_is_plain_ascii():
    content = build(Rendered(subject="Sắp đến hạn " * 40, text="ễ" * 5000 + "\n", html="<p>" + "ễ" * 5000 + "</p>\n"))
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert read(content)["Subject"] == "Sắp đến hạn " * 40


def test_the_reader_is_named_in_to_and_nowhere_else():
    rest = read(build())
    del rest["To"]
    assert "Ngọc" not in str(rest["Subject"]) + str(rest["Message-ID"])
    assert b"ngoc@stc.example" not in rest.as_bytes()


@pytest.mark.parametrize("length", range(40, 90))
def test_no_subject_loses_a_space_where_its_lines_are_folded(length: int):
    subject = (
        "[3 quá hạn · 5 hôm nay · 12 sắp đến hạn] Một cửa – Ban Quản lý Khu kinh tế cửa khẩu Đồng Đăng"[:length]
    ).strip()
    assert read(build(Rendered(subject=subject, text="a\n", html="a\n")))["Subject"] == subject


def test_a_long_name_in_to_stays_whole():
    name = "Hoàng Nguyễn Thị Phương Thảo Nguyên, Phó Trưởng phòng Quản lý đầu tư ngoài ngân sách"
    # Read as RFC 2047 wants it; Python's newer parser puts spaces between the pieces of a name.
    assert (
        str(make_header(decode_header(message_from_bytes(build(to_name=name))["To"]))) == f"{name} <ngoc@stc.example>"
    )


def test_without_a_reply_address_there_is_no_such_header():
    assert read(build(reply_to=None))["Reply-To"] is None


@pytest.mark.parametrize("evil", ["a\r\nBcc: x@evil.example", "a\nBcc: x@evil.example", "a\rb", "a\x00b", "a\u2028b"])
@pytest.mark.parametrize("header", ["sender", "to_name", "to_address", "message_id", "reply_to"])
def test_a_line_end_in_a_header_is_refused(header: str, evil: str):
    with pytest.raises(MessageRefused):
        build(**{header: evil})


@pytest.mark.parametrize("evil", ["a\r\nBcc: x@evil.example", "a\nBcc: x@evil.example", "a\x85b"])
def test_a_line_end_in_a_subject_is_refused(evil: str):
    with pytest.raises(MessageRefused):
        build(Rendered(subject=evil, text="", html=""))


@pytest.mark.parametrize("address", ["ngoc", "", "ngoc@", "a@b, c@d", "<ngoc@stc.example>"])
def test_what_is_no_single_address_is_refused(address: str):
    with pytest.raises(MessageRefused):
        build(to_address=address)


class TestMessageId:
    def test_it_is_the_same_for_the_same_mail_and_another_for_any_other(self):
        first = make_message_id("digest", "ngoc", "2026-11-23", "stc.example")
        assert first == make_message_id("digest", "ngoc", "2026-11-23", "stc.example")
        others = {
            make_message_id("overdue", "ngoc", "2026-11-23", "stc.example"),
            make_message_id("digest", "binh", "2026-11-23", "stc.example"),
            make_message_id("digest", "ngoc", "2026-11-24", "stc.example"),
            make_message_id("digest", "ngoc2", "026-11-23", "stc.example"),
        }
        assert len(others | {first}) == 5

    def test_it_tells_nobody_who_it_is_for(self):
        assert "ngoc" not in make_message_id("digest", "ngoc", "2026-11-23", "stc.example")

    @pytest.mark.parametrize("domain", ["", "a b", "stc.example>\r\nBcc: x", "sở.vn"])
    def test_a_domain_that_cannot_stand_there_is_refused(self, domain: str):
        with pytest.raises(MessageRefused):
            make_message_id("digest", "ngoc", "2026-11-23", domain)
