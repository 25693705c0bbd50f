"""The apology on paper: the words of xin-loi.toml filled with a letter's content, set by xin-loi.typ, as PDF/A."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from jinja2 import Template

from monitor.confinement import time_told
from monitor.documents.fonts import Face, find_face
from monitor.documents.strictness import StrictEnvironment, said
from monitor.errors import MonitorError
from monitor.letter import LetterContent

if TYPE_CHECKING:
    from typst import Compiler

WORDS = "xin-loi.toml"
LAYOUT = "xin-loi.typ"

_LINES = ("national_name", "motto", "number", "dated", "to", "recipient", "address", "phone", "copies_to")
_MARKS = ("you", "you_organisation", "sample_mark", "sample_note", "reprint_mark")
_LISTS = ("organisations", "paragraphs")
_BOLD = "**"
_DIRECT_ADDRESS = re.compile(r"(ông|bà)\b", re.IGNORECASE)
_ENDS_OF_SENTENCES = (".", "!", "?", "…")
_FIRST_UNPADDED_MONTH = 3


class LetterNotMade(MonitorError):
    """A letter that its template or its content does not allow to be printed; nothing is left out silently."""


class LetterPress:
    """Prints letters from the templates of one folder, in the child process; what it needs is made ready once."""

    def __init__(self, folder: Path, fonts: Sequence[Path] = ()) -> None:
        self.folder = folder
        self.fonts = fonts
        self._compiled: dict[str, Template] = {}

    def print(self, content: LetterContent, *, printed_on: datetime) -> bytes:
        """The letter as PDF/A-2b; the same content and moment give the same bytes."""
        import typst  # noqa: PLC0415  # only a site that prints letters loads the typesetter

        data = json.dumps(self.fill(content), ensure_ascii=False)
        try:
            pdf, warnings = self._compiler.compile_with_warnings(
                sys_inputs={"letter": data},
                format="pdf",
                pdf_standards=["a-2b"],
                timestamp=int(printed_on.timestamp()),
            )
        except typst.TypstError as problem:
            raise LetterNotMade(f"{LAYOUT}, dossier {content.dossier_code}: {problem.message}") from problem
        if warnings or not isinstance(pdf, bytes):
            cause = warnings[0].message if warnings else "no document"
            raise LetterNotMade(f"{LAYOUT}, dossier {content.dossier_code}: {cause}")
        return pdf

    def fill(self, content: LetterContent) -> dict[str, Any]:
        """What the layout prints, in the order of the paper, as plain text."""
        words, fields = self._words, _fields_of(content)
        fields["recipient"], you = _address(fields["recipient"], words)
        fields["you"] = you
        line = {name: self._write(words[name], fields) or None for name in _LINES}
        paragraphs = [self._runs(paragraph, fields) for paragraph in words["paragraphs"]]
        return {
            "font": self._face.family,
            "document_title": _tidy(content.title),
            "parent_agency": fields["parent_agency"].upper(),
            "agency": fields["agency"],
            "agency_caps": fields["agency"].upper(),
            **{name: line[name] for name in ("national_name", "motto", "number", "dated")},
            "title": fields["title"].upper(),
            **{name: line[name] for name in ("to", "recipient", "address", "phone")},
            "paragraphs": [runs for runs in paragraphs if any(run["text"].strip() for run in runs)],
            "copies_label": line["copies_to"],
            "copies_to": _copies(fields["copies_to"]),
            "authority": [_tidy(one) for one in content.signer.authority],
            "signer": _tidy(content.signer.name),
            "sample_mark": words["sample_mark"] if content.is_sample else None,
            "sample_note": words["sample_note"] if content.is_sample else None,
            "reprint_mark": words["reprint_mark"] if content.is_reprint else None,
        }

    def _runs(self, paragraph: str, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Pieces of a paragraph; the ** of the template is read before anything is filled in, that of a name never."""
        if paragraph.count(_BOLD) % 2:
            raise LetterNotMade(f"{WORDS}, “{paragraph}”: a {_BOLD} opens bold letters and none closes them")
        pieces = [self._write(piece, fields) for piece in paragraph.split(_BOLD)]
        return [{"text": piece, "bold": place % 2 == 1} for place, piece in enumerate(pieces) if piece]

    def _write(self, words: str, fields: Mapping[str, Any]) -> str:
        try:
            with time_told():
                if words not in self._compiled:
                    self._compiled[words] = self._environment.from_string(words)
                return self._compiled[words].render(fields)
        except Exception as problem:  # whatever fails in a template is its own mistake
            raise LetterNotMade(f"{WORDS}, “{words}”: {said(problem)}") from problem

    @cached_property
    def _words(self) -> Mapping[str, Any]:
        path = self.folder / WORDS
        try:
            words = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise LetterNotMade(f"{path}: {problem}") from problem
        missing = [name for name in (*_LINES, *_MARKS, *_LISTS) if name not in words]
        unknown = sorted(set(words) - {*_LINES, *_MARKS, *_LISTS})
        if missing or unknown:
            cause = f"{', '.join(missing)} is missing" if missing else f"{', '.join(unknown)} is not known here"
            raise LetterNotMade(f"{path}: {cause}")
        for name, value in words.items():
            if not (_is_list_of_texts(value) if name in _LISTS else isinstance(value, str)):
                raise LetterNotMade(f"{path}: {name} is {'a list of texts' if name in _LISTS else 'a text'}, in quotes")
        return words

    @cached_property
    def _environment(self) -> StrictEnvironment:
        return StrictEnvironment(self.folder, autoescape=False)

    @cached_property
    def _face(self) -> Face:
        return find_face(self.fonts)

    @cached_property
    def _compiler(self) -> "Compiler":
        import typst  # noqa: PLC0415  # as above

        return typst.Compiler(str(self.folder / LAYOUT), root=str(self.folder), font_paths=self._face.fonts)


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _fields_of(content: LetterContent) -> dict[str, Any]:
    """The content as the words name it, every text tidied, the month as the law writes it."""
    fields = {name: _tidy(value) if isinstance(value, str) else value for name, value in asdict(content).items()}
    # The template ends these with its own full stop, the reason with the person's, or with ours.
    fields |= {name: fields[name].rstrip(" .;") for name in ("collect_at", "contact", "complaint_contact")}
    fields["reason"] += "" if fields["reason"].endswith(_ENDS_OF_SENTENCES) else "."
    month, _, year = content.month_year.partition("/")
    number = int(month)
    fields["month"] = f"{number:02d}" if number < _FIRST_UNPADDED_MONTH else str(number)
    fields["year"] = year
    return fields


def _tidy(text: str) -> str:
    """Composed letters, single spaces: a reason typed over two lines, or copied from a PDF, reads as one sentence."""
    return " ".join(normalize("NFC", text).split())


def _address(recipient: str, words: Mapping[str, Any]) -> tuple[str, str]:
    """The recipient as addressed on the paper, and what the letter calls them."""
    is_organisation = recipient.casefold().startswith(tuple(f"{word} " for word in words["organisations"]))
    if is_organisation:
        return recipient, words["you_organisation"]
    return recipient if _DIRECT_ADDRESS.match(recipient) else f"{words['you']} {recipient}", words["you"]


def _copies(copies_to: Sequence[str]) -> list[str]:
    """The list under Nơi nhận: "- Như trên;", and a full stop after the last."""
    lines = [f"- {_tidy(copy).rstrip(' .;')}" for copy in copies_to]
    return [f"{line}{'.' if line is lines[-1] else ';'}" for line in lines]
