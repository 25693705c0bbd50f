"""All files into an empty store tell the same history; in another order each is refused, or the state is the same."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from office import many, row, write_list, write_portal
from official import at, rules

from monitor.dossier import Dossier, Event, Moment
from monitor.importing import ImportReport, import_file
from monitor.store import Store, open_store
from monitor.sweep import sweep

# A history is a dozen files, each read by a process of its own: few of them, and a failing one is shown as it is.
FEW = settings(max_examples=6, phases=[Phase.explicit, Phase.reuse, Phase.generate])
FIRST = "Mon 2026-11-02 07:00"
MINUTE = "%d/%m/%Y %H:%M"
CODES = tuple(f"H37.12-261020-{number:04}" for number in (1, 2, 3))
CROWD = [{**one, "code": one["code"].replace("261120", "261021")} for one in many(20)]  # of whom nothing is heard
OFFICERS = ("Nguyễn Ngọc Hồng Ánh", "Lương Viết Hoàng Long")
WORKING, ASKED, DONE, RETURNED, REFUSED = (
    *("Đang xử lý", "Yêu cầu bổ sung", "Đã xử lý xong", "Đã trả kết quả", "Không được tiếp nhận"),
)
STATUS_CODES = {WORKING: "4", ASKED: "5", DONE: "9", RETURNED: "10", REFUSED: "3"}
WORDS = {
    **{WORKING: "processing", ASKED: "supplement_asked", DONE: "finished", RETURNED: "returned"},
    REFUSED: "not_accepted",
}
# What may happen to a dossier between two exports, as the cells that it changes; {day} and {later} are its days.
TWISTS: Mapping[str, Mapping[str, str]] = {
    "quiet": {},
    "moved": {"appointment": "{later} 17:00"},
    "asked": {"status": ASKED},
    "works on": {"status": WORKING},
    "finished": {"status": DONE, "finished": "{day} 15:00"},
    "returned": {"status": RETURNED},
    "reopened": {"status": WORKING, "finished": ""},
    "refused": {"status": REFUSED},
    "handed over": {"officer": OFFICERS[1]},
    "handed back": {"officer": OFFICERS[0]},
    "corrected": {"received": "19/10/2026 08:00"},
    "slip lost": {"appointment": ""},
    "all lost": {"received": "", "appointment": "", "finished": "", "officer": ""},
    "gone": {},
}
Days = Sequence[Sequence[str]]  # of every export, what has happened to each of the dossiers since the one before


@dataclass(frozen=True)
class File:
    """A file on its way."""

    path: Path
    as_of: datetime
    source: str
    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of a list: the dossiers in play

    def __repr__(self) -> str:
        return self.path.name

    def taken(self, store: Store, now: datetime, **how: Any) -> ImportReport:
        """Imported, and looked at as the daemon does."""
        report = import_file(self.path, store, rules(), now=now, **how)
        sweep(store, rules(), now=now)
        return report


def told(days: Days) -> Iterator[Mapping[str, Mapping[str, str]]]:
    """Of every export its rows of the dossiers in play. What a source loses of a cell in one export it knows again."""
    known = {code: dict(row(code, received="20/10/2026 09:00", appointment="13/11/2026 17:00")) for code in CODES}
    for number, twists in enumerate(days):
        day, later = (f"{day_of(number + more):%d/%m/%Y}" for more in (-1, 15))
        shown = {}
        for code, twist in zip(CODES, twists, strict=True):
            changes = {cell: value.format(day=day, later=later) for cell, value in TWISTS[twist].items()}
            if twist not in LOSSES:
                known[code] |= changes
            if twist != "gone":
                shown[code] = {**known[code], **changes}
        yield shown


def day_of(number: int) -> datetime:
    return at(FIRST) + timedelta(days=number)


def written(folder: Path, days: Days, *, logs: bool = False, portal: bool = False) -> list[File]:
    """The lists, beside them step logs or the portal's records, as a source writes them; in the order of their data."""
    files = []
    for number, shown in enumerate(told(days)):
        as_of = day_of(number)
        path = write_list(folder, f"{as_of:%a %Y-%m-%d %H:%M}", [*CROWD, *shown.values()])
        files.append(File(path, as_of, "list", shown))
        noon = as_of.replace(hour=12)
        exported = f"{noon:%a %Y-%m-%d %H:%M}"
        if logs and number:
            steps = [
                {"MaHoSo": code, "NguoiXuLy": OFFICERS[number % 2], "ThoiDiemXuLy": f"{as_of:%Y%m%d%H%M%S}"}
                for code in [*CODES[: number % 3], CROWD[0]["code"]]
            ]
            files.append(File(write_portal(folder, exported, steps, service="CapNhatTienDoHoSoMC"), noon, "steps"))
        if portal:
            records = [as_portal(one) | {"XuatLuc": exported} for one in (*CROWD, *shown.values())]
            files.append(File(write_portal(folder, exported, records, service="DongBoHoSoMC"), noon, "portal"))
    return files


