"""Dates are read as they were written, or the row says why not; which number is the month is never guessed."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.dossier import Moment
from monitor.intake.dates import read_date, to_moment
from monitor.intake.text import BadCell
from monitor.working_time import LOCAL_ZONE


def read(cell: object) -> str | None:
    return read_date(LOCAL_ZONE)(cell)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("23/11/2026 08:30", "2026-11-23T08:30:00"),  # Mon 2026-11-23
        ("23/11/2026 08:30:15", "2026-11-23T08:30:15"),
        ("23/11/2026", "2026-11-23"),
        ("23-11-2026", "2026-11-23"),
        ("23-11-2026 16:55", "2026-11-23T16:55:00"),
        ("08:30 23/11/2026", "2026-11-23T08:30:00"),
        ("05/11/2026", "2026-11-05"),  # Thu 5 November, not May
        ("2026-11-23", "2026-11-23"),
        ("2026-11-23 08:30:00", "2026-11-23T08:30:00"),
        ("2026-11-23T08:30:00", "2026-11-23T08:30:00"),
        ("2026-11-23T08:30:00.123", "2026-11-23T08:30:00"),
        ("2026-11-23T01:30:00Z", "2026-11-23T08:30:00"),
        ("2026-11-22T18:00:00+00:00", "2026-11-23T01:00:00"),
        ("2026-11-23T08:30:00+07:00", "2026-11-23T08:30:00"),
        ("20261123083015", "2026-11-23T08:30:15"),
        ("20261123", "2026-11-23"),
        (20261123083015.0, "2026-11-23T08:30:15"),
        (46349, "2026-11-23"),
        (46349.354166666664, "2026-11-23T08:30:00"),
        ("46349", "2026-11-23"),
        (date(2026, 11, 23), "2026-11-23"),
        (datetime(2026, 11, 23, 8, 29, 59, 999_000), "2026-11-23T08:30:00"),  # noqa: DTZ001 - as calamine gives it
        ("  23/11/2026\u00a008:30\u200b ", "2026-11-23T08:30:00"),
        ("'23/11/2026", "2026-11-23"),
        ("29/02/2028", "2028-02-29"),
        ("", None),
        ("   ", None),
        (None, None),
    ],
)
def test_every_form_that_sources_use_is_read(written: object, meant: str | None):
    assert read(written) == meant


@pytest.mark.parametrize("written", ["23/11/2026 00:00:00", "20261123000000", datetime(2026, 11, 23)])  # noqa: DTZ001
def test_exactly_midnight_is_a_day_without_a_time(written: object):
    assert read(written) == "2026-11-23"


@pytest.mark.parametrize(
    "written",
    [
        "11/23/2026",
        "11-23-2026 08:30",
        "23/11/26",
        "3/11/2026",  # how a US Excel writes 11 March
        "2026-11-5",
        "31/11/2026",
        "29/02/2027",
        "00/11/2026",
        "23/11/2026 24:00",
        "23/11/2026 8:30",
        "23/11/2026 08:3",
        "23/11/2026 08:30 PM",
        "23/11/20261",
        "23/11-2026",
        "23.11.2026",
        "23112026",
        "Nov 23, 2026",
        "chưa có",
        "2026-11-23T25:00:00+07:00",
        "31/12/1989",
        "01/01/2101",
        1,
        99999,
        True,
        timedelta(hours=3),
        float("nan"),
        float("inf"),
    ],
)
def test_what_is_not_a_date_beyond_doubt_is_refused_with_a_remedy(written: object):
    with pytest.raises(BadCell) as refused:
        read(written)
    assert ":" in refused.value.cause


def test_month_before_day_is_named_as_such():
    with pytest.raises(BadCell, match="tháng trước ngày"):
        read("11/23/2026")


@given(
    month=st.integers(1, 12),
    day=st.integers(13, 31),
    year=st.integers(1990, 2100),
    clock=st.sampled_from(["", " 08:30", " 23:59:59"]),
    separator=st.sampled_from("/-"),
)
def test_a_date_that_fits_only_with_the_month_first_never_passes(month, day, year, clock, separator):
    with pytest.raises(BadCell):
        read(f"{month:02}{separator}{day:02}{separator}{year}{clock}")


FORMS = ["%d/%m/%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S"]


@given(
    at=st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31, 23, 59, 59)),  # noqa: DTZ001
    form=st.sampled_from(FORMS),
)
def test_what_was_written_comes_back(at: datetime, form: str):
    at = at.replace(microsecond=0)
    moment = to_moment(LOCAL_ZONE)(read(at.strftime(form)))
    assert moment is not None
    assert moment.at == at.replace(tzinfo=LOCAL_ZONE)
    assert moment.has_time == (at.strftime("%H%M%S") != "000000")


@given(at=st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31, 23, 59, 59)))  # noqa: DTZ001
def test_excel_serials_come_back_to_the_second(at: datetime):
    at = at.replace(microsecond=0)
    serial = (at - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001
    moment = to_moment(LOCAL_ZONE)(read(serial))
    assert moment is not None
    assert moment.at == at.replace(tzinfo=LOCAL_ZONE)


@given(st.text(max_size=25) | st.from_regex(r"[0-9/: .T+-]{1,25}", fullmatch=True))
@example("²")  # a digit to Python, and no number
@example("٢٠٢٦١١٢٣")  # digits, but not those of a date here
def test_any_text_is_a_date_or_refused(text: str):
    try:
        iso = read(text)
    except BadCell:
        return
    assert iso is None or 1990 <= date.fromisoformat(iso[:10]).year <= 2100


@given(
    st.lists(st.sampled_from(["23/11/2026 08:30", "11/23/2026", "23/11/2026", "2026-11-23T08:30", "05/11/2026 00:00"]))
)
def test_remembering_dates_changes_none(cells: list[str]):
    def outcome(reader, cell):
        try:
            return reader(cell)
        except BadCell as bad:
            return bad.cause

    remembering = read_date(LOCAL_ZONE)
    assert [outcome(remembering, cell) for cell in cells] == [outcome(read_date(LOCAL_ZONE), cell) for cell in cells]


def test_a_moment_is_local_and_knows_whether_it_has_a_time():
    moment = to_moment(LOCAL_ZONE)
    assert moment("2026-11-23") == Moment(datetime(2026, 11, 23, tzinfo=LOCAL_ZONE), has_time=False)
    assert moment("2026-11-23T08:30:15") == Moment(datetime(2026, 11, 23, 8, 30, 15, tzinfo=LOCAL_ZONE))
    assert moment(None) is None
