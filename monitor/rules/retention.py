"""retention.toml: how long personal data are kept.

Legal basis: Luật 91/2025/QH15 (personal data, in force 2026-01-01); the times are the agency's, each says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.rules.problems import Problems
from monitor.rules.sections import read_document

FILE = "retention.toml"
MOST_MONTHS = 12 * 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """After how many months what is erased."""

    people_months: int  # after the end of the dossier
    files_months: int  # after the date of the file


def read_retention(files: Mapping[str, bytes], problems: Problems) -> Retention | None:
    """The times; None when they cannot be read, or when the office has set none: nothing is erased by time then."""
    if FILE not in files:
        return None
    document = read_document(files, FILE, problems)
    if document is None:
        return None
    months = {}
    for name, key in (("people", "months_after_end"), ("files", "months")):
        section = document.section(name)
        if section is None:
            document.refuse(None, f"[{name}] is missing: say after how many months it is erased")
            continue
        if not section.has(key):
            section.refuse(None, f"{key} is missing in [{name}]: write a number of months")
        months[name] = section.whole(key, MOST_MONTHS, least=1, most=MOST_MONTHS)
        section.need_text("basis")
        section.close()
    document.close()
    if months.keys() != {"people", "files"}:
        return None
    return Retention(people_months=months["people"], files_months=months["files"])
