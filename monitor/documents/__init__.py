"""What people read: the texts of mails and the letters on paper, made from templates that an office may edit."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.documents import samples
from monitor.documents.letter import LetterNotMade
from monitor.documents.mail import DIGEST, OVERDUE, MailView, Rendered, view_of_digest, view_of_overdue
from monitor.documents.message import MessageRefused, build_message, make_message_id
from monitor.documents.source_mail import (
    IMPORT_REPORT,
    SOURCE_LATE,
    ImportMail,
    LateMail,
    Outcome,
    RejectedCell,
    SourceView,
    view_of_import,
    view_of_late,
)
from monitor.documents.strictness import STOPPED, WRITTEN
from monitor.documents.workshop import MailNotMade, Workshop
from monitor.letter import LetterContent
from monitor.notice import Digest, OverdueMail
from monitor.organisation import Agency

__all__ = [
    "Documents",
    "ImportMail",
    "LateMail",
    "LetterNotMade",
    "MailNotMade",
    "MessageRefused",
    "Outcome",
    "Problem",
    "RejectedCell",
    "Rendered",
    "build_message",
    "make_message_id",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a template cannot be used."""

    folder: str  # "email" or "letters"
    cause: str  # with the file, and the line where there is one

    def __str__(self) -> str:
        return f"templates/{self.folder}/{self.cause}"


class Documents:
    """Mails and letters from one folder of templates; `fonts` are folders searched before those of the system.

    A mail that these templates do not allow goes out by the `shipped` ones, if these are named: nobody stands beside it
    at a quarter past seven. A letter does not: somebody has asked for it, and is told what to mend.
    """

    def __init__(self, templates: Path, *, fonts: Sequence[Path] = (), shipped: Path | None = None) -> None:
        self._templates = templates
        self._shipped = shipped
        self._workshop = Workshop(fonts)
        self._lamented: set[str] = set()

    def digest(self, digest: Digest, agency: Agency) -> Rendered:
        """One person's morning mail."""
        return self._mail(DIGEST, view_of_digest(digest, agency))

    def overdue(self, mail: OverdueMail, agency: Agency) -> Rendered:
        """The immediate mail about dossiers found overdue."""
        return self._mail(OVERDUE, view_of_overdue(mail, agency))

    def import_report(self, mail: ImportMail, agency: Agency) -> Rendered:
        """The report of an import to one of those who answer for its source."""
        return self._mail(IMPORT_REPORT, view_of_import(mail, agency))

    def source_late(self, mail: LateMail, agency: Agency) -> Rendered:
        """That no file of the day has come."""
        return self._mail(SOURCE_LATE, view_of_late(mail, agency))

    def letter_pdf(self, content: LetterContent, *, printed_on: datetime) -> bytes:
        """The apology as PDF/A-2b; the same content and moment give the same bytes."""
        return self._workshop.letter(self._templates, content, printed_on)

    def check(self) -> tuple[Problem, ...]:
        """Everything that is wrong with the templates, found by using each with invented dossiers of every kind."""
        return tuple(dict.fromkeys((*self._mail_problems(), *self._letter_problems())))

    def _mail(self, name: str, view: MailView | SourceView) -> Rendered:
        try:
            return self._workshop.mail(self._templates, name, view)
        except MailNotMade as problem:
            if self._shipped is None:
                raise
            self._lament(str(Problem("email", str(problem))))
        return self._workshop.mail(self._shipped, name, view)

    def _lament(self, problem: str) -> None:
        """Say once what is wrong, not with every mail."""
        if problem not in self._lamented:
            self._lamented.add(problem)
            told = "%s; until it is mended, mail goes out by the template that came with the program"
            log.error(told, problem, extra={"action": "template"})

    def _mail_problems(self) -> Iterator[Problem]:
        agency = samples.AGENCY
        views: list[tuple[str, MailView | SourceView]] = []
        views += [(DIGEST, view_of_digest(one, agency)) for one in samples.digests()]
        views += [(OVERDUE, view_of_overdue(one, agency)) for one in samples.overdue_mails()]
        views += [(IMPORT_REPORT, view_of_import(one, agency)) for one in samples.import_mails()]
        views += [(SOURCE_LATE, view_of_late(one, agency)) for one in samples.late_mails()]
        for name, view in views:
            answers = self._workshop.try_mail(self._templates, name, view)
            yield from (Problem("email", str(said)) for kind, said in answers if kind != WRITTEN)
            if answers[-1][0] == STOPPED:
                return  # the others would take as long

    def _letter_problems(self) -> Iterator[Problem]:
        for content in samples.letters():
            [(kind, said)] = self._workshop.try_letter(self._templates, content, samples.MORNING)
            if kind != WRITTEN:
                yield Problem("letters", str(said))
            if kind == STOPPED:
                return
