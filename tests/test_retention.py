"""Personal data are kept no longer than needed, shown to whom they are about, and erased without touching a figure."""

import json
import os
from pathlib import Path

import pytest
from command import MONDAY_MORNING, PLANTED, SAMPLES, data, dunghen, listing, site_in
from office import CODE, dossier, everything, row, take, write_list
from official import at, rules

from monitor.dossier import EventKind
from monitor.record import Person
from monitor.retention import StillNeeded, erase, purge
from monitor.rules import Retention, RulesRefused, load_rules_from, rule_files
from monitor.site import Site
from monitor.store import Store, open_store
from monitor.sweep import sweep

TWO_YEARS = Retention(people_months=24, files_months=6)
OPEN, ENDED = CODE, "H37.12-261120-0002"
DONE = {"status": "Đã xử lý xong", "finished": "25/11/2026 10:00"}  # Wed 2026-11-25, a day before it was due
BY = "dt-minh-nguyet"


@pytest.fixture
def store(database_url: str, tmp_path: Path):
    """One dossier that is open and one that ended on Wed 2026-11-25."""
    with open_store(database_url) as opened:
        rows = [row(OPEN), row(ENDED, applicant="Công ty TNHH Hoa Ban", submitter="Lý Thị Sen", **DONE)]
        take(opened, write_list(tmp_path, "Thu 2026-11-26 07:05", rows), "Thu 2026-11-26 07:10")
        sweep(opened, rules(), now=at("Thu 2026-11-26 07:10"))
        yield opened


def site(folder: Path) -> Site:
    return Site(home=folder)


def purged(store: Store, folder: Path, now: str, **how: bool):
    return purge(store, site(folder), TWO_YEARS, by=BY, now=at(now), **how)


def test_two_years_after_its_end_the_people_of_a_dossier_are_erased_and_no_day_earlier(store: Store, tmp_path: Path):
    assert purged(store, tmp_path, "Sat 2028-11-25 10:00").dossiers == ()
    assert purged(store, tmp_path, "Sat 2028-11-25 10:01").dossiers == (ENDED,)
    assert store.people_of([ENDED]) == []
    found = store.dossier(ENDED)
    assert found is not None
    assert found.person == Person()


def test_what_was_erased_is_not_left_in_the_database_file(tmp_path: Path):
    file = tmp_path / "monitor.db"
    with open_store(f"sqlite:///{file}") as store:
        take(store, write_list(tmp_path, "Thu 2026-11-26 07:05", [row(ENDED, **DONE)]), "Thu 2026-11-26 07:10")
        sweep(store, rules(), now=at("Thu 2026-11-26 07:10"))
        assert _holds(tmp_path, "Hoa Đào")
        erase(store, [ENDED], by=BY, ground="Đơn ngày 20/11/2026", now=at("Thu 2026-11-26 08:00"))
        assert not _holds(tmp_path, "Hoa Đào")


def _holds(folder: Path, name: str) -> bool:
    return any(name.encode() in path.read_bytes() for path in folder.glob("monitor.db*"))


def test_an_open_dossier_keeps_its_people_however_old(store: Store, tmp_path: Path):
    purged(store, tmp_path, "Mon 2035-01-01 08:00")
    assert [one.person.applicant for one in store.people_of([OPEN])] == ["Công ty TNHH Hoa Đào"]


def test_what_was_decided_and_every_figure_are_the_same_after_a_purge(store: Store, tmp_path: Path):
    before, told = everything(store), store.counts_by_status()
    purged(store, tmp_path, "Mon 2029-01-01 08:00")
    assert store.counts_by_status() == told
    after = everything(store)
    assert [(line, events) for line, _record, events in after] == [(line, events) for line, _record, events in before]


def test_a_purge_that_only_tries_erases_nothing(store: Store, tmp_path: Path):
    old = _dated(tmp_path / "data" / "mail" / "cu.eml", "Mon 2026-11-23 07:15")
    tried = purged(store, tmp_path, "Mon 2029-01-01 08:00", dry_run=True)
    assert (tried.dossiers, tried.files) == ((ENDED,), (old,))
    assert old.exists()
    assert len(store.people_of([ENDED])) == 1


