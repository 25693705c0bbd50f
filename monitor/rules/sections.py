"""TOML files read strictly: every key is asked for by name, and what nobody asked for is refused with its line."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any, TypeVar

from monitor.rules.cells import Unreadable, checked_year, parse_text, parse_time
from monitor.rules.files import read_text
from monitor.rules.problems import Problems
from monitor.rules.tables import parse_choice

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_HEADER = re.compile(r"\s*\[")
_AT_LINE = re.compile(r"\(at line ([0-9]+)")


def read_document(files: Mapping[str, bytes], name: str, problems: Problems) -> "Section | None":
    """The whole of a TOML file; None when it is missing or not TOML."""
    text = read_text(files, name, problems)
    if text is None:
        return None
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # the latter two for numbers and nesting beyond Python's own limits
        found = _AT_LINE.search(str(error))
        problems.add(name, int(found[1]) if found else None, f"is not TOML: {error}")
    else:
        return Section(_Document(name, text.split("\n"), problems), "", values, 1)
    return None


@dataclass(frozen=True, slots=True)
class _Document:
    """What all sections of a file share."""

    file: str
    lines: list[str]
    problems: Problems


class Section:
    """A table of a TOML file; reading a value that is not understood notes a problem and gives the default."""

    def __init__(self, document: _Document, name: str, values: dict[str, Any], line: int) -> None:
        self.name, self.values, self.line = name, values, line
        self._document = document
        self._asked: set[str] = set()

    def refuse(self, key: str | None, text: str) -> None:
        """Note what is wrong with a key, or with the section."""
        self._document.problems.add(self._document.file, self._line_of(key) if key else self.line, text)

    def close(self) -> None:
        """Refuse every key that nobody asked for."""
        for key in self.values:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.refuse(key, f"unknown key {key!r}{self._where}: remove or rename it, known are {known}")

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        self._asked.add(key)
        return key in self.values

    def text(self, key: str, default: str = "") -> str:
        """A text, possibly absent."""
        written = self._value(key, str, "a text in quotation marks") if self.has(key) else default
        return (self._parsed(key, written, parse_text) if written else "") or ""

    def need_text(self, key: str) -> str:
        """A text that must be there and not be empty."""
        written = self.text(key)
        if not written.strip() and isinstance(self.values.get(key, ""), str):
            self.refuse(key, f"{key}{self._where} is missing or empty: it is needed")
        return written

    def lines(self, key: str) -> str:
        """A text of several lines, as it is written; empty and refused when absent."""
        written = self._value(key, str, "a text in quotation marks") if self.has(key) else ""
        if not (written or "").strip():
            self.refuse(key, f"{key}{self._where} is missing or empty: it is needed")
        return written or ""

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty when absent."""
        written = self._value(key, list, "a list of texts") if self.has(key) else None
        if written is None:
            return ()
        if not all(isinstance(one, str) for one in written):
            self.refuse(key, f"{key}{self._where} is not a list of texts")
            return ()
        return tuple(one for one in (self._parsed(key, one, parse_text) for one in written) if one)

    def parsed(self, key: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        """A list of texts, each understood by `parse`."""
        return tuple(one for one in (self._parsed(key, text, parse) for text in self.texts(key)) if one is not None)

    def whole(self, key: str, default: int, least: int = 0, most: int = 1000) -> int:
        """A whole number within bounds."""
        if not self.has(key):
            return default
        number = self._value(key, int, "a whole number")
        if number is not None and not least <= number <= most:
            self.refuse(key, f"{key}{self._where} is {number}: write a number from {least} to {most}")
        return default if number is None else int(number)

    def optional_whole(self, key: str) -> int | None:
        """A whole number from 1, None when absent."""
        return self.whole(key, 1, least=1) if self.has(key) else None

    def flag(self, key: str) -> bool:
        """true or false; false when absent."""
        return bool(self._value(key, bool, "true or false")) if self.has(key) else False

    def choice(self, key: str, kind: type[E]) -> E | None:
        """One of the words of an enum, None when absent."""
        written = self.text(key)
        return self._parsed(key, written, lambda text: parse_choice(text, kind)) if written else None

    def day(self, key: str) -> date | None:
        """A date without time, None when absent."""
        on = self._value(key, date, "a date such as 2026-01-01, without quotation marks") if self.has(key) else None
        return None if on is None else self._parsed(key, on, checked_year)

    def time_of_day(self, key: str) -> time | None:
        """A time of day such as "15:00", None when absent."""
        written = self.text(key)
        return self._parsed(key, written, parse_time) if written else None

    def mapping(self, key: str, parse: Callable[[str], T]) -> dict[str, T]:
        """A table of texts, each understood by `parse`; empty when absent."""
        section = self.section(key)
        if section is None:
            return {}
        found = {name: section._parsed(name, section.need_text(name), parse) for name in section.values}
        return {name: value for name, value in found.items() if value is not None}

    def section(self, key: str) -> "Section | None":
        """A table inside this one, None when absent."""
        values = self._value(key, dict, "a table") if self.has(key) else None
        return None if values is None else self._inner(key, values, 0)

    def sections(self, key: str) -> tuple["Section", ...]:
        """The tables of an array `[[key]]`, none when absent."""
        found = self._value(key, list, f"written as [[{key}]]") if self.has(key) else None
        if found is not None and not all(isinstance(one, dict) for one in found):
            self.refuse(key, f"{key}{self._where} is not written as [[{key}]]")
            return ()
        return tuple(self._inner(key, values, index) for index, values in enumerate(found or ()))

    @property
    def _where(self) -> str:
        return f" in [{self.name}]" if self.name else ""

    def _value(self, key: str, kind: type[Any], meant: str) -> Any:
        """The value when it is of its kind, else None; a boolean is no number, an instant no date."""
        value = self.values[key]
        if type(value) is not kind:
            self.refuse(key, f"{key}{self._where} is not {meant}")
            return None
        return value

    def _parsed(self, key: str, written: Any, parse: Callable[[Any], T]) -> T | None:
        try:
            return parse(written)
        except Unreadable as unreadable:
            self.refuse(key, f"{key}{self._where}: {unreadable}")
            return None

    def _inner(self, key: str, values: dict[str, Any], index: int) -> "Section":
        name = f"{self.name}.{key}" if self.name else key
        parent = re.escape(f"{self.name}." if self.name else "")
        header = re.compile(rf"\s*\[\[?\s*{parent}[\"']?{re.escape(key)}[\"']?\s*\]")
        found = [number for number, text in enumerate(self._document.lines, 1) if header.match(text)]
        line = found[index] if index < len(found) else self._line_of(key)
        return Section(self._document, name, values, line)

    def _line_of(self, key: str) -> int:
        """The line of a key of this section, or of a section inside it; else where the section begins."""
        begin = self.line if self.name else 0
        path = re.escape(f"{self.name}.{key}" if self.name else key)
        for number, text in enumerate(self._document.lines[begin:], begin + 1):
            if _HEADER.match(text):
                break
            if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", text):
                return number
        for number, text in enumerate(self._document.lines, 1):
            if re.match(rf"\s*\[\[?\s*{path}\s*[\].]", text):
                return number
        return self.line
