"""Every path stores the same bytes, in whatever zone the server runs."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert
from sqlmodel import Session

from monitor.store import NaiveInstant, Store, open_store
from monitor.store.bulk import insert_new_rows, insert_rows, replace_rows
from monitor.store.connection import Database
from monitor.store.tables import DOSSIER, EVENT, NOTICE, DossierRow, Stored
from monitor.store.types import Instant, Json, epoch_seconds, from_epoch
from monitor.working_time import LOCAL_ZONE

ROOT = Path(__file__).parent.parent
EIGHT = datetime(2026, 11, 23, 8, 0, tzinfo=LOCAL_ZONE)  # a Monday
VALUES = {
    "code": "A",
    "revision": 0,
    "life": 1,
    "is_open": True,
    "source": "one-stop desk",
    "fingerprint": b"\x00\xff",
    "data_as_of": datetime(2026, 11, 23, 1, 0, 0, 999_999, tzinfo=UTC),
    "seen_import_id": 1,
    "event_count": 0,
    "received_at": datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC),
    "received_has_time": False,
    "next_look_at": datetime(2026, 11, 22, 20, 0, tzinfo=ZoneInfo("America/New_York")),
    "flags": ["provisional", "trễ"],
    "law_due_on": date(2026, 11, 26),
    "situation": "Đúng hẹn",
}
COLUMNS = tuple(DOSSIER.c[name] for name in VALUES)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    open_store(database_url).close()
    opened = Database(database_url)
    yield opened
    opened.close()


def by_orm(connection: Connection) -> None:
    with Session(connection) as session:
        session.add(DossierRow(**VALUES))
        session.commit()


def by_core(connection: Connection) -> None:
    connection.execute(insert(DOSSIER).values(**VALUES))


def by_core_many(connection: Connection) -> None:
    connection.execute(insert(DOSSIER), [VALUES])


def by_bulk(connection: Connection) -> None:
    insert_rows(connection, COLUMNS, [tuple(VALUES.values())])


def by_bulk_new(connection: Connection) -> None:
    assert insert_new_rows(connection, COLUMNS, [tuple(VALUES.values())]) == 1
    assert insert_new_rows(connection, COLUMNS, [tuple(VALUES.values())]) == 0


def by_replacement(connection: Connection) -> None:
    replace_rows(connection, COLUMNS, [tuple((VALUES | {"source": "old"}).values())])
    replace_rows(connection, COLUMNS, [tuple(VALUES.values())])


@pytest.mark.parametrize("write", [by_orm, by_core, by_core_many, by_bulk, by_bulk_new, by_replacement])
def test_every_path_stores_the_same_values(database: Database, write: Callable[[Connection], None]):
    names = ", ".join(column.name for column in COLUMNS)
    with database.write() as connection:
        write(connection)
        (stored,) = connection.exec_driver_sql(f"SELECT {names} FROM dossier").cursor.fetchall()  # noqa: S608  # our own names
    is_sqlite = database.is_sqlite
    told = dict(zip(VALUES, stored, strict=True))
    assert told["data_as_of"] == (1795395600 if is_sqlite else EIGHT)
    assert told["next_look_at"] == (1795395600 if is_sqlite else EIGHT)
    assert told["received_at"] == (-1 if is_sqlite else datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert told["law_due_on"] == ("2026-11-26" if is_sqlite else date(2026, 11, 26))
    assert told["flags"] == '["provisional","trễ"]'
    assert bytes(told["fingerprint"]) == b"\x00\xff"
    assert (told["is_open"], told["received_has_time"]) == ((1, 0) if is_sqlite else (True, False))


def test_stored_instants_come_back_in_the_local_zone(database: Database):
    with database.write() as connection:
        by_bulk(connection)
        row = connection.execute(DOSSIER.select()).one()
    assert row.data_as_of.isoformat() == "2026-11-23T08:00:00+07:00"
    assert row.next_look_at == EIGHT


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Ho_Chi_Minh"])
def test_instants_are_the_same_on_a_server_in_any_zone(database: Database, zone: str):
    """Written here, read by a process that lives elsewhere; written there, read here."""
    program = """
import sys
from datetime import datetime
from monitor.store import open_store
with open_store(sys.argv[1]) as store:
    print(store.last_beat().isoformat())
    store.beat(now=datetime.fromisoformat("2026-11-24T08:00:00+07:00"))
"""
    url = database.url.render_as_string(hide_password=False)
    with open_store(url) as store:
        store.beat(now=EIGHT)
        told = subprocess.run(
            [sys.executable, "-c", program, url],
            env=os.environ | {"TZ": zone, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert told.stdout.strip() == "2026-11-23T08:00:00+07:00"
        assert store.last_beat() == datetime(2026, 11, 24, 8, 0, tzinfo=LOCAL_ZONE)


def test_an_hour_that_comes_twice_elsewhere_is_two_instants():
    first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    assert epoch_seconds(first.replace(fold=1)) - epoch_seconds(first) == 3600


def test_an_instant_without_a_zone_is_refused(database_url: str):
    with open_store(database_url) as store, pytest.raises(NaiveInstant, match="has no time zone"):
        store.beat(now=datetime(2026, 11, 23, 8, 0))  # noqa: DTZ001  # that is the mistake
    for dialect in (Database(database_url).engine.dialect,):
        with pytest.raises(NaiveInstant):
            Instant().process_bind_param(datetime(2026, 11, 23, 8, 0), dialect)  # noqa: DTZ001


def test_a_fraction_of_a_second_is_cut_off_before_and_after_1970():
    assert epoch_seconds(EIGHT + timedelta(microseconds=999_999)) == 1795395600
    assert epoch_seconds(datetime(1969, 12, 31, 23, 59, 58, 1, tzinfo=UTC)) == -2
    assert from_epoch(1795395600) == EIGHT


def test_facts_may_be_a_read_only_mapping(database: Database):
    bind = Json().dialect_impl(database.engine.dialect).bind_processor(database.engine.dialect)
    assert bind(MappingProxyType({"reason": "lỗi"})) == '{"reason":"lỗi"}'
    assert bind({}) == "{}"


def test_every_instant_of_every_table_has_the_one_type():
    named_like_instants = {
        (table.name, column.name): type(column.type)
        for table in Stored.metadata.sorted_tables
        for column in table.c
        if column.name.endswith(("_at", "_since", "_until", "_as_of"))
    }
    assert len(named_like_instants) == 26
    assert set(named_like_instants.values()) == {Instant}


def test_no_column_of_the_notices_key_may_be_missing():
    for name in ("dossier_id", "life", "step", "due_on", "occurrence", "person"):
        assert not NOTICE.c[name].nullable
    assert not EVENT.c.recorded_at.nullable


def test_only_the_person_and_unsent_mail_hold_personal_data(database_url: str):
    with open_store(database_url) as store:
        assert isinstance(store, Store)
    personal = {"applicant", "submitter", "address", "phone", "email", "identity_no", "content", "to_address"}
    holders = {table.name for table in Stored.metadata.sorted_tables if personal & {column.name for column in table.c}}
    assert holders == {"person", "outbox", "record"}  # record.content has no person, as TestRecord proves
