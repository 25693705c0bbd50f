"""The inbox folder: which files are complete, and where they go when they were read or held."""

import logging
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

log = logging.getLogger(__name__)
_UNFINISHED = (".part", ".tmp", ".crdownload", ".download", ".partial")
_REASON_ENDING = ".ly-do.txt"
REPORT_ENDING = ".ket-qua.xlsx"  # of what stands beside a file that was taken: never an export itself
_LONGEST_NAME = 180  # bytes; leaves room for a number and for the reason's ending within the 255 of a file system
_FORBIDDEN = frozenset('/\\:*?"<>|')


@dataclass(frozen=True, slots=True)
class _Look:
    size: int
    mtime_ns: int
    since: float


class StabilityWatch:
    """Tells when a file has stopped growing: the same size and time in looks at least `seconds` apart."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._looks: dict[Path, _Look] = {}
        self._locked: set[Path] = set()

    def observe(self, path: Path, size: int, mtime_ns: int, at_monotonic: float) -> bool:
        """Whether the file is stable as of this look."""
        earlier = self._looks.get(path)
        if earlier is None or (earlier.size, earlier.mtime_ns) != (size, mtime_ns):
            self._looks[path] = _Look(size, mtime_ns, at_monotonic)
            return False
        return at_monotonic - earlier.since >= self._seconds

    def opens(self, path: Path) -> bool:
        """Whether the file may be read now. Excel locks what it has open: it is tried at every look, and told once."""
        try:
            path.open("rb").close()
        except OSError as error:
            if path not in self._locked:
                told = "%s cannot be opened (%s): close it where it is open; it is tried again until it can be"
                log.warning(told, path.name, error.strerror, extra={"action": "import", "file": path.name})
            self._locked.add(path)
            return False
        self._locked.discard(path)
        return True

    def forget(self, path: Path) -> None:
        """The file was taken away; one of the same name is a new one."""
        self._looks.pop(path, None)


@dataclass(frozen=True, slots=True)
class Inbox:
    """The folder that files are dropped into, with `done` and `held` beside them."""

    folder: Path

    @property
    def done(self) -> Path:
        """Where files go that were read."""
        return self.folder / "done"

    @property
    def held(self) -> Path:
        """Where files go that a person must look at."""
        return self.folder / "held"

    def candidates(self) -> Iterator[Path]:
        """Files that may be exports, oldest first: nothing hidden, none of Excel's marks, nothing still downloaded.

        A folder that is away, as a share may be, is empty: what was read stays, and is told to be as old as it is.
        """
        try:
            files = [path for path in self.folder.iterdir() if _may_be_export(path)]
        except OSError:
            return
        yield from sorted(files, key=lambda path: (_mtime_ns(path), path.name))

    def stable(self, watch: StabilityWatch, at_monotonic: float) -> Iterator[Path]:
        """Candidates that have stopped growing."""
        for path in self.candidates():
            try:
                seen = path.stat()
            except OSError:
                continue
            if watch.observe(path, seen.st_size, seen.st_mtime_ns, at_monotonic) and watch.opens(path):
                yield path

    def move_to_done(self, path: Path) -> Path:
        """Take a file that was read out of the inbox."""
        return _move(path, self.done)

    def move_to_held(self, path: Path, reason: str) -> Path:
        """Take a file out of the inbox that was not accepted, with the reason beside it."""
        moved = _move(path, self.held)
        note = moved.with_name(moved.name + _REASON_ENDING)
        note.write_text(f"{moved.name}\n\n{reason}\n", encoding="utf-8-sig")  # Notepad needs the mark for Vietnamese
        return moved


def safe_name(name: str) -> str:
    """The name without what a path, a terminal or a person could mistake: separators, invisible and control signs."""
    composed = unicodedata.normalize("NFC", name)
    kept = "".join("_" if sign in _FORBIDDEN else sign for sign in composed if unicodedata.category(sign)[0] != "C")
    stem, ending = os.path.splitext(" ".join(kept.split()).lstrip("."))  # noqa: PTH122 - a name, not a path
    while len((stem + ending).encode()) > _LONGEST_NAME and stem:
        stem = stem[:-1]
    return (stem.strip() + ending[:_LONGEST_NAME]) or "tep"


def _may_be_export(path: Path) -> bool:
    name = path.name.casefold()
    is_passing = name.startswith((".", "~$")) or name.endswith((*_UNFINISHED, _REASON_ENDING, REPORT_ENDING))
    return not is_passing and path.is_file() and not path.is_symlink()


def _mtime_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _move(path: Path, folder: Path) -> Path:
    """Under its own name, or with a number behind it; the name is taken first, so that nothing is ever overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    name = Path(safe_name(path.name))
    for number in count(1):
        target = folder / (name.name if number == 1 else f"{name.stem} ({number}){name.suffix}")
        try:
            target.touch(exist_ok=False)
        except FileExistsError:
            continue
        return path.replace(target)
    raise AssertionError("counting never ends")
