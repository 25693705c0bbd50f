"""What a province's database says reaches the monitor like a file: once, from a mark on, fresh as of the question."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from office import CODE, dossier
from official import at, rules
from province import put, rule
from sqlalchemy import Engine, text

from monitor.dossier import EventKind
from monitor.importing import import_query
from monitor.intake.query import QueryFailed
from monitor.status import Status
from monitor.store import ImportState, Store, open_store
from monitor.sweep import sweep

OTHER = "H37.12-261120-0002"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/monitor.db") as opened:
        yield opened


def ask(store: Store, province_url: str, now: str):
    source, _, address = rule(province_url)
    return import_query(source, address, store, rules(), now=at(now))


def test_the_first_question_brings_everything_and_the_next_what_has_changed(
    store: Store, province: Engine, province_url: str
):
    put(province, (CODE, "Công ty TNHH Hoa Đào", "2026-11-20 09:05"), (OTHER, "Lý Thị Sen", "2026-11-20 09:06"))
    first = ask(store, province_url, "Mon 2026-11-23 08:00")
    assert (first.read, first.new, first.held) == (2, 2, False)
    put(province, (OTHER, "Lý Thị Sen", "2026-11-23 08:10"))
    with province.begin() as connection:
        connection.execute(
            text("UPDATE ho_so SET ngay_hen = '2026-11-30 17:00' WHERE ma_ho_so = :code"), {"code": OTHER}
        )
    second = ask(store, province_url, "Mon 2026-11-23 08:15")
    assert (second.new, second.changed) == (0, 1)
    kinds = [event.kind for event in store.dossier(OTHER).events]
    assert kinds == [EventKind.RECEIVED, EventKind.APPOINTMENT_SEEN, EventKind.APPOINTMENT_SEEN]


def test_where_nothing_has_changed_no_import_is_recorded_and_the_data_are_fresh(
    store: Store, province: Engine, province_url: str
):
    put(province, (CODE, "Công ty TNHH Hoa Đào", "2026-11-20 09:05"))
    ask(store, province_url, "Mon 2026-11-23 08:00")
    report = ask(store, province_url, "Mon 2026-11-23 08:15")
    assert (report.new, report.changed) == (0, 0)
    assert [one.state for one in store.imports()] == [ImportState.ACCEPTED]
    assert store.sources()[0].data_as_of == at("Mon 2026-11-23 08:15")


def test_a_dossier_of_which_the_database_says_nothing_new_is_confirmed_overdue_by_asking(
    store: Store,
    province: Engine,
    province_url: str,
):
    """Due on Thu 2026-11-26 at 17:00; the question of Fri 07:00 shows that it is still unfinished."""
    put(province, (CODE, "Công ty TNHH Hoa Đào", "2026-11-20 09:05"))
    ask(store, province_url, "Mon 2026-11-23 08:00")
    sweep(store, rules(), now=at("Fri 2026-11-27 06:59"))
    assert [one.status for one in store.list_dossiers()] == [Status.DUE_PASSED_UNCONFIRMED]
    ask(store, province_url, "Fri 2026-11-27 07:00")
    sweep(store, rules(), now=at("Fri 2026-11-27 07:01"))
    assert [one.status for one in store.list_dossiers()] == [Status.OVERDUE]


def test_a_view_that_lost_a_column_is_held_as_a_file_would_be(store: Store, province: Engine, province_url: str):
    put(province, (CODE, "Công ty TNHH Hoa Đào", "2026-11-20 09:05"))
    ask(store, province_url, "Mon 2026-11-23 08:00")
    source, query, address = rule(province_url)
    quote = "`" if province_url.startswith("mysql") else '"'
    less = query.sql.replace(f"ngay_hen AS {quote}Ngày hẹn trả{quote}, ", "")
    assert less != query.sql
    source, query, address = rule(province_url, sql=less)
    report = import_query(source, address, store, rules(), now=at("Mon 2026-11-23 08:15"))
    assert report.held
    assert "“Ngày hẹn trả”" in (report.cause or "")
    assert dossier(store).appointments


def test_a_server_that_is_away_changes_nothing(store: Store, province: Engine, province_url: str):
    put(province, (CODE, "Công ty TNHH Hoa Đào", "2026-11-20 09:05"))
    ask(store, province_url, "Mon 2026-11-23 08:00")
    source, _, _ = rule(province_url)
    with pytest.raises(QueryFailed):
        import_query(source, "mysql://u@127.0.0.1:1/t", store, rules(), now=at("Mon 2026-11-23 08:15"))
    assert store.sources()[0].data_as_of == at("Mon 2026-11-23 08:00")
