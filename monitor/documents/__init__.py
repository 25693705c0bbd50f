"""What people read: the texts of mails and the letters on paper, made from templates that an office may edit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.documents import samples
from monitor.documents.letter import LetterNotMade, LetterPress
from monitor.documents.mail import (
    DIGEST,
    OVERDUE,
    MailNotMade,
    MailRoom,
    Rendered,
    view_of_digest,
    view_of_overdue,
)
from monitor.documents.message import MessageRefused, build_message, make_message_id
from monitor.errors import MonitorError
from monitor.letter import LetterContent
from monitor.notice import Digest, OverdueMail
from monitor.organisation import Agency

__all__ = [
    "Documents",
    "LetterNotMade",
    "MailNotMade",
    "MessageRefused",
    "Problem",
    "Rendered",
    "build_message",
    "make_message_id",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a template cannot be used."""

    folder: str  # "email" or "letters"
    cause: str  # with the file, and the line where there is one

    def __str__(self) -> str:
        return f"templates/{self.folder}/{self.cause}"


class Documents:
    """Mails and letters from one folder of templates; `fonts` are folders searched before those of the system."""

    def __init__(self, templates: Path, *, fonts: Sequence[Path] = ()) -> None:
        self._mails = MailRoom(templates / "email")
        self._letters = LetterPress(templates / "letters", fonts)

    def digest(self, digest: Digest, agency: Agency) -> Rendered:
        """One person's morning mail."""
        return self._mails.digest(digest, agency)

    def overdue(self, mail: OverdueMail, agency: Agency) -> Rendered:
        """The immediate mail about dossiers found overdue."""
        return self._mails.overdue(mail, agency)

    def letter_pdf(self, content: LetterContent, *, printed_on: datetime) -> bytes:
        """The apology as PDF/A-2b; the same content and moment give the same bytes."""
        return self._letters.print(content, printed_on=printed_on)

    def check(self) -> tuple[Problem, ...]:
        """Everything that is wrong with the templates, found by using each with invented dossiers of every kind."""
        return tuple(dict.fromkeys(self._problems()))

    def _problems(self) -> Iterator[Problem]:
        views = [(DIGEST, view_of_digest(one, samples.AGENCY)) for one in samples.digests()]
        views += [(OVERDUE, view_of_overdue(one, samples.AGENCY)) for one in samples.overdue_mails()]
        for name, view in views:
            yield from (Problem("email", fault) for fault in self._mails.faults(name, view))
        for content in samples.letters():
            try:
                self._letters.print(content, printed_on=samples.MORNING)
            except MonitorError as problem:
                yield Problem("letters", str(problem))
