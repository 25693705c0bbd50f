"""The one place that asks the `holidays` package: for the years before our own calendar, and to compare with it."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import NamedTuple


class PackageDay(NamedTuple):
    """A day that the package takes from the ordinary week: a weekday off, or a day of the weekend worked."""

    is_worked: bool
    name: str


@cache
def package_days(first_year: int, last_year: int) -> Mapping[date, PackageDay]:
    """The special days of Vietnam as the package knows them, of these years only.

    Whatever the year asked for, the package also lists days worked in some other years: those are cut off.
    """
    from holidays.utils import country_holidays  # noqa: PLC0415 - half a second, not always needed

    known = country_holidays("VN", years=range(first_year, last_year + 1), language="vi")
    off = {on: PackageDay(False, name) for on, name in known.items() if on.weekday() not in known.weekend}
    worked = {on: PackageDay(True, "làm bù") for on in known.weekend_workdays}
    return MappingProxyType({on: day for on, day in (off | worked).items() if first_year <= on.year <= last_year})


def package_version() -> str:
    """Which release of the package speaks."""
    from holidays.version import __version__  # noqa: PLC0415 - as above

    return __version__
