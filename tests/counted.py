"""Tools for the tests of deadlines."""

import csv
from datetime import date, datetime, time

from hypothesis import strategies as st
from official import CASES

from monitor.dossier import Moment
from monitor.time_limit import Unit
from monitor.working_time import LOCAL_ZONE

with (CASES / "deadlines_vietnam.csv").open(encoding="utf-8", newline="") as file:
    REAL_CASES = list(csv.DictReader(file))


ROLLED = "ngày làm việc tiếp theo, thời hạn kết thúc vào ngày này (Bộ luật Dân sự 2015, Điều 148.5)"


RECEIPTS = st.dates(date(2018, 1, 1), date(2026, 9, 30))


WAITS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=3)  # days until a pause, and of it


UNITS = st.sampled_from([(Unit.WORKING_DAY, 60), (Unit.CALENDAR_DAY, 90), (Unit.MONTH, 3)])


def midnight(on: date) -> Moment:
    return Moment(datetime.combine(on, time(9), LOCAL_ZONE))
