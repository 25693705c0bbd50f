"""Text as a person meant it: Unicode NFC, single spaces, nothing invisible; and the form in which it is compared."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time
from typing import TypeVar

LONGEST_TEXT = 4_000

# Letters that only text in the old TCVN3 fonts has inside words ("C«ng ty", "hå s¬"), and pairs that only VNI text has
# ("Coâng", "ñöôøng"). A French or German name has none of them.
_OLD_FONT = re.compile(
    r"(?P<tcvn3>(?<=[^\W\d_])[¨©ª«¬\u00ad®µ¶¸¹»¼½¾](?=[^\W\d_])|(?<=[^\W\d_])[¬¸¶]|§[¨«¬Þåæèé])"
    r"|[aeoAEO][âÂ]|ñ[öaeiou][ôïøùûüàáâ]|öô[øùûïõcn]|eã[nuy]|oä[ict]|eä[nt]|uû[anc]"
)
_SUSPECTS = frozenset("¨©ª«¬\u00ad®µ¶¸¹»¼½¾§âÂñöäãû")

_DROPPED = frozenset({"Cc", "Cf", "Cs"})
_WORD_PARTS = re.compile(r"[^\w]+|_+")

T = TypeVar("T")


class BadCell(Exception):
    """A cell that cannot be read; `cause` says in Vietnamese why, and what to do."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Remembered(dict[object, T]):
    """What each cell was read as, since a column repeats its values; reading a known value is one lookup."""

    def __init__(self, read: Callable[[object], T], room: int = 50_000) -> None:
        super().__init__()
        self._read = read
        self._room = room

    def __missing__(self, cell: object) -> T:
        value = self._read(cell)
        if len(self) < self._room:
            self[cell] = value
        return value


def clean(text: str) -> str:
    """NFC, trimmed, inner whitespace collapsed, without control and zero-width characters."""
    if not text.isprintable():  # false for controls, invisible characters and every space but the plain one
        text = "".join(" " if sign.isspace() else sign for sign in text if _stays(sign))
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def _stays(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) not in _DROPPED


def read_text(cell: object) -> str | None:
    """The cell as text; None when there is nothing in it."""
    if type(cell) is not str:
        cell = written(cell)
    if encoding := old_font(cell):
        raise BadCell(f"chữ gõ bằng phông {encoding} cũ: chuyển mã ô này sang Unicode rồi xuất lại")
    text = clean(cell)
    if len(text) > LONGEST_TEXT:
        raise BadCell(f"ô dài {len(text)} ký tự, quá {LONGEST_TEXT}: rút gọn nội dung ô này ở hệ thống nguồn")
    return text or None


def written(cell: object) -> str:
    """What Excel would show for a cell that is not text."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.strftime("%d/%m/%Y %H:%M:%S")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, time):
        return cell.strftime("%H:%M:%S")
    return str(cell)


def old_font(text: str) -> str | None:
    """The old encoding that the text betrays, if any."""
    if _SUSPECTS.isdisjoint(text):
        return None
    found = _OLD_FONT.search(text)
    if found is None:
        return None
    return "TCVN3 (.VnTime)" if found["tcvn3"] else "VNI"


def fold(text: str) -> str:
    """The form in which headers and words are compared: NFC, no case, punctuation as single spaces.

    Eth (Ð) is what some keyboards give for Đ.
    """
    composed = unicodedata.normalize("NFC", clean(text).casefold()).replace("ð", "đ")
    return " ".join(_WORD_PARTS.sub(" ", composed).split())
