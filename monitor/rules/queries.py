"""[query] in sources/*.toml: a source that is asked, and does not send files."""

import re
from datetime import date, datetime

from monitor.rules.sections import Section
from monitor.source import Mark, QueryRule

_READS = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_LONGEST_PAUSE = 24 * 60


def read_query_rule(section: Section) -> QueryRule:
    """The statement and its mark; that it only reads is said to the server as well, see intake/query.py."""
    sql = section.lines("sql")
    if not _READS.match(sql) or ";" in sql.strip().rstrip(";"):
        section.refuse("sql", "sql must be one statement that begins with SELECT or WITH: write no other")
    elif ":mark" not in sql:
        section.refuse("sql", "sql does not ask for :mark, so every reading would fetch everything: add … >= :mark")
    query = QueryRule(
        url_file=section.need_text("url_file"),
        sql=sql.strip().rstrip(";"),
        mark=section.need_text("mark"),
        first_mark=_first_mark(section),
        overlap_minutes=section.whole("overlap_minutes", 10, most=_LONGEST_PAUSE),
        every_minutes=section.whole("every_minutes", 15, least=1, most=_LONGEST_PAUSE),
    )
    section.close()
    return query


def _first_mark(section: Section) -> Mark:
    """A number, a text, or a date with or without time, as TOML writes them."""
    found = section.values.get("first_mark") if section.has("first_mark") else None
    if isinstance(found, (int, str, datetime, date)) and not isinstance(found, bool):
        return found
    section.refuse("first_mark", "first_mark says where reading begins: write 0, or 2025-07-01T00:00:00 without quotes")
    return 0
