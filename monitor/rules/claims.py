"""Patterns of file names: what each claims, and whether one claims all that another does."""

from functools import lru_cache

from monitor.rules.cells import Unreadable, parse_text

MOST_SIGNS = 100


def parse(written: str) -> str:
    """A pattern of file names with `*` and `?`."""
    if "/" in written or "\\" in written or "[" in written:
        raise Unreadable(f"{written!r} is no pattern of file names: use letters, digits, * and ?, and no folder")
    if len(written) > MOST_SIGNS:
        raise Unreadable(f"{written[:20]!r}… is longer than {MOST_SIGNS} signs: shorten it with *")
    return parse_text(written)


def overlap(one: str, other: str) -> bool:
    """Whether a file name can fit both patterns."""
    return _overlap(one.casefold(), other.casefold())


def covers(wide: str, narrow: str) -> bool:
    """Whether every file name that fits `narrow` fits `wide`."""
    return _covers(wide.casefold(), narrow.casefold())


@lru_cache(maxsize=50_000)
def _overlap(one: str, other: str) -> bool:
    if not one or not other:
        return not (one + other).strip("*")
    if "*" in (one[0], other[0]):  # it fits nothing, or what the other one begins with
        return _overlap(one[1:], other) or _overlap(one, other[1:])
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _overlap(one[1:], other[1:])


@lru_cache(maxsize=50_000)
def _covers(wide: str, narrow: str) -> bool:
    """A star of the narrow one stands for anything, so only a star of the wide one can take it."""
    if not narrow:
        return not wide.strip("*")
    if not wide:
        return False
    if wide[0] == "*":
        return _covers(wide[1:], narrow) or _covers(wide, narrow[1:])
    if narrow[0] == "*":
        return False
    return wide[0] in ("?", narrow[0]) and _covers(wide[1:], narrow[1:])
