"""`dunghen demo`: a sample site at work before the newcomer's eyes."""

import asyncio
import shutil
from collections import Counter
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import Refused, shipped, store_of
from monitor.site import CONFIGURATION, Site, SiteKind, open_site

if TYPE_CHECKING:
    from monitor.daemon import Clock, Daemon, Watcher
    from monitor.importing import ImportReport
    from monitor.rules import RuleBook
    from monitor.store import Store

START = time(7, 14, 30)  # a quarter of an hour before work the morning mail leaves: half a minute later
LETTER_AFTER = 3.0  # seconds after the morning mail


@click.command("demo")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-site"),
    show_default=True,
    help="The sample site's own folder; it is made anew each time.",
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Play this day instead of the latest working day.")
@click.option("--once", is_flag=True, help="Stop by itself when the story is told.")
def demo_command(folder: Path, as_of: datetime | None, once: bool) -> None:
    """Show the monitor at work: sample dossiers, a morning, mails and a letter, all in a folder of its own.

    \b
    Examples:
      dunghen demo
      dunghen demo --once --as-of 2026-11-23
    Nothing is sent: mails are written as .eml files, and every person is invented.
    """
    from monitor.daemon import Clock
    from monitor.rules import load_rules

    _make_room(folder)
    click.echo("Đúng Hẹn – a demonstration on invented dossiers (hồ sơ MẪU); nothing is sent to anybody.")
    click.echo(f"Making the sample site in {folder}/ …")
    from monitor.cli.sites import make_site

    rules = load_rules(shipped("rules"))
    day = _working_day(rules, as_of.date() if as_of else None)
    start = datetime.combine(day, START, rules.calendar.clock.zone)
    site = make_site(folder, SiteKind.DEMO, now=start, poll_seconds=2, stable_seconds=1)
    clock = Clock(ahead=start - datetime.now(UTC))
    _drop_samples(rules, day, site)
    click.echo(f"Demonstration clock: it is {start:%H:%M} on {_weekday(day)}, the latest working day.\n")
    with store_of(site) as store:
        asyncio.run(_Show(site, store, clock, once=once).run())


def _make_room(folder: Path) -> None:
    """Only a folder that is empty or an earlier demonstration is replaced; real files are never near it."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / CONFIGURATION).exists() or open_site(folder).kind is not SiteKind.DEMO:
        raise Refused(f"{folder} is not an earlier demonstration: choose an empty folder with --dir")
    shutil.rmtree(folder)


def _working_day(rules: "RuleBook", asked: date | None) -> date:
    """The asked day or today; where that is a day off or beyond the calendar, the working day before."""
    clock = rules.calendar.clock
    day = min(asked or datetime.now(clock.zone).date(), clock.last)
    return day if clock.is_working_day(day) else clock.add_working_days(day, -1)


def _weekday(day: date) -> str:
    from monitor.trace import say_date

    return f"{day:%A %Y-%m-%d} ({say_date(day)})"


def _drop_samples(rules: "RuleBook", day: date, site: Site) -> None:
    """The day's exports, as the provincial system would have written them, into the inbox."""
    from monitor.samples import make_samples, write_samples

    for path in write_samples(make_samples(rules, as_of=day), site.inbox_folder):
        path.touch()


