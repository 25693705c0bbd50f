"""The files of a rule book: from a folder, or from where an accepted book was stored whole."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from unicodedata import normalize

from monitor.rules.problems import Problem, Problems, RulesRefused

TABLES = ("calendar.csv", "calendar_years.csv", "fixed_holidays.csv", "procedures.csv", "staff.csv", "reasons.csv")
DOCUMENTS = ("hours.toml", "organisation.toml", "notices.toml", "retention.toml", "go_live.toml")
SOURCES = "sources/"


def rule_files(folder: Path) -> dict[str, bytes]:
    """Every CSV and TOML file of a rules folder, by its name relative to it. Raises RulesRefused."""
    found: dict[str, bytes] = {}
    unreadable: list[Problem] = []
    for path in _candidates(folder):
        name = path.relative_to(folder).as_posix()
        if not name.isprintable():
            unreadable.append(Problem(f"rules/{name!a}", None, "has a name that cannot be read: rename the file"))
            continue
        try:
            found[name] = path.read_bytes()
        except OSError as error:
            unreadable.append(Problem(f"rules/{name}", None, f"cannot be read: {error.strerror}"))
    if not found and not unreadable:
        unreadable.append(Problem(str(folder), None, "holds no rules: name a folder with calendar.csv, hours.toml, …"))
    if unreadable:
        raise RulesRefused(unreadable)
    return found


def _candidates(folder: Path) -> list[Path]:
    """Tables and documents, without what editors and spreadsheets leave beside them while they are open."""
    paths = sorted([*folder.glob("*"), *folder.glob(f"{SOURCES}*")])
    wanted = (
        path for path in paths if path.suffix.lower() in (".csv", ".toml") and not path.name.startswith((".", "~"))
    )
    return [path for path in wanted if path.is_file()]


def content_hash(files: Mapping[str, bytes]) -> str:
    """The SHA-256 of names and contents, whatever their order: what a rule book is known by."""
    digest = sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def refuse_unknown_files(files: Mapping[str, bytes], problems: Problems) -> None:
    """A file that nothing reads is a misspelt name or a rule that silently does not hold."""
    for name in files:
        is_source = name.startswith(SOURCES) and name.endswith(".toml")
        if name not in TABLES and name not in DOCUMENTS and not is_source:
            known = ", ".join((*TABLES, *DOCUMENTS, f"{SOURCES}*.toml"))
            problems.add(name, None, f"is read by nothing: rename or remove it, known are {known}")


def read_text(files: Mapping[str, bytes], name: str, problems: Problems) -> str | None:
    """The text of a file, UTF-8 with or without BOM, in NFC; None when it is missing or something else.

    NFC is the same text in its usual spelling, so bringing it there repairs nothing.
    """
    if name not in files:
        problems.add(name, None, "is missing: copy it from the rules that the program was installed with")
        return None
    data = files[name]
    try:
        return normalize("NFC", data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add(name, line, "is not UTF-8: save the file as 'CSV UTF-8', or as UTF-8 text")
        return None
