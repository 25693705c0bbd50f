"""The face of the letters: Times New Roman or its metric twin, with every Vietnamese letter, never replaced."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from typst import Fonts

FAMILIES = ("Times New Roman", "Liberation Serif")

# In all tones and both cases, as a name may bring them; the signs are those of the paper itself.
_VOWELS = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"
VIETNAMESE = _VOWELS + _VOWELS.upper() + "…–“”‘’"

_CUTS = {(weight, style) for weight in (400, 700) for style in ("normal", "italic")}
_PROBE = """
#set text(font: sys.inputs.font, fallback: false)
#for weight in ("regular", "bold") [#for style in ("normal", "italic") {
  text(weight: weight, style: style, sys.inputs.letters)
}]
"""


class FontMissing(MonitorError):
    """No face on this machine can write Vietnamese as the law wants it; another one is never taken silently."""

    def __init__(self, tried: Iterable[str]) -> None:
        seen = "; ".join(tried) or "none is installed"
        super().__init__(
            "letters need Times New Roman or Liberation Serif 2 with all Vietnamese letters "
            f"({seen}): install the Debian package fonts-liberation2, or name a folder with the fonts"
        )


@dataclass(frozen=True, slots=True)
class Face:
    """A family, and the one folder from which it is taken."""

    family: str
    folder: Path
    fonts: "Fonts"


def find_face(folders: Iterable[Path] = ()) -> Face:
    """The first complete face: in the given folders, then Times New Roman and Liberation Serif of the system.

    Two packages may bring the same family, and Debian's fonts-liberation 1.07 lacks 93 Vietnamese letters: so each
    folder is tried by itself.
    """
    tried = []
    for family, folder in _candidates(folders):
        face = Face(family, folder, _fonts_of(folder))
        lacking = _what_is_lacking(face)
        if lacking is None:
            return face
        tried.append(f"{family} in {folder}: {lacking}")
    raise FontMissing(tried)


def _candidates(folders: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    import typst  # noqa: PLC0415  # only a site that prints letters loads the typesetter

    for folder in folders:
        here = _fonts_of(folder).families()
        yield from ((family, folder) for family in FAMILIES if family in here)
    system = typst.Fonts(include_embedded_fonts=False).fonts()
    for family in FAMILIES:
        homes = {Path(font.path).parent for font in system if font.family == family and font.path}
        yield from ((family, home) for home in sorted(homes))


def _fonts_of(folder: Path) -> "Fonts":
    import typst  # noqa: PLC0415  # as above

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


def _what_is_lacking(face: Face) -> str | None:
    """PDF/A forbids letters without a shape, so the typesetter itself names the first one that the face lacks."""
    import typst  # noqa: PLC0415  # as above

    cuts = {(font.weight, font.style) for font in face.fonts.fonts() if font.family == face.family}
    if not cuts >= _CUTS:
        return "regular, bold, italic and bold italic are not all there"
    try:
        _, warnings = typst.Compiler(_PROBE.encode(), font_paths=face.fonts).compile_with_warnings(
            sys_inputs={"font": face.family, "letters": VIETNAMESE}, format="pdf", pdf_standards=["a-2b"], timestamp=0
        )
    except typst.TypstError as problem:
        return problem.message
    return warnings[0].message if warnings else None
