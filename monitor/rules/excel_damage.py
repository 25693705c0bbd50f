"""What spreadsheets do to codes and fractions, told to the clerk in words to act on, never repaired silently."""

import re

from monitor.rules.cells import Unreadable

_CODE = re.compile(r"[0-9]\.[0-9]{6}")
_SHORT_CODE = re.compile(r"([0-9])[.,]([0-9]{1,5})")
_COMMA_CODE = re.compile(r"([0-9]),([0-9]{6})")
_PORTAL_CODE = re.compile(r"([0-9]\.[0-9]{6})\.[A-Z][0-9.]*")
_DATES = re.compile(
    r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}"  # 01/02/2026
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T].*)?"  # 2026-02-01 00:00:00
    r"|[0-9]{1,2}-[A-Za-z]{3,9}(?:-[0-9]{2,4})?|[A-Za-z]{3,9}-[0-9]{1,4}"  # 02-Jan, Jan-02
    r"|[0-9]{1,2}-Thg[0-9]{1,2}"  # 02-Thg1
)
_SERIAL = re.compile(r"[45][0-9]{4}")  # days since 1900: 2009 to 2064
_NUMBER_WORDS = ("no", "one", "two", "three", "four", "five")


def parse_code(written: str) -> str:
    """A procedure code, digit-dot-six-digits."""
    if _CODE.fullmatch(written):
        return written
    if match := _SHORT_CODE.fullmatch(written):
        digits = len(match[2])
        meant = f"{match[1]}.{match[2]:0<6}"
        raise Unreadable(
            f"{written!r} has {_NUMBER_WORDS[digits]} digit{'s' * (digits > 1)} after the dot: a spreadsheet removed "
            f"{_NUMBER_WORDS[6 - digits]}; did you mean {meant!r}? (Excel đã làm mất số 0 cuối; có phải {meant}?)"
        )
    if match := _COMMA_CODE.fullmatch(written):
        meant = f"{match[1]}.{match[2]}"
        raise Unreadable(f"{written!r} has a comma: did you mean {meant!r}? (Excel đã đổi dấu chấm; có phải {meant}?)")
    if match := _PORTAL_CODE.fullmatch(written):
        raise Unreadable(f"{written!r} carries a portal's province suffix: write {match[1]!r}, it is matched without")
    raise Unreadable(f"{written!r} is not digit-dot-six-digits such as 2.001610: correct it, or write odd_code = yes")


def date_hint(written: str) -> str | None:
    """What to say of a limit that looks like a date; None when it does not."""
    if _DATES.fullmatch(written) or _SERIAL.fullmatch(written):
        return (
            f"{written!r} is a date: a spreadsheet made one of a fraction; did you mean '1/2', half a working day? "
            "(Excel đã đổi 1/2 thành ngày tháng; có phải 1/2 ngày làm việc?)"
        )
    return None
