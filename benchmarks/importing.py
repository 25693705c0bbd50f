"""How long 100,000 rows of a follow-up list take into an empty store, and the same list once more with other bytes.

Beside it in the same run: what a user would write, openpyxl rows into ORM objects.
python benchmarks/importing.py [ROWS]       (100,000 without an argument)
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import xlsxwriter

from monitor.importing import import_file
from monitor.rules import load_rules
from monitor.store import open_store

ROOT = Path(__file__).resolve().parent.parent
FIRST_LIMIT, AGAIN_LIMIT, MEMORY_LIMIT = 6.0, 4.0, 400
HEADERS = (
    "STT", "Đơn vị tiếp nhận", "Tên thủ tục hành chính", "Mã hồ sơ", "Trạng thái", "Địa chỉ", "Người nộp", "Chủ hồ sơ",
    "Ngày nộp hồ sơ", "Ngày nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý",
)  # fmt: skip


def rows(count: int) -> Iterator[tuple[str, ...]]:
    """Follow-up rows as the provincial system writes them: dates as text, six out of ten finished."""
    start = date(2026, 1, 5)
    for number in range(count):
        received = start + timedelta(days=number * 300 // count)
        clock = f"{7 + number % 10:02d}:{number % 60:02d}"
        finished = f"{received + timedelta(days=2):%d/%m/%Y} {clock}" if number % 10 < 6 else ""
        yield (
            str(number + 1), "Trung tâm Phục vụ hành chính công tỉnh Lạng Sơn", "Đăng ký thành lập công ty cổ phần",
            f"H37.12-{received:%y%m%d}-{number:06d}", "Đã xử lý xong" if finished else "Đang xử lý",
            f"Số {number % 400}, xã Đồi Hồi Mẫu, tỉnh Lạng Sơn", f"Nguyễn Thị Thu {number}",
            f"Công ty TNHH Mẫu {number}", f"{received:%d/%m/%Y} {clock}", f"{received:%d/%m/%Y} {clock}",
            f"{received + timedelta(days=5):%d/%m/%Y} 17:00", finished,
        )  # fmt: skip


def write_list(path: Path, count: int, exported_at: str) -> None:
    """The list as a workbook with a merged title, blank rows and the headers."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("DANH SÁCH THEO DÕI HỒ SƠ",))
        sheet.write_row(1, 0, (f"Ngày xuất: {exported_at}",))
        sheet.write_row(4, 0, HEADERS)
        for number, row in enumerate(rows(count), start=5):
            sheet.write_row(number, 0, row)


def as_a_user_would(path: Path, database: Path) -> float:
    """openpyxl and the ORM, an object a row: seconds."""
    import openpyxl  # noqa: PLC0415 - the peer only
    from sqlmodel import Field, Session, SQLModel, create_engine  # noqa: PLC0415 - the peer only

    class Plain(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        code: str = Field(unique=True)
        procedure: str
        status: str
        applicant: str
        received: datetime
        appointment: datetime

    started = time.perf_counter()
    engine = create_engine(f"sqlite:///{database}")
    SQLModel.metadata.create_all(engine, [Plain.__table__])  # type: ignore[attr-defined]  # made by SQLModel
    with Session(engine) as session:
        for row in openpyxl.load_workbook(path, read_only=True).active.iter_rows(min_row=6, values_only=True):
            received, appointment = (
                datetime.strptime(str(row[i]), "%d/%m/%Y %H:%M").replace(tzinfo=UTC) for i in (9, 10)
            )
            session.add(
                Plain(
                    code=row[3],
                    procedure=row[2],
                    status=row[4],
                    applicant=row[7],
                    received=received,
                    appointment=appointment,
                )
            )
        session.commit()
    engine.dispose()
    return time.perf_counter() - started


def megabytes(who: int) -> float:
    """The largest memory that this process, or one of its children, has had."""
    return resource.getrusage(who).ru_maxrss / 1024


def main() -> int:
    """Measure, print, and say by the exit code whether the limits were met."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rules, now = load_rules(ROOT / "rules"), datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        first, again = Path(folder) / "theo-doi-1.xlsx", Path(folder) / "theo-doi-2.xlsx"
        write_list(first, count, "22/11/2026 07:05")
        write_list(again, count, "23/11/2026 07:05")
        with open_store(f"sqlite:///{folder}/monitor.db") as store:
            seconds = []
            for path in (first, again):
                started = time.perf_counter()
                report = import_file(path, store, rules, now=now)
                seconds.append(time.perf_counter() - started)
                print(f"{report.new:,} new, {report.unchanged:,} unchanged, {len(report.rejected)} rejected")
        memory = max(megabytes(resource.RUSAGE_SELF), megabytes(resource.RUSAGE_CHILDREN))
        peer = as_a_user_would(first, Path(folder) / "plain.db")
    faster = peer / seconds[0]
    print(
        f"into an empty store    {seconds[0]:6.2f} s   limit {FIRST_LIMIT} s   {faster:.1f} times as fast as the peer"
    )
    print(f"unchanged again        {seconds[1]:6.2f} s   limit {AGAIN_LIMIT} s")
    print(f"memory                 {memory:6.0f} MB  limit {MEMORY_LIMIT} MB (the larger of parent and reading child)")
    print(f"openpyxl and the ORM   {peer:6.2f} s   6 of 12 columns, no checks, no events")
    met = seconds[0] <= FIRST_LIMIT and seconds[1] <= AGAIN_LIMIT and memory <= MEMORY_LIMIT
    return 0 if met or count != 100_000 else 1


if __name__ == "__main__":
    sys.exit(main())
