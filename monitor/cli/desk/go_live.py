"""`dunghen go-live`, `dunghen desk take-up` and `dunghen desk earlier`: from the trial to the real thing."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.desk.endings import BY, JSON, NOT_ALL_TAKEN, NOW, print_rejected, rejected_as_data
from monitor.cli.opening import Refused, day, moment_for, opened, print_json, refuse_missing_folder, say

if TYPE_CHECKING:
    from monitor.site import Site


@click.command("go-live")
@click.option("--from", "live_from", required=True, type=day, help="The first day on which people are mailed.")
@click.option("--reason", required=True, help="Why, and by which document.")
@BY
@NOW
@click.pass_obj
def go_live_command(home: Path, *, live_from: date, reason: str, by: str, now: datetime | None) -> None:
    """End the trial: from a day on mail goes to everybody, no longer to Văn phòng Sở and IT alone.

    \b
    Example:
      dunghen --home /srv/dung-hen go-live --from 2027-01-04 --by bx-nhat-quang --reason "QĐ 12/QĐ-STC"
    What is overdue or re-appointed by then is backlog: in lists and figures, without mail and letters, until
    Văn phòng Sở takes it up with: dunghen desk take-up
    """
    from monitor.desk.go_live import prepare_switch

    with opened(home) as site:
        moment = moment_for(site, now, writes=True)
        switch = prepare_switch(site.store, site.rules, live_from=live_from, by=by, now=moment)
        _write(site.site, switch.document)
        site.store.accept_rule_book(switch.version, switch.files, by=by, reason=reason, now=moment)
    say(f"Chính thức từ {live_from:%d/%m/%Y}. Bộ quy tắc {switch.version[:12]} có hiệu lực.")
    say("Trước ngày đó thư vẫn chỉ gửi Văn phòng Sở và người quản trị; hồ sơ đã quá hạn là tồn đọng.")


def _write(site: "Site", document: bytes) -> None:
    """The file of the office's own rules says the same as what is in force, whole or not at all."""
    from monitor.rules.go_live import FILE

    target = site.rules / FILE
    beside = target.with_suffix(".part")
    beside.write_bytes(document)
    beside.replace(target)


@click.command("take-up")
@click.argument("codes", nargs=-1, required=True)
@click.option("--reason", default="", help="Why, in a few words without a citizen's name.")
@BY
@NOW
@JSON
@click.pass_obj
def take_up_command(
    home: Path, *, codes: tuple[str, ...], reason: str, by: str, now: datetime | None, as_json: bool
) -> None:
    """Take up dossiers that were late before the site went live: from now on they are told of like any other.

    \b
    Example:
      dunghen desk take-up H37.12-261012-0003 H37.12-261013-0011 --by bx-nhat-quang
    """
    from monitor.desk.go_live import take_up

    with opened(home) as site:
        moment = moment_for(site, now, writes=True)
        taken = take_up(site.store, site.rules, codes, by=by, reason=reason, now=moment)
    if as_json:
        print_json({"taken_up": taken})
    else:
        for code in dict.fromkeys(codes):
            say(f"{code}: {'nhận theo dõi' if code in taken else 'đã nhận từ trước'}")


@click.command("earlier")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--template", type=click.Path(path_type=Path, dir_okay=False), help="Write an empty sheet and stop.")
@click.option("--by", help="Who enters it, by id in rules/staff.csv.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@NOW
@JSON
@click.pass_obj
def earlier_command(
    home: Path,
    *,
    file: Path | None,
    template: Path | None,
    by: str | None,
    dry_run: bool,
    now: datetime | None,
    as_json: bool,
) -> None:
    """Enter the apologies and re-appointments that were issued before the monitor, from a sheet.

    \b
    Examples:
      dunghen desk earlier --template van-ban-truoc.xlsx
      dunghen desk earlier van-ban-truoc.xlsx --by ds-bao-chau
    Ends with 3 when a row could not be taken; the others are. The same file once more changes nothing.
    """
    from monitor.desk.go_live import enter_earlier

    if template is not None:
        _write_template(template)
        return
    if file is None or by is None:
        raise click.UsageError("give the sheet and --by, or --template FILE.xlsx for an empty one")
    with opened(home) as site:
        moment = moment_for(site, now, writes=not dry_run, has_dry_run=True)
        done = enter_earlier(site.store, site.rules, file, by=by, now=moment, dry_run=dry_run)
    if as_json:
        rejected = rejected_as_data(done.rejected)
        print_json({"entered": done.entered, "said_before": done.said_before, "rejected": rejected})
    else:
        trial = " (chạy thử, không ghi)" if dry_run else ""
        counts = f"{len(done.said_before)} đã ghi từ trước · {len(done.rejected)} không nhận"
        say(f"{file.name}{trial}: {len(done.entered)} văn bản được ghi · {counts}")
        print_rejected(done.rejected)
    if done.rejected:
        raise click.exceptions.Exit(NOT_ALL_TAKEN)


def _write_template(path: Path) -> None:
    from monitor.desk.go_live import write_template

    refuse_missing_folder(path)
    if path.exists():
        raise Refused(f"{path} exists already: choose another name")
    write_template(path)
    say(f"{path}: điền mỗi văn bản một dòng, rồi: dunghen desk earlier {path} --by MÃ-NGƯỜI")
