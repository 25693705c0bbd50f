"""What is wrong with a rule book, all of it at once, each with its file, its line and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.errors import MonitorError


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the rules: where it stands, what it is, what to do."""

    file: str  # as a person finds it, "rules/procedures.csv"
    line: int | None  # counted from 1; None when the whole file is meant
    text: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.text}"


class RulesRefused(MonitorError):
    """A rule book with mistakes; nothing of it is used."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line or 0)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects mistakes while the files are read, so that a person sees all of them and not the first."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}  # a cell may be read twice and is told once

    def add(self, file: str, line: int | None, text: str) -> None:
        """Note a mistake in `file`, named relative to the rules folder."""
        self._found[Problem(f"rules/{file}", line, text)] = None

    def __len__(self) -> int:
        return len(self._found)

    def refuse(self) -> None:
        """Raise RulesRefused when there is any."""
        if self._found:
            raise RulesRefused(self._found)
