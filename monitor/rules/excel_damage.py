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
_HALVES = ("0.5", "0,5")
_NATIONAL_NUMBER = re.compile(r"[2-9][0-9]{8,9}")  # 9 digits of a mobile, 10 of a desk, without the zero before them
_SCIENTIFIC = re.compile(r"[0-9][.,][0-9]+E\+[0-9]+", re.IGNORECASE)
_LOST_LETTER = re.compile(r"[^\W\d_]\?+[^\W\d_]|\ufffd")
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


def parse_phone(written: str) -> str:
    """A telephone number; one without its first zero, or in scientific notation, is a number to a spreadsheet."""
    if _NATIONAL_NUMBER.fullmatch(written):
        raise Unreadable(
            f"{written!r} has lost the zero at its beginning: a spreadsheet removed it; did you mean '0{written}'? "
            f"(Excel đã làm mất số 0 đầu; có phải 0{written}?)"
        )
    if _SCIENTIFIC.fullmatch(written):
        raise Unreadable(
            f"{written!r} is a number that a spreadsheet shortened: type it again as text "
            "(Excel đã rút gọn dãy số; ghi lại dạng chữ)"
        )
    return written


def parse_undamaged(written: str) -> str:
    """A text whose letters are those that were typed.

    Saving as plain "CSV" leaves a question mark for each letter that the old code page lacks; opening UTF-8 as that
    code page and saving again makes two or three signs of each.
    """
    if meant := _misread(written):
        raise Unreadable(
            f"{written!r} was read in a wrong encoding and saved again; did you mean {meant!r}? "
            f"(Excel đã mở sai bảng mã; có phải {meant}?)"
        )
    if "://" not in written and _LOST_LETTER.search(written):
        raise Unreadable(
            f"{written!r} has lost letters: save as 'CSV UTF-8' or .xlsx (Excel đã làm mất chữ có dấu; lưu lại dạng "
            "CSV UTF-8 hoặc .xlsx)"
        )
    return written


def _misread(written: str) -> str | None:
    """What was meant by UTF-8 that was taken for Windows' code page; None when it was not."""
    if written.isascii():
        return None
    try:
        return b"".join(map(_as_byte, written)).decode()
    except UnicodeError:
        return None


def _as_byte(sign: str) -> bytes:
    """Windows leaves five bytes without a letter, and shows them as control characters."""
    return sign.encode("latin-1" if sign < "\xa0" else "cp1252")


def date_hint(written: str) -> str | None:
    """What to say of a limit that looks like a date; None when it does not."""
    if _DATES.fullmatch(written) or _SERIAL.fullmatch(written):
        return (
            f"{written!r} is a date: a spreadsheet made one of a fraction; did you mean '1/2', half a working day? "
            "(Excel đã đổi 1/2 thành ngày tháng; có phải 1/2 ngày làm việc?)"
        )
    if written in _HALVES:
        return f"{written!r} is no whole number: write '1/2' for half a working day (ghi 1/2 ngày làm việc)"
    return None
