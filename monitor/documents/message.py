"""A rendered mail as the bytes that travel: the same input gives the same bytes, so that a retry is the same mail."""

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from monitor.documents.mail import Rendered
from monitor.errors import MonitorError

# Line ends of any kind, and what else no header of ours has a use for.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


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
    """The whole message with CRLF line ends; who it is for stands in To and nowhere else."""
    headers = {
        "From": sender,
        "To": _addressed(to_name, to_address),
        "Reply-To": reply_to,
        "Subject": rendered.subject,
        "Date": format_datetime(dated_at),
        "Message-ID": message_id,
        "List-Id": f"<dung-hen.{message_id.rpartition('@')[2].rstrip('>')}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's out-of-office answers it
        "X-Auto-Response-Suppress": "All",  # the same for Exchange
        "Content-Language": "vi",
    }
    message = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        if value is not None:
            _set(message, name, value)
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    # "=_" never occurs in quoted-printable, so no text can be taken for the boundary.
    message.set_boundary(f"=_{sha256(message_id.encode()).hexdigest()[:32]}")
    return message.as_bytes()


def make_message_id(kind: str, person: str, key: str, domain: str) -> str:
    """The identifier of a message, the same whenever it is made for the same person and key, and telling neither."""
    if not _DOMAIN.fullmatch(domain):
        raise MessageRefused(f"{domain!r} is not a domain name that can stand in a Message-ID")
    told = "\0".join((kind, person, key))
    return f"<{sha256(told.encode()).hexdigest()[:32]}@{domain}>"


def _addressed(name: str, address: str) -> str:
    for value in (name, address):
        _refuse_control("To", value)
    try:
        return str(Address(display_name=name, addr_spec=address))
    except (MessageError, ValueError, IndexError) as problem:
        raise MessageRefused(f"To: {address!r} is not an e-mail address") from problem


def _set(message: EmailMessage, name: str, value: str) -> None:
    _refuse_control(name, value)
    message[name] = value


def _refuse_control(header: str, value: str) -> None:
    if _CONTROL.search(value):
        raise MessageRefused(f"{header}: a line end or control character in {value!r}")
