"""Whatever stands in the files of rules/, they load or are refused; no operator ever sees a traceback."""

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.rules import Problem, RulesRefused, load_rules_from, rule_files

SMALL = rule_files(Path(__file__).parent / "cases" / "rules" / "small")
# Bytes with a meaning in CSV or TOML, digits that Python takes for digits and the law does not, and what breaks UTF-8.
AWKWARD = [
    b'"', b"'", b",", b";", b"|", b":", b"-", b"/", b".", b"=", b"#", b"[", b"]", b"{", b"}", b"\\", b"\n",
    b"\r", b"\t", b"\0", b"\x80", b"\xff", b"\xef\xbb\xbf", b" ", b"0", b"9" * 30, b"-1", b"1/2", b"nan",
    b"true", b"yes", b"\x1f", b"2026-02-30", b"31/12/9999",
    b"00:00", b"24:00", b"[[work]]", b"(?P<y>", b"1e999", b"inf", b"0x1f", b"1_000",
    b"2.00161", b"{a={b=1}}", *(text.encode() for text in ("\u00b2", "\u0663", "\u2028", "\u0301", "\u0110")),
]  # fmt: skip
SETTINGS = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def loads_or_is_refused(files: dict[str, bytes]) -> None:
    problems = problems_of(files)
    assert all(problem.text and (problem.line is None or problem.line >= 1) for problem in problems)


def problems_of(files: dict[str, bytes]) -> tuple[Problem, ...]:
    try:
        load_rules_from(files)
    except RulesRefused as refused:
        return refused.problems
    return ()


@st.composite
def mutated_books(draw: st.DrawFn) -> dict[str, bytes]:
    """The small rule book with up to four pieces of one file cut, replaced, doubled or moved."""
    file = draw(st.sampled_from(sorted(SMALL)))
    data = SMALL[file]
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.sampled_from([0, 0, 1, 1, 2, 5, 20, 200])))
        piece = draw(st.one_of(st.sampled_from(AWKWARD), st.binary(max_size=4), st.just(data[begin:end] * 2)))
        data = data[:begin] + piece + data[end:]
    return SMALL | {file: data}


@SETTINGS
@given(mutated_books())
@example(SMALL | {"hours.toml": b"work = 1\noptions = 2\nreception = [3]\n"})
@example(SMALL | {"notices.toml": b"ladder = 1\nstep = { near_due = 3 }\n"})
@example(SMALL | {"organisation.toml": b"agency = []\ndivision = { a = 1 }\nsample = 3\n"})
@example(SMALL | {"sources/mac-dinh.toml": b"name = 1\nfiles = 2\ncolumns = 3\nstatuses = { a = 4 }\n"})
@example(SMALL | dict.fromkeys(SMALL, b""))
def test_a_mutated_rule_book_loads_or_is_refused(files: dict[str, bytes]) -> None:
    loads_or_is_refused(files)


@SETTINGS
@given(
    st.dictionaries(
        st.sampled_from(sorted(SMALL)),
        st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)),
        min_size=1,
    )
)
def test_files_of_anything_load_or_are_refused(replaced: dict[str, bytes]) -> None:
    loads_or_is_refused(SMALL | replaced)


@SETTINGS
@given(
    file=st.sampled_from(sorted(name for name in SMALL if name.endswith(".csv"))),
    row=st.integers(1, 6),
    column=st.integers(0, 23),
    cell=st.one_of(st.text(max_size=12), st.sampled_from([one.decode(errors="replace") for one in AWKWARD])),
)
def test_a_cell_of_anything_loads_or_is_refused(file: str, row: int, column: int, cell: str) -> None:
    lines = SMALL[file].decode().splitlines()
    cells = lines[min(row, len(lines) - 1)].split(",")
    cells[min(column, len(cells) - 1)] = '"' + cell.replace('"', '""') + '"'
    lines[min(row, len(lines) - 1)] = ",".join(cells)
    loads_or_is_refused(SMALL | {file: "\n".join(lines).encode(errors="replace")})
