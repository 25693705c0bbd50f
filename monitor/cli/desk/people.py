"""`dunghen desk assign` and `dunghen desk absence`: who handles a dossier, and who is away."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import click

from monitor.cli.opening import Opened, Refused, day, instant, moment_for, opened, print_json, say
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.absence import Absence
    from monitor.desk.people import Assigned, Entered

NOON = time(12, 0)
_MORNING, _AFTERNOON = ("sáng", "sang"), ("chiều", "chieu")


@click.command("assign")
@click.argument("code", required=False)
@click.argument("officer", required=False)
@click.option("--nobody", is_flag=True, help="Take an earlier assignment back.")
@click.option("--reason", default="", help="Why, in a few words without a citizen's name.")
@click.option("--by", help="The id of the head who says so, in rules/staff.csv.")
@click.option("--now", type=instant, help="On a replay site: the moment of the act.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def assign_command(
    home: Path,
    *,
    code: str | None,
    officer: str | None,
    nobody: bool,
    reason: str,
    by: str | None,
    now: datetime | None,
    as_json: bool,
) -> None:
    """Say who handles a dossier; without a code, list the open dossiers that no officer is known for.

    \b
    Examples:
      dunghen desk assign
      dunghen desk assign H37.12-261116-0007 lv-hoang-long --by nt-bich-ngoc
      dunghen desk assign H37.12-261116-0007 --nobody --by nt-bich-ngoc
    The officer whom the source or the step log names comes before the one who is assigned.
    """
    from monitor.desk.people import assign

    if code is None:
        _list_waiting(home, now, as_json=as_json)
        return
    if nobody == (officer is not None):
        raise click.UsageError("name one officer by id, or give --nobody")
    if by is None:
        raise click.UsageError("give --by: the id of the head who says so")
    with opened(home) as site:
        moment = moment_for(site, now, writes=True)
        done = assign(site.store, site.rules, code, officer, by=by, reason=reason, now=moment)
    if as_json:
        print_json(_assigned_as_data(code, officer, done))
    else:
        _print_assigned(code, officer, done)


def _assigned_as_data(code: str, officer: str | None, done: "Assigned") -> dict[str, Any]:
    return {
        "code": code,
        "assigned": officer,
        "new": done.is_new,
        "counts": done.counts_for(officer),
        "officer": done.holders.officer,
        "head": done.holders.head,
        "ground": done.holders.ground,
    }


def _print_assigned(code: str, officer: str | None, done: "Assigned") -> None:
    from monitor.cli.words import GROUND_WORDS

    before = "" if done.is_new else " (đã ghi từ trước)"
    say(f"{code}: {f'giao {officer} thụ lý' if officer else 'bỏ phân công'}{before}.")
    holders = done.holders
    if officer is None or done.counts_for(officer):
        ground = GROUND_WORDS[holders.ground] if holders.ground else "–"
        say(f"Người thụ lý: {holders.officer or '–'}; trưởng phòng: {holders.head or '–'} ({ground})")
        if officer:
            say("Khi nguồn ghi tên công chức xử lý thì theo nguồn.")
    else:
        ground = GROUND_WORDS[holders.ground] if holders.ground else "–"
        say(f"Vẫn nhắc {holders.officer} ({ground}): phân công chỉ có hiệu lực khi nguồn và nhật ký không ghi ai.")


def _list_waiting(home: Path, now: datetime | None, *, as_json: bool) -> None:
    from monitor.cli.words import GROUND_WORDS
    from monitor.desk.people import waiting_for_officer

    with opened(home) as site:
        moment = moment_for(site, now, writes=False)
        waiting = list(waiting_for_officer(site.store, site.rules, now=moment))
    if as_json:
        print_json(
            [
                {
                    "code": one.code,
                    "division": one.holders.division,
                    "head": one.holders.head,
                    "ground": one.holders.ground,
                    "unknown_names": one.holders.unknown,
                }
                for one in waiting
            ]
        )
        return
    for one in waiting:
        ground = GROUND_WORDS[one.holders.ground] if one.holders.ground else "–"
        names = f"; tên chưa có trong danh sách cán bộ: {', '.join(one.holders.unknown)}" if one.holders.unknown else ""
        say(f"{one.code}  {one.holders.division or '–'}  trưởng phòng {one.holders.head or '–'}: {ground}{names}")
    say(f"{len(waiting)} hồ sơ chờ trưởng phòng giao." if waiting else "Mọi hồ sơ đang mở đều có công chức thụ lý.")


@click.group("absence")
def absence_command() -> None:
    """Enter who is away and who stands in; notices then go to the substitute and the head."""


@absence_command.command("enter")
@click.option("--person", required=True, help="Who is away, by id in rules/staff.csv.")
@click.option("--from", "begins", required=True, help="'2026-11-23', '2026-11-23 chiều', '23/11/2026 sáng', or a time.")
@click.option("--to", "ends", help="The last half day or moment of it; without, until it is withdrawn.")
@click.option("--substitute", help="Who stands in, by id.")
@click.option("--by", required=True, help="The head of the division or somebody of Văn phòng Sở, by id.")
@click.option("--now", type=instant, help="On a replay site: the moment of the act.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def enter_command(
    home: Path,
    *,
    person: str,
    begins: str,
    ends: str | None,
    substitute: str | None,
    by: str,
    now: datetime | None,
    as_json: bool,
) -> None:
    """Write down that somebody is away from a half day on, also one that has gone by.

    \b
    Example:
      dunghen desk absence enter --person nn-hong-anh --from "2026-11-23 chiều" --to 2026-11-25 \\
              --substitute lv-hoang-long --by nt-bich-ngoc
    """
    from monitor.desk.people import enter_absence

    begins_at, ends_at = begin_of(begins), end_of(ends) if ends else None
    with opened(home) as site:
        done = enter_absence(
            site.store,
            site.rules,
            person=person,
            begins_at=begins_at,
            ends_at=ends_at,
            substitute=substitute,
            by=by,
            now=moment_for(site, now, writes=True),
        )
    if as_json:
        print_json(_as_data(done.absence) | {"nobody_from": done.nobody_from})
    else:
        _print_entered(done, site)


@absence_command.command("withdraw")
@click.argument("number", type=int)
@click.option("--by", required=True, help="The head of the division or somebody of Văn phòng Sở, by id.")
@click.option("--now", type=instant, help="On a replay site: the moment of the act.")
@click.pass_obj
def withdraw_command(home: Path, *, number: int, by: str, now: datetime | None) -> None:
    """End an absence now: the person is back, or it was entered wrongly. It stays in the list.

    \b
    Example:
      dunghen desk absence withdraw 3 --by nt-bich-ngoc
    """
    from monitor.desk.people import withdraw_absence

    with opened(home) as site:
        done = withdraw_absence(site.store, site.rules, number, by=by, now=moment_for(site, now, writes=True))
    if not done:
        raise Refused(f"absence {number} was withdrawn before")
    say(f"Số {number}: không còn hiệu lực từ bây giờ.")


@absence_command.command("list")
@click.option("--all", "every", is_flag=True, help="Also what is over and what was withdrawn.")
@click.option("--now", type=instant, help="As of this moment.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def list_command(home: Path, *, every: bool, now: datetime | None, as_json: bool) -> None:
    """List who is away now or will be.

    \b
    Example:
      dunghen desk absence list --all
    """
    with opened(home) as site:
        moment = moment_for(site, now, writes=False)
        entries = site.store.absences(from_at=None if every else moment).entries
        if as_json:
            print_json([_as_data(one) for one in entries])
            return
        for one in entries:
            say(f"{one.number:>4}  {_said(one, site)}")
    if not entries:
        say("Không có ai vắng.")


def _as_data(one: "Absence") -> dict[str, Any]:
    return {
        "number": one.number,
        "person": one.person,
        "substitute": one.substitute,
        "begins_at": one.begins_at,
        "ends_at": one.ends_at,
        "entered_by": one.entered_by,
        "entered_at": one.entered_at,
        "withdrawn_at": one.withdrawn_at,
        "withdrawn_by": one.withdrawn_by,
    }


def _print_entered(done: "Entered", site: Opened) -> None:
    one, organisation = done.absence, site.rules.organisation
    is_head = organisation.head_of(organisation.staff[one.person]) == one.person
    above = "Phó Giám đốc phụ trách" if is_head else "trưởng phòng"
    say(f"Số {one.number}: {one.person} vắng {_span(one)}.")
    if one.substitute is None:
        say(f"Chưa có người nhận thay: việc cần báo gửi {above}.")
    elif done.nobody_from is not None:
        since = _half(done.nobody_from)
        say(f"{one.substitute} nhận thay, nhưng từ {since} không có ai nhận thay: việc cần báo gửi {above}.")
    else:
        say(f"{one.substitute} nhận thay{'' if is_head else f'; việc cần báo cũng gửi {above}'}.")
    say("Khi trở lại, thư buổi sáng có đủ các hồ sơ đang cần lưu ý.")


def _said(one: "Absence", site: Opened) -> str:
    person = site.rules.organisation.staff.get(one.person)
    name = f"{person.name} ({one.person})" if person else one.person
    instead = f"{one.substitute} nhận thay" if one.substitute else "chưa có người nhận thay"
    withdrawn = f"; rút {one.withdrawn_at:%d/%m/%Y %H:%M}, {one.withdrawn_by}" if one.withdrawn_at else ""
    return f"{name}: {_span(one)}; {instead}; {one.entered_by} nhập {one.entered_at:%d/%m/%Y %H:%M}{withdrawn}"


def _span(one: "Absence") -> str:
    if one.ends_at is None:
        return f"từ {_half(one.begins_at)}, chưa rõ ngày trở lại"
    return f"từ {_half(one.begins_at)} đến {_half(one.ends_at, is_end=True)}"


def _half(at: datetime, *, is_end: bool = False) -> str:
    """A moment as an office says it: "sáng thứ Hai 23/11/2026", "hết thứ Ba 24/11/2026"."""
    from monitor.trace import say_date

    local = at.astimezone(LOCAL_ZONE)
    if local.time() == time():
        return f"hết {say_date(local.date() - timedelta(days=1))}" if is_end else f"sáng {say_date(local.date())}"
    if local.time() == NOON:
        return f"hết sáng {say_date(local.date())}" if is_end else f"chiều {say_date(local.date())}"
    return f"{local:%H:%M} {say_date(local.date())}"


def begin_of(written: str) -> datetime:
    """The first moment of a day, a half day or a time: "2026-11-23", "23/11/2026 chiều", "2026-11-23 13:30".

    The morning begins with the day, so that what is decided in the night before goes to the substitute already.
    """
    on, part = _parts(written)
    return datetime.combine(on, NOON if part in _AFTERNOON else _time(part, written) if part else time(), LOCAL_ZONE)


def end_of(written: str) -> datetime:
    """The moment after the last one of a day, a half day or a time, written in the same ways."""
    on, part = _parts(written)
    if not part or part in _AFTERNOON:
        return datetime.combine(on + timedelta(days=1), time(), LOCAL_ZONE)
    return datetime.combine(on, NOON if part in _MORNING else _time(part, written), LOCAL_ZONE)


def _parts(written: str) -> tuple[date, str]:
    on, _, part = normalize("NFC", written).casefold().strip().partition(" ")
    return day(on), part.strip()


def _time(part: str, written: str) -> time:
    if part in _MORNING:
        return time()
    try:
        return time.fromisoformat(part).replace(tzinfo=None)
    except ValueError:
        raise click.BadParameter(
            f"{written!r} is no half day: write for example '2026-11-23 sáng', '2026-11-23 chiều', '2026-11-23 13:30'"
        ) from None
