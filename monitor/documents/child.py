"""What the child process does with templates: fills them in and sets them, and answers with text and PDF."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from monitor.documents.letter import LetterPress
from monitor.documents.mail import MailView
from monitor.documents.source_mail import SourceView
from monitor.documents.strictness import FAULT, STOPPED, WRITTEN, is_stop
from monitor.documents.writing import MailWriter
from monitor.errors import MonitorError
from monitor.letter import LetterContent

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailJob:
    """A mail to be written."""

    folder: Path
    name: str  # of its templates, "digest"
    view: MailView | SourceView


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterJob:
    """A letter to be printed."""

    folder: Path
    fonts: tuple[Path, ...]
    content: LetterContent
    printed_on: datetime


def make(job: MailJob | LetterJob) -> Iterator[tuple[str, str | bytes]]:
    """The parts of a mail, or the one of a letter: each WRITTEN, or the FAULT or STOPPED that it ended with."""
    return _writer(job.folder).parts(job.name, job.view) if isinstance(job, MailJob) else _printed(job)


def _printed(job: LetterJob) -> Iterator[tuple[str, str | bytes]]:
    try:
        yield WRITTEN, _press(job.folder, job.fonts, _stamp(job.folder)).print(job.content, printed_on=job.printed_on)
    except MonitorError as problem:
        yield (STOPPED if is_stop(problem.__cause__) else FAULT), str(problem)


@lru_cache(maxsize=2)
def _writer(folder: Path) -> MailWriter:
    """Jinja itself sees when a template was edited."""
    return MailWriter(folder)


@lru_cache(maxsize=2)
def _press(folder: Path, fonts: tuple[Path, ...], _edited: Stamp) -> LetterPress:
    return LetterPress(folder, fonts)


def _stamp(folder: Path) -> Stamp:
    """Another one after each edit: words and layout are read once."""
    seen = ((path.name, path.stat()) for path in sorted(folder.glob("*")))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in seen)
