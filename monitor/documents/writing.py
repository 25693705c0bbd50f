"""Mails written from the templates of one folder, in the child process: what fails in them names its file and line."""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from textwrap import fill
from unicodedata import normalize

from monitor.confinement import time_told
from monitor.documents.strictness import FAULT, STOPPED, WRITTEN, StrictEnvironment, is_stop, said, where

COLUMNS = 78
PARTS = ("subject", "txt", "html")


class MailWriter:
    """Writes mails from the templates of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def parts(self, name: str, view: object) -> Iterator[tuple[str, str]]:
        """Subject, plain text and HTML, each WRITTEN, or what keeps it from that; none after a STOPPED one."""
        for part in PARTS:
            template = f"{name}.{part}.j2"
            try:
                text = self._write(template, view)
            except Exception as problem:  # noqa: BLE001 - whatever fails in a template is its own mistake
                cause = f"{where(problem, template)}: {said(problem)}"
                if is_stop(problem):
                    yield STOPPED, cause
                    return
                yield FAULT, cause
            else:
                yield WRITTEN, text

    def _write(self, template: str, view: object) -> str:
        environment = self._escaping if template.endswith(".html.j2") else self._plain
        with time_told():
            text = normalize("NFC", environment.get_template(template).render(mail=view))
        if template.endswith(".subject.j2"):
            return " ".join(text.split())
        return text.strip() + "\n" if environment.autoescape else _spaced(text)

    @cached_property
    def _plain(self) -> StrictEnvironment:
        environment = StrictEnvironment(self.folder, autoescape=False)
        environment.filters["wrapped"] = wrapped
        return environment

    @cached_property
    def _escaping(self) -> StrictEnvironment:
        return StrictEnvironment(self.folder, autoescape=True)


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """A text over as many lines as it needs, each indented and at most 78 columns; codes are not broken."""
    indent = first if rest is None else rest
    words = " ".join(text.split())
    return fill(words, COLUMNS, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)


def _spaced(text: str) -> str:
    """At most one empty line between two lines, so that a template may be laid out for its own reader."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
