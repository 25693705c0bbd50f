"""Where mails and letters are made: a child process under limits, since nobody vouches for an edited template."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from monitor.confinement import Broken, Cause, Confined, Limits
from monitor.documents.child import LetterJob, MailJob
from monitor.documents.letter import LAYOUT, LetterNotMade
from monitor.documents.mail import MailView, Rendered
from monitor.documents.source_mail import SourceView
from monitor.documents.strictness import STOPPED, TOO_LONG, TOO_MUCH, WRITTEN
from monitor.documents.writing import PARTS
from monitor.errors import MonitorError
from monitor.letter import LetterContent

_MEMORY = 256 << 20
_WAITING_SECONDS = 60.0  # however busy the machine is
_LINES_A_SECOND = 500  # of a mail; measured 6,000
_BROKEN = {
    Cause.LATE: TOO_LONG,
    Cause.SPENT: TOO_LONG,
    Cause.HUNGRY: TOO_MUCH,
    Cause.DIED: f"{TOO_MUCH}, or the typesetter breaks on it",
}

Answer = tuple[str, str | bytes]  # WRITTEN and the text or PDF; or FAULT or STOPPED and the cause


class MailNotMade(MonitorError):
    """A mail that its template does not allow to be written; nothing is left out silently."""


class Workshop:
    """One child process for mails and letters, kept warm for a minute; an endless template costs that child only."""

    def __init__(self, fonts: Sequence[Path] = ()) -> None:
        self._fonts = tuple(fonts)
        self._child = Confined("monitor.documents.child:make", idle_seconds=60)

    def mail(self, templates: Path, name: str, view: MailView | SourceView) -> Rendered:
        """The mail by these templates. Raises MailNotMade with file and line."""
        answers = self.try_mail(templates, name, view)
        for kind, said in answers:
            if kind != WRITTEN:
                raise MailNotMade(str(said))
        subject, text, html = (str(said) for _, said in answers)
        return Rendered(subject=subject, text=text, html=html)

    def letter(self, templates: Path, content: LetterContent, printed_on: datetime) -> bytes:
        """The letter as PDF. Raises LetterNotMade."""
        [(_, said)] = answers = self.try_letter(templates, content, printed_on)
        if answers[0][0] != WRITTEN or not isinstance(said, bytes):
            raise LetterNotMade(str(said))
        return said

    def try_mail(self, templates: Path, name: str, view: MailView | SourceView) -> list[Answer]:
        """What becomes of each part of a mail; nothing after one that was stopped."""
        job = MailJob(folder=templates / "email", name=name, view=view)
        return self._made(job, [f"{name}.{part}.j2" for part in PARTS], 1 + view.count // _LINES_A_SECOND)

    def try_letter(self, templates: Path, content: LetterContent, printed_on: datetime) -> list[Answer]:
        """What becomes of a letter, as the only element."""
        folder = templates / "letters"
        job = LetterJob(folder=folder, fonts=self._fonts, content=content, printed_on=printed_on)
        return self._made(job, [f"{LAYOUT}, dossier {content.dossier_code}"], 1)

    def _made(self, job: MailJob | LetterJob, files: Sequence[str], seconds: int) -> list[Answer]:
        """The answers to a job; when the child breaks, the last one says at which of the files."""
        limits = Limits(memory_bytes=_MEMORY, processor_seconds=seconds, waiting_seconds=_WAITING_SECONDS)
        answers: list[Answer] = []
        try:
            answers.extend((kind, said) for kind, said in self._child.answers(job, limits))
        except Broken as broken:
            answers.append((STOPPED, f"{files[len(answers)]}: {_BROKEN.get(broken.cause) or broken.said_last}"))
        return answers
