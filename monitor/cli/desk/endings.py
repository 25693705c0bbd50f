"""`dunghen desk declare-finished`, `possibly-finished`, `confirm-finished`, `conflicts` and `settle`."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import (
    Refused,
    day,
    instant,
    moment_for,
    opened,
    print_json,
    refuse_missing_folder,
    say,
)
from monitor.conflict import FACT_WORDS, say_conflict, say_moment

if TYPE_CHECKING:
    from monitor.intake import Rejection
    from monitor.questions import Contradiction

NOT_ALL_TAKEN = 3
SHOWN_REJECTIONS = 20
BY = click.option("--by", required=True, help="Who says so, by id in rules/staff.csv.")
NOW = click.option("--now", type=instant, help="On a replay site: the moment of the act.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print data.")


@click.command("declare-finished")
@click.argument("code")
@click.option("--result-no", required=True, help="Number of the result, as văn thư gave it.")
@click.option("--result-on", required=True, type=day, help="Date of the result.")
@BY
@NOW
@JSON
@click.pass_obj
def declare_finished_command(
    home: Path, *, code: str, result_no: str, result_on: date, by: str, now: datetime | None, as_json: bool
) -> None:
    """Say that a dossier is done though the source does not show it; the head or Văn phòng Sở confirms.

    \b
    Example:
      dunghen desk declare-finished H37.12-261116-0007 --result-no 15/GCN-STC --result-on 2026-11-20 \\
              --by nn-hong-anh
    """
    from monitor.desk.endings import declare_finished

    with opened(home) as site:
        moment = moment_for(site, now, writes=True)
        is_new = declare_finished(
            site.store, site.rules, code, result_no=result_no, result_on=result_on, by=by, now=moment
        )
    if as_json:
        print_json({"code": code, "new": is_new})
    else:
        say(f"{code}: báo đã xong, số {result_no}, ngày {result_on:%d/%m/%Y}{'' if is_new else ' (đã ghi từ trước)'}.")
        say("Không nhắc quá hạn nữa; trưởng phòng hoặc Văn phòng Sở xác nhận (dunghen desk possibly-finished).")


@click.command("possibly-finished")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The XLSX file to write.")
@click.option("--division", "divisions", multiple=True, help="Only these divisions, by id.")
@NOW
@JSON
@click.pass_obj
def possibly_finished_command(
    home: Path, *, out: Path | None, divisions: tuple[str, ...], now: datetime | None, as_json: bool
) -> None:
    """Write the list of dossiers that may be finished, for officer and head to mark; no citizen is named in it.

    \b
    Example:
      dunghen desk possibly-finished --out co-the-da-xong.xlsx --division dkkd
    """
    from monitor.desk.endings import possibly_finished, write_possibly_finished

    if out is None and not as_json:
        raise click.UsageError("give --out FILE.xlsx, or --json")
    if out is not None:
        refuse_missing_folder(out)
        if out.exists():
            raise Refused(f"{out} exists already, and may have been filled in: choose another name")
    with opened(home) as site:
        unknown = set(divisions) - set(site.rules.organisation.divisions)
        if unknown:
            known = ", ".join(site.rules.organisation.divisions)
            raise Refused(f"no division {', '.join(sorted(unknown))}: there are {known}")
        moment = moment_for(site, now, writes=False)
        waiting = list(possibly_finished(site.store, site.rules, divisions=divisions, now=moment))
        if out is not None:
            write_possibly_finished(out, waiting, site.rules)
    if as_json:
        print_json(
            [
                {
                    "code": one.code,
                    "due_on": one.due_on,
                    "signs": sorted(one.signs),
                    "division": one.division,
                    "officer": one.officer,
                }
                for one in waiting
            ]
        )
    else:
        say(f"{out}: {len(waiting)} hồ sơ có thể đã xong. Đánh dấu x, ghi số và ngày kết quả, rồi:")
        say(f"  dunghen desk confirm-finished {out} --by MÃ-NGƯỜI")


@click.command("confirm-finished")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@BY
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@NOW
@JSON
@click.pass_obj
def confirm_finished_command(
    home: Path, *, file: Path, by: str, dry_run: bool, now: datetime | None, as_json: bool
) -> None:
    """Take back the list of possibly finished dossiers: what is marked with x is finished on the day of its result.

    \b
    Example:
      dunghen desk confirm-finished co-the-da-xong.xlsx --by nt-bich-ngoc
    Ends with 3 when a row could not be taken; the others are. The same file once more changes nothing.
    """
    from monitor.desk.endings import confirm_finished

    with opened(home) as site:
        moment = moment_for(site, now, writes=not dry_run, has_dry_run=True)
        done = confirm_finished(site.store, site.rules, file, by=by, now=moment, dry_run=dry_run)
    if as_json:
        print_json(
            {
                "confirmed": done.confirmed,
                "not_finished": done.not_finished,
                "said_before": done.said_before,
                "unanswered": done.unanswered,
                "rejected": rejected_as_data(done.rejected),
            }
        )
    else:
        trial = " (chạy thử, không ghi)" if dry_run else ""
        say(f"{file.name}{trial}: {len(done.confirmed)} hồ sơ xác nhận đã xong · {len(done.not_finished)} chưa xong")
        left = f"{done.unanswered} chưa trả lời · {len(done.rejected)} không nhận"
        say(f"  {len(done.said_before)} đã ghi từ trước · {left}")
        print_rejected(done.rejected)
    if done.rejected:
        raise click.exceptions.Exit(NOT_ALL_TAKEN)


def rejected_as_data(rejected: "Sequence[Rejection]") -> list[dict[str, Any]]:
    """Rows that were not taken, as data."""
    return [{"row": one.row, "column": one.column, "value": one.value, "cause": one.cause} for one in rejected]


def print_rejected(rejected: "Sequence[Rejection]") -> None:
    """Rows that were not taken, each with its cell and the cause."""
    for one in rejected[:SHOWN_REJECTIONS]:
        say(f"    dòng {one.row}, cột “{one.column}”: {one.cause}")
    if len(rejected) > SHOWN_REJECTIONS:
        say(f"    … và {len(rejected) - SHOWN_REJECTIONS} dòng khác; xem đủ bằng --json")


@click.command("conflicts")
@NOW
@JSON
@click.pass_obj
def conflicts_command(home: Path, *, now: datetime | None, as_json: bool) -> None:
    """List every date that contradicts another, with both values, until a person says which counts.

    \b
    Example:
      dunghen desk conflicts
    """
    from monitor.questions import contradictions

    with opened(home) as site:
        found = list(contradictions(site.store, now=moment_for(site, now, writes=False)))
    if as_json:
        print_json([_conflict_as_data(one) for one in found])
        return
    for one in found:
        told_by = f" ({one.told_by} nhập)" if one.told_by else ""
        say(f"{one.code}  {say_conflict(one.conflict)}{told_by}  [--fact {one.conflict.fact}]")
    say(f"{len(found)} ngày chờ người quyết định." if found else "Không có ngày nào mâu thuẫn.")
    if found:
        say('  dunghen desk settle MÃ --fact finished --keep ours|source --by MÃ-NGƯỜI --reason "…"')


def _conflict_as_data(one: "Contradiction") -> dict[str, Any]:
    return {
        "code": one.code,
        "fact": one.conflict.fact,
        "ours": one.conflict.ours,
        "theirs": one.conflict.theirs,
        "seen_at": one.conflict.seen_at,
        "told_by": one.told_by,
        "division": one.division,
        "officer": one.officer,
    }


@click.command("settle")
@click.argument("code")
@click.option("--fact", required=True, type=click.Choice(tuple(FACT_WORDS)), help="Which date is in dispute.")
@click.option("--keep", required=True, type=click.Choice(("ours", "source")), help="Whose date counts.")
@click.option("--reason", required=True, help="Why, in a few words without a citizen's name.")
@BY
@NOW
@click.pass_obj
def settle_command(home: Path, *, code: str, fact: str, keep: str, reason: str, by: str, now: datetime | None) -> None:
    """Say which of two contradicting dates counts; the other one stays in the history.

    \b
    Example:
      dunghen desk settle H37.12-261116-0007 --fact finished --keep ours --by nt-bich-ngoc \\
              --reason "đối chiếu sổ văn thư"
    """
    from monitor.desk.conflicts import settle

    with opened(home) as site:
        moment = moment_for(site, now, writes=True)
        settled = settle(site.store, site.rules, code, fact, keep=keep, by=by, reason=reason, now=moment)
    kept = settled.ours if keep == "ours" else settled.theirs
    say(f"{code}: {FACT_WORDS[fact]} là {say_moment(kept)}.")
