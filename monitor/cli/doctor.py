"""`dunghen doctor`: what keeps a site from doing its work, and what to do. Reads only, sends nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from monitor.cli.opening import Opened, opened, print_json
from monitor.errors import MonitorError
from monitor.working_time import LOCAL_ZONE

PROBLEMS_FOUND = 3
STALE = timedelta(minutes=15)
CLOCK_SLACK = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    said: str


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def doctor_command(home: Path, as_json: bool) -> None:
    """Look at configuration, database, rules, calendar, font, mail, clock and daemon; change nothing.

    \b
    Example:
      dunghen --home /srv/dung-hen doctor
    Ends with 3 when something needs a person.
    """
    now = datetime.now(UTC)
    with opened(home) as site:
        findings = list(_findings(site, now))
    if as_json:
        print_json([{"subject": one.subject, "ok": one.ok, "said": one.said} for one in findings])
    else:
        for one in findings:
            click.echo(f"{'tốt     ' if one.ok else 'CẦN XEM '} {one.subject}: {one.said}")
    if not all(one.ok for one in findings):
        raise click.exceptions.Exit(PROBLEMS_FOUND)


def _findings(site: Opened, now: datetime) -> Iterator[Finding]:
    yield Finding("Cơ sở dữ liệu", True, f"mở được, phiên bản lược đồ {site.store.revision}")
    yield _rules(site)
    yield _calendar(site, now)
    yield _people(site)
    yield _font(site)
    yield _freshness(site, now)
    yield _outbox(site)
    yield _clock(site, now)
    yield _daemon(site, now)
    parked = sum(1 for row in site.store.list_dossiers() if row.parked)
    yield Finding("Hồ sơ tạm gác", parked == 0, f"{parked} hồ sơ không tính được; xem: dunghen list --status unknown")


def _rules(site: Opened) -> Finding:
    from monitor.rules import load_rules

    try:
        edited = load_rules(site.site.rules).version
    except MonitorError as error:
        problems = str(error).splitlines()
        return Finding("Quy định", False, f"{len(problems)} lỗi trong rules/; bản đang hiệu lực vẫn dùng. {problems[0]}")
    if edited != site.rules.version:
        return Finding("Quy định", False, "rules/ đã sửa nhưng chưa hiệu lực: dunghen rules check, rồi rules accept")
    return Finding("Quy định", True, f"phiên bản {site.rules.version[:12]} đang hiệu lực")


def _calendar(site: Opened, now: datetime) -> Finding:
    from monitor.rules import calendar_warning

    warning = calendar_warning(site.rules, today=now.astimezone(LOCAL_ZONE).date())
    if warning:
        return Finding("Lịch nghỉ", False, warning.text)
    return Finding("Lịch nghỉ", True, f"đến hết ngày {site.rules.calendar.clock.last:%d/%m/%Y}")


def _people(site: Opened) -> Finding:
    if site.rules.organisation.is_sample:
        return Finding("Con người", False, "tổ chức còn là nhân vật mẫu: sửa rules/organisation.toml, rules/staff.csv")
    return Finding("Con người", True, f"{len(site.rules.organisation.staff)} người")


def _font(site: Opened) -> Finding:
    from monitor.documents import Documents

    problems = Documents(site.site.templates).check()
    if problems:
        return Finding("Mẫu và phông chữ", False, str(problems[0]))
    return Finding("Mẫu và phông chữ", True, "dựng được thư và văn bản xin lỗi")


def _freshness(site: Opened, now: datetime) -> Finding:
    sources = site.store.sources()
    if not sources:
        return Finding("Số liệu", False, "chưa nhập tệp nào: chép tệp xuất vào data/inbox")
    newest = max(one.data_as_of for one in sources)
    clock = site.rules.calendar.clock
    days = clock.working_days_between(newest.astimezone(LOCAL_ZONE).date(), now.astimezone(LOCAL_ZONE).date())
    said = f"số liệu đến {newest.astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}"
    return Finding("Số liệu", days <= 1, said if days <= 1 else f"{said}, đã cũ {days} ngày làm việc")


def _outbox(site: Opened) -> Finding:
    counts = site.store.outbox_counts()
    said = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "trống"
    return Finding("Thư đi", not counts.get(_FAILED, 0), said)


_FAILED = "failed"


def _clock(site: Opened, now: datetime) -> Finding:
    newest = site.store.newest_recorded_at()
    if newest is not None and now < newest - CLOCK_SLACK:
        return Finding("Đồng hồ", False, f"đồng hồ máy sớm hơn bản ghi mới nhất ({newest:%Y-%m-%d %H:%M}Z): kiểm tra giờ máy")
    return Finding("Đồng hồ", True, f"{now.astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}")


def _daemon(site: Opened, now: datetime) -> Finding:
    last = site.store.last_beat()
    if last is None:
        return Finding("Dịch vụ", False, "chưa chạy lần nào: dunghen run, hoặc dunghen service install")
    alive = now - last <= STALE
    said = f"hoạt động lần cuối {last.astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}"
    return Finding("Dịch vụ", alive, said if alive else f"{said}: đang dừng")
