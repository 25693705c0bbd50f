"""A provincial one-stop system that keeps its dossiers in a database, and a rule that reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine, create_engine, text

from monitor.source import QueryRule, SourceRule

SQL = """
    SELECT ma_ho_so AS "Mã hồ sơ", ten_thu_tuc AS "Tên TTHC", trang_thai AS "Trạng thái", chu_ho_so AS "Chủ hồ sơ",
           ngay_nhan AS "Ngày nhận", ngay_hen AS "Ngày hẹn trả", cap_nhat
    FROM ho_so WHERE cap_nhat >= :mark ORDER BY cap_nhat, ma_ho_so
"""
START = datetime.fromisoformat("2026-11-01")  # the province's server writes local times without a zone


@contextmanager
def running(url: str) -> Iterator[Engine]:
    """The province's own server, with an empty table of dossiers."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS ho_so"))
        connection.execute(
            text(
                "CREATE TABLE ho_so (ma_ho_so varchar(40) PRIMARY KEY, ten_thu_tuc varchar(400), trang_thai integer,"
                " chu_ho_so varchar(400), ngay_nhan timestamp NULL, ngay_hen timestamp NULL,"
                " cap_nhat timestamp NOT NULL)"
            )
        )
    yield engine
    engine.dispose()


def rule(url: str, **changed: object) -> tuple[SourceRule, QueryRule, str]:
    said = {"url_file": "tinh.secret", "sql": adapted(SQL, url), "mark": "cap_nhat", "first_mark": START}
    query = QueryRule(**{**said, **changed})
    return SourceRule(name="Tỉnh", query=query), query, url


def adapted(sql: str, url: str) -> str:
    """MariaDB quotes names with back-ticks."""
    return sql.replace('"', "`") if url.startswith("mysql") else sql


def put(province: Engine, *rows: tuple[str, str, str]) -> None:
    """Dossiers by code, name of the applicant and the moment of their last change."""
    with province.begin() as connection:
        for code, applicant, changed in rows:
            connection.execute(text("DELETE FROM ho_so WHERE ma_ho_so = :code"), {"code": code})
            connection.execute(
                text("INSERT INTO ho_so VALUES (:code, 'Hiệu đính thông tin', 4, :name, :received, :promised, :at)"),
                {
                    "code": code,
                    "name": applicant,
                    "received": datetime.fromisoformat("2026-11-20 09:00"),
                    "promised": datetime.fromisoformat("2026-11-26 17:00"),
                    "at": datetime.fromisoformat(changed),
                },
            )
