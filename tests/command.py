"""The command line as a person or a script meets it: in this process where that is enough, else in one of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from monitor.cli import cli
from monitor.cli.sites import make_site
from monitor.site import Site, SiteKind
from monitor.working_time import LOCAL_ZONE

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "data" / "samples"
MONDAY_MORNING = datetime(2026, 11, 23, 7, 14, 50, tzinfo=LOCAL_ZONE)
PATIENCE_SECONDS = 60

HEADERS = (
    "Mã hồ sơ;Tên thủ tục hành chính;Trạng thái;Chủ hồ sơ;Địa chỉ;Số điện thoại;Ngày nhận;Ngày hẹn trả;"
    "Ngày kết thúc xử lý;Cơ quan xử lý;Người xử lý"
)
HOLDERS = "Phòng Đăng ký kinh doanh;Nguyễn Ngọc Hồng Ánh"
TITLE = "DANH SÁCH THEO DÕI HỒ SƠ\nNgày xuất: {exported}\n\n"
PLANTED = ("Chử Thị Kín Tên", "Số 7 ngõ Kín Đáo", "0000987654")  # a citizen who must not be seen in any output


def dunghen(*words: object, home: Path | None = None, typed: str | None = None) -> Result:
    """Run a command in this process."""
    named = ["--home", str(home)] if home else []
    return CliRunner().invoke(cli, [*named, *map(str, words)], input=typed, prog_name="dunghen")


def data(*words: object, home: Path | None = None, exit_code: int = 0) -> Any:
    """What a command prints as JSON."""
    said = dunghen(*words, "--json", home=home)
    assert said.exit_code == exit_code, said.output
    return json.loads(said.stdout)


def started(*words: object, home: Path | None = None, **how: Any) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    named = ["--home", str(home)] if home else []
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("stderr", subprocess.PIPE)
    how.setdefault("cwd", ROOT)
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", *named, *map(str, words)], encoding="utf-8", errors="surrogateescape", **how
    )


def until(seen: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Look again until something has come true."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, f"not within {seconds:g} seconds: {what}"
        time.sleep(0.05)


def site_in(folder: Path, kind: SiteKind = SiteKind.REPLAY, **inbox: int) -> Site:
    """A new site, made on Monday 2026-11-23 before work."""
    return make_site(folder, kind, now=MONDAY_MORNING, **inbox)


def listing(path: Path, rows: Sequence[str], exported: str = "23/11/2026 07:05") -> Path:
    """An export with these rows: code, received, appointment, what the source says of it, and when it was finished."""
    lines = [HEADERS]
    name, address, phone = PLANTED
    for row in rows:
        code, received, appointment, status, *finished = (part.strip() for part in row.split("|"))
        when = f"{received};{appointment};{''.join(finished)}"
        lines.append(f"{code};Hiệu đính thông tin;{status};{name};{address};{phone};{when};{HOLDERS}")
    path.write_text(TITLE.format(exported=exported) + "\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def as_nobody(command: Sequence[str]) -> list[str]:
    """The same command without the rights of root, who may read and write everything."""
    return (
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command] if os.geteuid() == 0 else [*command]
    )