def test_exports_letters_and_mails_go_when_they_are_half_a_year_old(store: Store, tmp_path: Path):
    folders = ("inbox/done", "inbox/held", "mail", "letters")
    old = [_dated(tmp_path / "data" / folder / "cu.bin", "Mon 2026-11-23 07:15") for folder in folders]
    new = [_dated(tmp_path / "data" / folder / "moi.bin", "Mon 2027-05-24 07:15") for folder in folders]
    waiting = _dated(tmp_path / "data" / "inbox" / "chua-nhap.xlsx", "Mon 2026-11-23 07:15")
    assert set(purged(store, tmp_path, "Mon 2027-05-24 08:00").files) == set(old)
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in (*new, waiting))


def _dated(path: Path, when: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (at(when).timestamp(),) * 2)
    return path


def test_the_cells_of_refused_rows_are_forgotten_and_their_causes_stay(store: Store, tmp_path: Path):
    bad = write_list(tmp_path, "Fri 2026-11-27 07:05", [row("H37.12-261120-0003", received="0905 123 456")])
    report = take(store, bad, "Fri 2026-11-27 07:10", accept=True)
    assert [one.value for one in report.rejected] == ["0905 123 456"]
    done = purged(store, tmp_path, "Fri 2027-05-28 08:00")
    assert done.texts == 1
    newest = store.imports(1)[0]
    assert [(one.value, bool(one.cause)) for one in store.rejections(newest.id)] == [(None, True)]


def test_a_file_that_still_names_the_people_does_not_bring_them_back(store: Store, tmp_path: Path):
    erase(store, [ENDED], by=BY, ground="Đơn ngày 20/11/2026", now=at("Thu 2026-11-26 08:00"))
    rows = [row(OPEN), row(ENDED, applicant="Công ty TNHH Hoa Ban", officer="Trần Văn An", **DONE)]
    take(store, write_list(tmp_path, "Fri 2026-11-27 07:05", rows), "Fri 2026-11-27 07:10")
    assert store.people_of([ENDED]) == []
    assert dossier(store, ENDED).handling_officer == "Trần Văn An"


def test_a_dossier_that_is_opened_again_needs_its_people_again(store: Store, tmp_path: Path):
    erase(store, [ENDED], by=BY, ground="Đơn ngày 20/11/2026", now=at("Thu 2026-11-26 08:00"))
    rows = [row(OPEN), row(ENDED, applicant="Công ty TNHH Hoa Ban")]  # no end, and being worked on
    take(store, write_list(tmp_path, "Fri 2026-11-27 07:05", rows), "Fri 2026-11-27 07:10")
    assert [one.person.applicant for one in store.people_of([ENDED])] == ["Công ty TNHH Hoa Ban"]
    found = store.dossier(ENDED)
    assert found is not None
    assert EventKind.REOPENED in [event.kind for event in found.events]


def test_the_people_of_an_open_dossier_are_not_erased_on_request_either(store: Store):
    with pytest.raises(StillNeeded, match=OPEN):
        erase(store, [ENDED, OPEN], by=BY, ground="Đơn", now=at("Thu 2026-11-26 08:00"))
    assert len(store.people_of([ENDED, OPEN])) == 2


