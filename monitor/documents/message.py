"""A rendered mail as the bytes that travel: the same input gives the same bytes, so that a retry is the same mail."""

import re
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from hashlib import sha256

from monitor.documents.mail import Rendered
from monitor.errors import MonitorError

# Line ends of any kind, and what else no header of ours has a use for.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
_LINE_LENGTH = 76


class MessageRefused(MonitorError):
    """A header that would be read as something else than what it says."""


def build_message(
    rendered: Rendered,
    *,
    sender: str,
    to_address: str,
    message_id: str,
    dated_at: datetime,
    reply_to: str | None = None,
    to_name: str = "",
) -> bytes:
    """The whole message with CRLF line ends; who it is for stands in To and nowhere else.

    The headers are folded here: Python's own policy, before 3.13, loses a space where it folds a Vietnamese subject.
    """
    headers = [
        ("From", _mailbox("From", *parseaddr(_clean("From", sender)))),
        ("To", _mailbox("To", to_name, to_address)),
        ("Subject", _encoded("Subject", rendered.subject)),
        ("Date", format_datetime(dated_at)),
        ("Message-ID", _clean("Message-ID", message_id)),
        ("List-Id", f"<dung-hen.{message_id.rpartition('@')[2].rstrip('>')}>"),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834: nobody's out-of-office answers it
        ("X-Auto-Response-Suppress", "All"),  # the same for Exchange
        ("Content-Language", "vi"),
    ]
    if reply_to is not None:
        headers.insert(2, ("Reply-To", _mailbox("Reply-To", *parseaddr(_clean("Reply-To", reply_to)))))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode("ascii") + _body(rendered, message_id)


def make_message_id(kind: str, person: str, key: str, domain: str) -> str:
    """The identifier of a message, the same whenever it is made for the same person and key, and telling neither."""
    if not _DOMAIN.fullmatch(domain):
        raise MessageRefused(f"{domain!r} is not a domain name that can stand in a Message-ID")
    told = "\0".join((kind, person, key))
    return f"<{sha256(told.encode()).hexdigest()[:32]}@{domain}>"


def _body(rendered: Rendered, message_id: str) -> bytes:
    """Both parts with the headers of MIME; the boundary is not drawn by lot but made from the Message-ID."""
    message = EmailMessage(policy=SMTP)
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    # "=_" never occurs in quoted-printable, so no text can be taken for the boundary.
    message.set_boundary(f"=_{sha256(message_id.encode()).hexdigest()[:32]}")
    return message.as_bytes()


def _mailbox(header: str, name: str, address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise MessageRefused(f"{header}: {address!r} is not an e-mail address")
    if _clean(header, name).isascii():
        return formataddr((name, address))
    return f"{_encoded(header, name)} <{address}>"


def _encoded(header: str, value: str) -> str:
    """A text as RFC 2047 wants it, on as many lines as it needs."""
    text = Header(_clean(header, value), "utf-8", maxlinelen=_LINE_LENGTH, header_name=header)
    return text.encode(linesep="\r\n")


def _clean(header: str, value: str) -> str:
    if _CONTROL.search(value):
        raise MessageRefused(f"{header}: a line end or control character in {value!r}")
    return value