def as_portal(cells: Mapping[str, str]) -> dict[str, str]:
    dates = {"NgayTiepNhan": "received", "NgayHenTra": "appointment", "NgayKetThucXuLy": "finished"}
    when = {name: portal_time(cells.get(cell, "")) for name, cell in dates.items()}
    return {"MaHoSo": cells["code"], "TrangThaiHoSo": STATUS_CODES[cells["status"]], **when}


def portal_time(written: str) -> str:
    """dd/MM/yyyy HH:mm as the portal writes it."""
    return written and f"{written[6:10]}{written[3:5]}{written[:2]}{written[11:13]}{written[14:]}00"


@contextmanager
def empty_store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/monitor.db") as store:
        yield store


@contextmanager
def a_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def history(store: Store) -> Mapping[str, tuple[Event, ...]]:
    """Every event of every dossier, with number, moments, import and facts."""
    return {one.code: events for one, events in store.with_events()}


def states(store: Store) -> Mapping[str, Dossier]:
    return {code: store.dossier(code).dossier() for code in history(store)}


@dataclass
class Walked:
    """What the cells alone say of a dossier: a dictionary, and what became of it on the way."""

    cells: dict[str, str] = field(default_factory=dict)
    appointments: list[str] = field(default_factory=list)
    life: int = 1
    is_missing: bool = False

    def sees(self, row: Mapping[str, str] | None) -> None:
        """One whole list, with the dossier in it or not."""
        if row is None:
            self.is_missing |= bool(self.cells) and not self._has_ended
            return
        self.is_missing = False
        is_open_again = row["status"] in (WORKING, ASKED) and not row.get("finished") and self._has_ended
        if is_open_again:
            self.life += 1
            self.cells["finished"] = ""
        if row["appointment"] not in ("", *self.appointments[-1:]):
            self.appointments.append(row["appointment"])
        self.cells |= {name: value for name, value in row.items() if value}

    @property
    def _has_ended(self) -> bool:
        return bool(self.cells.get("finished")) or self.cells.get("status") == REFUSED

    def as_told(self) -> tuple[Any, ...]:
        said = {"finished": "", "received": "", "officer": None, **self.cells}
        first = said["received"], tuple(self.appointments), said["finished"]
        return (*first, WORDS[said["status"]], said["officer"], self.life, self.is_missing)


def as_told(dossier: Dossier) -> tuple[Any, ...]:
    """The same of the monitor's dossier."""
    appointments = tuple(as_written(one.at) for one in dossier.appointments)
    first = as_written(dossier.received), appointments, as_written(dossier.finished)
    is_missing = dossier.missing_since is not None
    return (*first, dossier.source_status.value, dossier.handling_officer, dossier.life, is_missing)


def as_written(moment: Moment | None) -> str:
    return f"{moment.at:{MINUTE}}" if moment else ""


def walked(files: Sequence[File]) -> dict[str, tuple[Any, ...]]:
    """What the last state must be, by a walk over the rows of the lists."""
    known = {code: Walked() for code in CODES}
    for file in files:
        for code, one in known.items():
            one.sees(file.rows.get(code))
    return {code: one.as_told() for code, one in known.items() if one.cells}


ALL_THERE = ("quiet", "quiet", "quiet")
LOSSES = {"slip lost", "all lost"}


def days_of(twists: Iterable[str]) -> st.SearchStrategy[Days]:
    return st.lists(st.tuples(*[st.sampled_from(sorted(twists))] * len(CODES)), min_size=2, max_size=4)


