"""A province that opens its database instead of exporting files: read from a mark on, and never written to."""

from datetime import datetime, timedelta

import pytest
from official import at
from province import SQL, START, adapted, put, rule
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from monitor.dossier import Moment, SourceStatus
from monitor.intake.batch import FileHead
from monitor.intake.query import Part, QueryFailed, decode_mark, encode_mark, read_query
from monitor.source import Mark, QueryRule, Scope, SourceRule

NOW = at("Mon 2026-11-23 08:00")


def read(said: tuple[SourceRule, QueryRule, str], *, known=None, since: Mark | None = None) -> list[FileHead | Part]:
    return list(read_query(*said, known=known or {}, since=since, now=NOW))


def test_a_row_of_the_answer_becomes_a_record_as_a_row_of_a_file_does(province: Engine, province_url: str):
    put(province, ("H37.12-261120-0001", "Công ty TNHH Hoa Đào", "2026-11-20 09:05"))
    head, part = read(rule(province_url))
    assert isinstance(head, FileHead)
    assert (head.source, head.scope, head.data_as_of) == ("Tỉnh/csdl", Scope.PARTIAL, NOW)
    assert isinstance(part, Part)
    (row,) = part.batch.rows
    assert row.record.code == "H37.12-261120-0001"
    assert row.record.received_at == Moment(at("Fri 2026-11-20 09:00"))
    assert row.record.appointment_at == Moment(at("Thu 2026-11-26 17:00"))
    assert row.record.status is SourceStatus.PROCESSING
    assert row.record.person.applicant == "Công ty TNHH Hoa Đào"


def test_the_next_reading_begins_at_the_mark_that_was_reached_and_what_is_known_is_only_named(
    province: Engine, province_url: str
):
    put(province, ("H37.12-261120-0001", "A", "2026-11-20 09:05"), ("H37.12-261120-0002", "B", "2026-11-20 10:00"))
    _, part = read(rule(province_url))
    known = {row.record.code: row.fingerprint for row in part.batch.rows}
    assert part.mark == datetime.fromisoformat("2026-11-20 10:00")
    put(province, ("H37.12-261120-0003", "C", "2026-11-20 10:30"))
    _, again = read(rule(province_url, overlap_minutes=0), known=known, since=decode_mark(encode_mark(part.mark)))
    assert [row.record.code for row in again.batch.rows] == ["H37.12-261120-0003"]
    assert again.batch.unchanged == ["H37.12-261120-0002"]  # it bears the mark itself


def test_what_was_written_by_a_transaction_that_ended_late_is_found_by_reading_a_little_back(
    province: Engine, province_url: str
):
    put(province, ("H37.12-261120-0001", "A", "2026-11-20 10:00"))
    _, part = read(rule(province_url))
    put(province, ("H37.12-261120-0002", "B", "2026-11-20 09:52"))  # begun earlier, committed only now
    _, again = read(rule(province_url, overlap_minutes=10), since=part.mark)
    assert "H37.12-261120-0002" in [row.record.code for row in again.batch.rows]


def test_an_answer_larger_than_a_part_comes_in_parts_each_with_its_mark(province: Engine, province_url: str):
    rows = [
        {"code": f"H37.12-261120-{number:05}", "at": START + timedelta(minutes=number)} for number in range(1, 5_003)
    ]
    statement = "INSERT INTO ho_so VALUES (:code, 'Hiệu đính', 4, 'A', '2026-11-20 09:00', '2026-11-26 17:00', :at)"
    with province.begin() as connection:
        connection.execute(text(statement), rows)
    _, first, second = read(rule(province_url))
    assert (len(first.batch.rows), len(second.batch.rows)) == (5_000, 2)
    assert first.mark == START + timedelta(minutes=5_000)
    assert second.mark == START + timedelta(minutes=5_002)


def test_a_bad_row_is_refused_with_its_column_and_the_others_go_on(province: Engine, province_url: str):
    put(province, ("H37.12-261120-0001", "A", "2026-11-20 09:05"), ("ma co dau cach", "B", "2026-11-20 10:00"))
    _, part = read(rule(province_url))
    assert [row.record.code for row in part.batch.rows] == ["H37.12-261120-0001"]
    assert [(one.column, one.value) for one in part.batch.rejections] == [("Mã hồ sơ", "ma co dau cach")]


def test_whatever_the_rule_says_the_server_is_told_that_nothing_may_be_written(province: Engine, province_url: str):
    put(province, ("H37.12-261120-0001", "A", "2026-11-20 09:05"))
    writes = {
        "postgresql": "WITH gone AS (DELETE FROM ho_so RETURNING *) SELECT * FROM gone WHERE cap_nhat >= :mark",
        "mysql": "DELETE FROM ho_so WHERE cap_nhat >= :mark RETURNING *",
    }[province_url.partition("+")[0].partition(":")[0]]
    with pytest.raises(QueryFailed, match="kiểm tra máy chủ, quyền đọc"):
        read(rule(province_url, sql=writes))
    with province.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM ho_so")).scalar_one() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mark": "ngay_sua"}, "kết quả không có cột ngay_sua"),
        ({"sql": "SELECT khong_co FROM ho_so WHERE cap_nhat >= :mark"}, "khong_co"),
    ],
)
def test_a_statement_that_does_not_fit_the_database_is_refused_in_words(
    province: Engine, province_url: str, changed: dict[str, str], said: str
):
    with pytest.raises(QueryFailed, match=said):
        read(rule(province_url, **changed))


def test_an_answer_that_is_not_in_the_order_of_the_mark_is_refused_before_rows_are_lost(
    province: Engine, province_url: str
):
    put(province, ("H37.12-261120-0001", "A", "2026-11-20 10:00"), ("H37.12-261120-0002", "B", "2026-11-20 09:00"))
    backwards = adapted(SQL, province_url).replace("ORDER BY cap_nhat", "ORDER BY cap_nhat DESC")
    with pytest.raises(QueryFailed, match="không tăng dần"):
        read(rule(province_url, sql=backwards))


@pytest.mark.parametrize(
    "address", ["mysql://nguoi-doc:bi-mat@127.0.0.1:1/tinh", "postgresql://u:bi-mat@127.0.0.1:1/t"]
)
def test_a_server_that_does_not_answer_is_said_in_one_line_without_the_password(address: str):
    source, query, _ = rule(address)
    with pytest.raises(QueryFailed) as failed:
        read((source, query, address))
    assert "bi-mat" not in str(failed.value)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize("address", ["bi-mat", "oracle+nothing://u:bi-mat@h/t", ""])
def test_an_address_that_is_none_is_refused_without_being_shown(address: str):
    source, query, _ = rule(address)
    with pytest.raises(QueryFailed, match="địa chỉ trong tệp url_file không đúng dạng") as failed:
        read((source, query, address))
    assert "bi-mat" not in str(failed.value)


@pytest.mark.parametrize("mark", [7, "x 1", START, NOW, START.date()])
def test_a_mark_is_kept_as_what_it_is(mark: Mark):
    assert decode_mark(encode_mark(mark)) == mark
    assert type(decode_mark(encode_mark(mark))) is type(mark)


def test_the_engine_of_the_tests_may_write(province: Engine):
    """Else the test that nothing may be written would prove nothing."""
    try:
        put(province, ("H37.12-261120-0009", "A", "2026-11-20 09:05"))
    except DBAPIError as error:  # pragma: no cover - the point is that it does not happen
        pytest.fail(str(error))
