"""Templates that an office may edit: strict, and unable to reach, compute or run anything but what they are given."""

from pathlib import Path
from traceback import extract_tb
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, Macro
from jinja2.sandbox import SandboxedEnvironment

from monitor.confinement import OutOfTime

# What became of a part of a mail, or of a letter.
WRITTEN, FAULT, STOPPED = "written", "fault", "stopped"
TOO_LONG = "it works too long: is there a loop in a loop?"
TOO_MUCH = "it needs too much memory"

_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**"})
_FILTERS = ("e", "escape", "join", "length", "upper")


class StrictEnvironment(SandboxedEnvironment):
    """Jinja without arithmetic, without calls but to its own macros and blocks, and with a handful of filters.

    A missing field is an error. What could compute or call nothing can neither reach the machine nor keep it busy.
    """

    intercepted_binops = _OPERATORS

    def __init__(self, folder: Path, *, autoescape: bool) -> None:
        super().__init__(
            loader=FileSystemLoader(folder),
            autoescape=autoescape,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002, ANN401, RUF100  # Jinja's signature
        """No operator of arithmetic does anything here."""
        raise SecurityError(f"a template may not calculate ({operator})")

    def is_safe_callable(self, obj: Any) -> bool:
        """A template calls the macros and blocks of templates and nothing else."""
        return isinstance(obj, Macro | BlockReference)


def where(problem: Exception, template: str) -> str:
    """The file and line of a template at which it failed."""
    if isinstance(problem, TemplateSyntaxError):
        return f"{problem.name or template}:{problem.lineno}"
    frames = [frame for frame in extract_tb(problem.__traceback__) if frame.filename.endswith(".j2")]
    lines = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames] or [template]
    return max(lines, key=lines.count) if isinstance(problem, RecursionError) else lines[-1]


def is_stop(problem: BaseException | None) -> bool:
    """Whether a template came to a limit; trying it again, or with another dossier, only takes as long again."""
    return isinstance(problem, OutOfTime | MemoryError | RecursionError)


def said(problem: Exception) -> str:
    """What is wrong, in words that somebody who edits templates can use."""
    if isinstance(problem, OutOfTime):
        return TOO_LONG
    if isinstance(problem, MemoryError):
        return TOO_MUCH
    if isinstance(problem, RecursionError):
        return "it calls or includes itself without end"
    return str(problem)