some_days = days_of(TWISTS)
EVERYTHING_ENDS = [("quiet", "asked", "gone"), ("finished", "works on", "moved"), ("reopened", "refused", "gone")]
HELD_LATE = [("moved", "finished", "quiet"), ("slip lost", "reopened", "gone"), ("finished", "gone", "quiet")]
ALL_LOST = [("moved", "handed over", "finished"), ("all lost", "all lost", "all lost")]


@FEW
@example(EVERYTHING_ENDS, 0)
@example(HELD_LATE, 1)
@example(ALL_LOST, 1)
@given(some_days, st.integers(0, 2))
def test_replaying_all_files_gives_the_same_events_and_what_a_walk_over_the_cells_says(days: Days, late: int):
    """One of the files comes last although it is older, and a person takes it at its word."""
    with a_folder() as folder, empty_store() as store, empty_store() as again:
        files = written(folder, days, logs=True)
        lists = [one for one in files if one.source == "list"]
        kept_back = lists[late % len(lists)]
        files = [*[one for one in files if one is not kept_back], kept_back]
        for into in (store, again):
            for number, file in enumerate(files):
                now = day_of(len(days)) + timedelta(hours=number)
                assert not file.taken(into, now, accept=file is kept_back).held
        assert history(again) == history(store)
        assert states(again) == states(store)
        lists = [one for one in files if one.source == "list"]
        assert {code: as_told(one) for code, one in states(store).items() if code in CODES} == walked(lists)


@FEW
@given(some_days, st.data())
def test_files_in_another_order_are_held_or_end_in_the_same_state(days: Days, data: st.DataObject):
    """A list and a step log are sources of their own, and may overtake each other; none may be overtaken by its own."""
    with a_folder() as folder, empty_store() as store, empty_store() as other:
        first, *files = written(folder, [ALL_THERE, *days], logs=True)
        taken = taken_in([first, *data.draw(st.permutations(files))], other)
        assert taken_in(sorted(taken, key=lambda one: one.as_of), store) == taken
        assert differing(states(other), states(store)) == {}


@FEW
@given(days_of(TWISTS.keys() - LOSSES), st.data())
def test_what_two_lists_say_of_today_does_not_depend_on_which_came_first(days: Days, data: st.DataObject):
    """The portal's records beside the follow-up list. What lay between two files of one may be heard too late, and
    where the newer one has lost a cell, the older one's word is not heard before it is said again.
    """
    with a_folder() as folder, empty_store() as store, empty_store() as other:
        first, *files = written(folder, [ALL_THERE, *days], portal=True)
        taken = taken_in([first, *data.draw(st.permutations(files))], other)
        assert taken_in(sorted(taken, key=lambda one: one.as_of), store) == taken
        said, expected = ({code: today(one) for code, one in states(one).items()} for one in (other, store))
        assert said == expected


def taken_in(order: Sequence[File], store: Store) -> list[File]:
    """Those that were not held, by their age; all come at one moment, so that the states may be compared."""
    newest: dict[str, datetime] = {}
    taken = []
    for file in order:
        report = file.taken(store, day_of(30))
        assert report.held is (file.as_of < newest.get(file.source, file.as_of)), report.cause
        assert not report.rejected
        if not report.held:
            newest[file.source] = file.as_of
            taken.append(file)
    return sorted(taken, key=lambda one: one.as_of)


def differing(one: Mapping[str, Dossier], other: Mapping[str, Dossier]) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Code and field -> the two values, short enough to be read when a test fails."""
    pairs = ((code, name, getattr(one[code], name), getattr(other[code], name)) for code in one for name in NAMES)
    return {(code, name): (ours, theirs) for code, name, ours, theirs in pairs if ours != theirs}


NAMES = tuple(one.name for one in fields(Dossier))


def today(dossier: Dossier) -> tuple[Any, ...]:
    """What holds now, without what held before."""
    received, appointments, finished, status, officer, _, _ = as_told(dossier)
    return received, appointments[-1:], finished, status, officer


@FEW
@given(some_days)
def test_a_file_that_comes_twice_changes_nothing(days: Days):
    with a_folder() as folder, empty_store() as store:
        files = written(folder, days, logs=True)
        for number, file in enumerate(files):
            file.taken(store, day_of(number))
        before = history(store)
        for file in files:
            report = file.taken(store, day_of(len(files)))
            assert report.already_imported
        assert history(store) == before
