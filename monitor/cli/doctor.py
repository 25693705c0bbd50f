"""`dunghen doctor`: what keeps a site from doing its work, and what to do. Reads only, sends nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from monitor.cli.opening import Opened, moment_for, print_json, rules_in_force, say
from monitor.errors import MonitorError
from monitor.site import Site, SiteKind, open_site
from monitor.working_time import LOCAL_ZONE

PROBLEMS_FOUND = 3
STALE = timedelta(minutes=15)
READABLE_BY_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    said: str


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def doctor_command(home: Path, *, as_json: bool) -> None:
    """Look at configuration, database, rules, calendar, font, mail, clock and daemon; change nothing.

    \b
    Example:
      dunghen --home /srv/dung-hen doctor
    Ends with 3 when something needs a person.
    """
    findings = list(_findings(open_site(home)))
    if as_json:
        print_json([{"subject": one.subject, "ok": one.ok, "said": one.said} for one in findings])
    else:
        for one in findings:
            say(f"{'tốt' if one.ok else 'CẦN XEM':8} {one.subject}: {one.said}")
    if not all(one.ok for one in findings):
        raise click.exceptions.Exit(PROBLEMS_FOUND)


def _findings(site: Site) -> Iterator[Finding]:
    """Each thing in turn; without a database or rules there is nothing further to look at."""
    from monitor.store import open_store

    url = site.absolute_database_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        yield Finding("Cơ sở dữ liệu", False, "chưa có: chạy dunghen run một lần, hoặc dunghen restore")
        return
    try:
        store = open_store(url, migrate=False)  # looking at a database must not change it
    except MonitorError as error:
        yield Finding("Cơ sở dữ liệu", False, str(error))
        return
    with store:
        yield Finding("Cơ sở dữ liệu", True, f"mở được, phiên bản lược đồ {store.revision}")
        try:
            opened = Opened(site, store, rules_in_force(store, site))
        except MonitorError as error:
            yield Finding("Quy định", False, str(error))
            return
        yield from _findings_on(opened, moment_for(opened, None, writes=False))


def _findings_on(site: Opened, now: datetime) -> Iterator[Finding]:
    yield _rules(site)
    yield _calendar(site, now)
    yield _people(site)
    yield _going_live(site, now)
    yield _templates(site)
    yield _freshness(site, now)
    yield _held(site)
    yield _mail(site)
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
        said = f"{len(problems)} lỗi trong rules/; bản đang hiệu lực vẫn dùng. {problems[0]}"
        return Finding("Quy định", False, said)
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


def _going_live(site: Opened, now: datetime) -> Finding:
    """A trial is as it should be; that it goes on must only be known."""
    going, organisation = site.rules.go_live, site.rules.organisation
    if organisation.is_sample:
        return Finding("Chế độ", True, "dữ liệu mẫu, không gửi cho ai")
    if going.is_trial(organisation, now=now):
        until = f" đến {going.live_from:%d/%m/%Y}" if going.live_from else "; khi sẵn sàng: dunghen go-live"
        return Finding("Chế độ", True, f"chạy thử, thư chỉ đến Văn phòng Sở và công nghệ thông tin{until}")
    since = f" từ {going.live_from:%d/%m/%Y}" if going.live_from else ""
    return Finding("Chế độ", True, f"chính thức{since}")


def _templates(site: Opened) -> Finding:
    from monitor.documents import Documents

    problems = Documents(site.site.templates).check()
    if problems:
        return Finding("Mẫu và phông chữ", False, str(problems[0]))
    return Finding("Mẫu và phông chữ", True, "dựng được thư và văn bản xin lỗi")


def _freshness(site: Opened, now: datetime) -> Finding:
    sources = site.store.sources()
    if not sources:
        return Finding("Số liệu", False, "chưa nhập tệp nào: chép tệp xuất vào data/inbox")
    newest = max(one.data_as_of for one in sources).astimezone(LOCAL_ZONE)
    clock = site.rules.calendar.clock
    days = clock.working_days_between(newest.date(), now.astimezone(LOCAL_ZONE).date())
    said = f"số liệu đến {newest:%H:%M %d/%m/%Y}"
    return Finding("Số liệu", days <= 1, said if days <= 1 else f"{said}, đã cũ {days} ngày làm việc")


def _held(site: Opened) -> Finding:
    from monitor.intake import Inbox

    folder = Inbox(site.site.inbox_folder).held
    count = sum(1 for _ in Inbox(folder).candidates())
    return Finding(
        "Tệp bị giữ", count == 0, f"{count} tệp trong {folder}" + (": xem lý do ở tệp bên cạnh" * (count > 0))
    )


def _mail(site: Opened) -> Finding:
    from monitor.cli.running import carrier_of

    mail = site.site.mail
    if mail.delivery == "folder":
        return Finding("Đường thư", True, f"ghi ra thư mục {site.site.mail_folder}, chưa gửi cho ai")
    try:
        carrier_of(site.site, site.rules)
    except MonitorError as error:
        return Finding("Đường thư", False, str(error))
    secret = site.site.home / mail.password_file if mail.password_file else None
    if secret is not None and secret.stat().st_mode & READABLE_BY_OTHERS:
        return Finding("Đường thư", False, f"người khác trên máy đọc được {secret}: chmod 600 {secret}")
    return Finding("Đường thư", True, f"SMTP {mail.host}:{mail.port} ({mail.security}); không gửi thử")


def _outbox(site: Opened) -> Finding:
    from monitor.cli.words import MESSAGE_WORDS
    from monitor.outbox import OutboxState

    counts = site.store.outbox_counts()
    said = "; ".join(f"{counts[state]} {words}" for state, words in MESSAGE_WORDS.items() if state in counts) or "trống"
    return Finding("Thư đi", not counts.get(OutboxState.FAILED), said)


def _clock(site: Opened, now: datetime) -> Finding:
    from monitor.daemon import doubt_about_clock

    doubt = doubt_about_clock(site.store, site.rules, now=now)
    if doubt is not None:
        said = f"{doubt}; thư đang bị giữ. Kiểm tra giờ máy, rồi: dunghen run --confirm-clock"
        return Finding("Đồng hồ", False, said)
    return Finding("Đồng hồ", True, f"{now.astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}")


def _daemon(site: Opened, now: datetime) -> Finding:
    from monitor.cli.words import SITE_WORDS

    last = site.store.last_beat()
    if site.site.kind is not SiteKind.LIVE:
        return Finding("Dịch vụ", True, f"không cần ở {SITE_WORDS[site.site.kind]}")
    if last is None:
        return Finding("Dịch vụ", False, "chưa chạy lần nào: dunghen run, hoặc dunghen service install")
    alive = now - last <= STALE
    said = f"hoạt động lần cuối {last.astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}"
    return Finding("Dịch vụ", alive, said if alive else f"{said}: đang dừng")