class _Show:
    """The daemon of the sample site, and the words that say what it does."""

    def __init__(self, site: Site, store: "Store", clock: "Clock", *, once: bool) -> None:
        from monitor.cli.running import daemon_of

        self._site, self._store, self._clock, self._once = site, store, clock, once
        self._expected = sum(1 for path in site.inbox_folder.iterdir() if path.is_file())
        self._seen_files = 0
        self._told_standing = False
        self._digests: asyncio.Event = asyncio.Event()
        self._daemon: Daemon = daemon_of(site, store, clock=clock, watcher=self._watcher())

    def _watcher(self) -> "Watcher":
        from monitor.daemon import Watcher

        loop_safe = self._say_delivered
        return Watcher(imported=self._say_imported, refused=self._say_refused, delivered=loop_safe)

    async def run(self) -> None:
        """Tell the story; then go on, or stop."""
        story = asyncio.create_task(self._story())
        story.add_done_callback(lambda told: told.cancelled() or told.exception() is None or self._daemon.stop())
        await self._daemon.run()
        if story.done():
            story.result()  # an error of the story ends the demonstration and is shown
        story.cancel()
        click.echo("\nStopped.")

    async def _story(self) -> None:
        await self._digests.wait()
        await asyncio.sleep(LETTER_AFTER)
        self._write_letter()
        home = self._site.home
        click.echo("\nLook around (in another terminal):")
        click.echo(f"  dunghen --home {home} list --open        where every dossier stands")
        click.echo(f"  dunghen --home {home} explain CODE       why, day by day")
        click.echo(f"  {home}/data/mail, {home}/data/letters    the mails and the letter")
        if self._once:
            self._daemon.stop()
        else:
            click.echo("\nThe monitor goes on watching. Stop it with Ctrl+C.")

    def _say_imported(self, report: "ImportReport") -> None:
        from monitor.cli.dossiers import print_report

        if self._seen_files == 0:
            click.echo(f"[{self._now()}] Files in the inbox were read:")
        self._seen_files += 1
        print_report(report)
        self._maybe_tell_standing()

    def _say_refused(self, path: Path, why: str) -> None:
        self._seen_files += 1
        click.echo(f"{path.name}: {why}")
        self._maybe_tell_standing()

    def _maybe_tell_standing(self) -> None:
        if self._seen_files < self._expected or self._told_standing:
            return
        self._told_standing = True
        from monitor.cli.words import STATUS_WORDS
        from monitor.sweep import sweep

        now = self._clock.now()
        sweep(self._store, self._daemon.rules, now=now)
        click.echo(f"\n[{self._now()}] Where the dossiers stand:")
        counts = self._store.counts_by_status()
        for status, words in STATUS_WORDS.items():
            if counts.get(status):
                click.echo(f"  {counts[status]:5}  {words}  ({status})")
        click.echo("\nAt 07:15 the morning mail leaves, half a minute from now …")

    def _say_delivered(self, count: int) -> None:
        kinds = Counter(message.kind for message in self._store.messages(limit=1_000))
        click.echo(
            f"\n[{self._now()}] {count} mails written to {self._site.mail_folder} "
            f"(so far {', '.join(f'{number} {kind}' for kind, number in sorted(kinds.items()))}):"
        )
        for message in self._store.messages(limit=count)[:6]:
            click.echo(f"  to {message.to_address}: {message.subject}")
        if count > 6:  # noqa: PLR2004 - as many as shown above
            click.echo(f"  … and {count - 6} more")
        if kinds.get("digest"):
            self._digests.set()

    def _write_letter(self) -> None:
        """One overdue dossier whose officer answers "không kịp": the apology, drafted."""
        from monitor.cli.letters import drafted
        from monitor.letter import LetterRefused
        from monitor.status import Status
        from monitor.store import Filter

        rules, now = self._daemon.rules, self._clock.now()
        clock = rules.calendar.clock
        new_date_on = clock.add_working_days(now.astimezone(clock.zone).date(), 3)
        for row in self._store.list_dossiers(Filter(statuses=(Status.OVERDUE,))):
            try:
                path, _ = drafted(
                    self._store,
                    rules,
                    self._daemon.documents,
                    self._site.letters_folder,
                    row.code,
                    reason=rules.reasons[0].text,
                    new_date_on=new_date_on,
                    by="demo",
                    now=now,
                )
            except LetterRefused:
                continue
            click.echo(f"\n[{self._now()}] An officer says that {row.code} cannot be finished in time:")
            click.echo(f"  apology drafted: {path}")
            return

    def _now(self) -> str:
        return f"{self._clock.now().astimezone(self._daemon.rules.calendar.clock.zone):%H:%M:%S}"


