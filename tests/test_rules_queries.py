"""A source that is asked, and does not send files: its rule is refused before it could ask for too much or write."""

from datetime import datetime
from pathlib import Path

import pytest

from monitor.rules import RulesRefused, load_rules_from, rule_files
from monitor.source import SourceRule

RULES = Path(__file__).parent.parent / "rules"
GOOD = '''
name = "Tỉnh"
[query]
url_file = "csdl-tinh.secret"
sql = """
SELECT ma AS "Mã hồ sơ", cap_nhat FROM ho_so
WHERE cap_nhat >= :mark ORDER BY cap_nhat
"""
mark = "cap_nhat"
first_mark = 2025-07-01T00:00:00
'''


def sources_with(written: str) -> dict[str, SourceRule]:
    files = rule_files(RULES) | {"sources/tinh.toml": written.encode()}
    return {one.name: one for one in load_rules_from(files).sources}


def test_a_source_with_a_query_needs_no_files_and_takes_none_from_the_others():
    sources = sources_with(GOOD)
    assert sources["Tỉnh"].files == ()
    query = sources["Tỉnh"].query
    assert query is not None
    assert (query.url_file, query.mark, query.first_mark) == (
        "csdl-tinh.secret",
        "cap_nhat",
        datetime.fromisoformat("2025-07-01"),
    )
    assert (query.overlap_minutes, query.every_minutes) == (10, 15)
    assert sources["Mặc định"].query is None


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("SELECT ma", "DELETE ma", "one statement that begins with SELECT or WITH"),
        (">= :mark", ">= :mark; DROP TABLE ho_so", "one statement that begins with SELECT or WITH"),
        (">= :mark", ">= 0", "does not ask for :mark"),
        ('url_file = "csdl-tinh.secret"\n', "", "url_file in [query] is missing"),
        ("first_mark = 2025-07-01T00:00:00\n", "", "first_mark says where reading begins"),
        ('mark = "cap_nhat"\n', "", "mark in [query] is missing"),
        ('mark = "cap_nhat"\n', 'mark = "cap_nhat"\nevery_minutes = 0\n', "from 1 to 1440"),
        ('mark = "cap_nhat"\n', 'mark = "cap_nhat"\npassword = "x"\n', "unknown key 'password'"),
    ],
)
def test_a_query_that_asks_wrongly_is_refused_with_its_file(good: str, bad: str, said: str):
    assert good in GOOD
    with pytest.raises(RulesRefused) as refused:
        sources_with(GOOD.replace(good, bad))
    problems = [str(one) for one in refused.value.problems]
    assert any(said in one and one.startswith("rules/sources/tinh.toml") for one in problems), problems