@pytest.mark.parametrize("mark", [Person(applicant="Lý Thị Sen"), Person(applicant="Công ty TNHH Hoa Ban")])
def test_a_person_is_found_as_applicant_and_as_submitter(store: Store, mark: Person):
    assert [one.code for one in store.people_on_file(mark)] == [ENDED]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A replay site with one dossier that ended on Mon 2023-11-20 and one that is open."""
    folder = tmp_path / "site"
    site_in(folder)
    rows = [
        "H37.12-231117-0001|17/11/2023 09:00|22/11/2023 17:00|Đã xử lý xong|20/11/2023 10:00",
        "H37.12-261120-0001|20/11/2026 09:00|26/11/2026 17:00|Đang xử lý|",
    ]
    path = listing(tmp_path / "theo-doi.csv", rows)
    for words in (("import", path), ("sweep",)):
        assert dunghen(*words, "--now", MONDAY_MORNING.isoformat(), home=folder).exit_code == 0
    return folder


def test_the_command_says_what_goes_and_names_nobody(home: Path):
    tried = dunghen("purge", "--dry-run", "--now", MONDAY_MORNING.isoformat(), home=home)
    assert "People of 1 dossiers that ended before 2024-11-23: would be erased." in tried.output
    done = data("purge", "--now", MONDAY_MORNING.isoformat(), home=home)
    assert done["dossiers"] == ["H37.12-231117-0001"]
    assert not any(mark in tried.output + json.dumps(done, ensure_ascii=False) for mark in PLANTED)
    assert data("purge", "--now", MONDAY_MORNING.isoformat(), home=home)["dossiers"] == []


def test_a_citizen_is_handed_everything_that_is_kept(home: Path, tmp_path: Path):
    out = tmp_path / "cung-cap.json"
    name, address, phone = PLANTED
    said = dunghen("citizen", "export", "--ask", "--out", out, home=home, typed=f"{name}\n\n\n\n")
    assert said.exit_code == 0, said.output
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert [one["code"] for one in kept] == ["H37.12-231117-0001", "H37.12-261120-0001"]
    assert {(one["person"]["applicant"], one["person"]["address"], one["person"]["phone"]) for one in kept} == {
        (name, address, phone)
    }
    assert [event["kind"] for event in kept[0]["events"]] == ["received", "appointment_seen", "finished"]
    assert out.stat().st_mode & 0o077 == 0  # nobody else on the machine may read it
    again = dunghen("citizen", "export", "--ask", "--out", out, home=home, typed=f"{name}\n\n\n\n")
    assert (again.exit_code, "exists already" in again.output) == (1, True)


def test_a_citizen_who_is_not_on_file_is_told_so(home: Path, tmp_path: Path):
    out = tmp_path / "cung-cap.json"
    said = dunghen("citizen", "export", "--ask", "--out", out, home=home, typed="\n0911 111 111\n\n\n")
    assert (said.exit_code, "nothing is kept of this person" in said.output) == (1, True)
    assert not out.exists()


def test_on_request_the_data_of_an_ended_dossier_go_and_those_of_an_open_one_stay(home: Path):
    ground = ("--by", BY, "--ground", "Đơn ngày 20/11/2026")
    refused = dunghen("citizen", "erase", "H37.12-261120-0001", *ground, home=home)
    assert (refused.exit_code, "still open" in refused.output) == (1, True)
    assert data("citizen", "erase", "H37.12-231117-0001", *ground, home=home) == {
        "erased": ["H37.12-231117-0001"],
        "nothing_kept": [],
    }


def test_the_shipped_times_are_two_years_for_people_and_half_a_year_for_files():
    assert load_rules_from(rule_files(SAMPLES.parent.parent / "rules")).retention == TWO_YEARS


@pytest.mark.parametrize(
    ("written", "mistake"),
    [
        (
            "[people]\nmonths_after_end = 0\nbasis = 'D'\n[files]\nmonths = 6\nbasis = 'D'",
            "write a number from 1 to 840",
        ),
        ("[people]\nmonths_after_end = 24\nbasis = 'D'", r"\[files\] is missing"),
        ("[people]\nmonths_after_end = 24\n[files]\nmonths = 6\nbasis = 'D'", "basis"),
    ],
)
def test_a_time_that_is_missing_or_nonsense_is_refused(written: str, mistake: str):
    files = rule_files(SAMPLES.parent.parent / "rules") | {"retention.toml": written.encode()}
    with pytest.raises(RulesRefused, match=f"(?s)rules/retention.toml.*{mistake}"):
        load_rules_from(files)
