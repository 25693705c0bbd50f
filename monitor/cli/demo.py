"""`dunghen demo`: a sample site at work before the newcomer's eyes."""

import asyncio
import shutil
import sys
from datetime import date, datetime, time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import Refused, day, say, shipped, store_of
from monitor.site import CONFIGURATION, Site, SiteKind, open_site

if TYPE_CHECKING:
    from monitor.comparison import ImportReport
    from monitor.daemon import Clock
    from monitor.outbox import OutboxMessage
    from monitor.rules import RuleBook
    from monitor.store import Store

START = time(7, 14, 30)
MORNING_MAIL = time(7, 15)  # a quarter of an hour before work
SHOWN_MAILS = 6


@click.command("demo")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-site"),
    show_default=True,
    help="The sample site's own folder; it is made anew each time.",
)
@click.option("--as-of", type=day, help="Play this day instead of the latest working day.")
@click.option("--once", is_flag=True, help="Stop by itself when the story is told.")
def demo_command(*, folder: Path, as_of: date | None, once: bool) -> None:
    """Show the monitor at work: sample dossiers, a morning, mails and a letter, all in a folder of its own.

    \b
    Examples:
      dunghen demo
      dunghen demo --once --as-of 2026-11-23
    Nothing is sent: mails are written as .eml files, and every person is invented.
    """
    from monitor.cli.sites import make_site
    from monitor.daemon import Clock
    from monitor.rules import load_rules

    _make_room(folder)
    say("Đúng Hẹn – a demonstration on invented dossiers (hồ sơ MẪU); nothing is sent to anybody.")
    say(f"Making the sample site in {folder}/ …")
    rules = load_rules(shipped("rules"))
    played_on = _working_day(rules, as_of)
    clock = Clock()
    clock.set(datetime.combine(played_on, START, rules.calendar.clock.zone))
    site = make_site(folder, SiteKind.DEMO, now=clock.now(), poll_seconds=1, stable_seconds=1)
    _drop_samples(rules, played_on, site)
    clock.set(datetime.combine(played_on, START, rules.calendar.clock.zone))  # making the site took its time
    say(f"Demonstration clock: it is {START:%H:%M} on {_weekday(played_on)}, the latest working day.")
    say("")
    with store_of(site) as store:
        asyncio.run(_Show(site, store, clock, once=once).run())


def invoked_as() -> str:
    """The program as it was called, which works again from the same folder; plain `dunghen` may be on nobody's PATH."""
    program = Path(sys.argv[0])
    return f"{quote(sys.executable)} -m monitor" if program.name == "__main__.py" else quote(str(program))


def _make_room(folder: Path) -> None:
    """Only a folder that is empty or an earlier demonstration is replaced; real files are never near it."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / CONFIGURATION).exists() or open_site(folder).kind is not SiteKind.DEMO:
        raise Refused(f"{folder} is not an earlier demonstration: choose an empty folder with --dir")
    from monitor.daemon import alone_on

    with alone_on(open_site(folder)):
        shutil.rmtree(folder)


def _working_day(rules: "RuleBook", asked: date | None) -> date:
    """The asked day or today; where that is a day off or beyond the calendar, the working day before."""
    clock = rules.calendar.clock
    on = min(asked or datetime.now(clock.zone).date(), clock.last)
    return on if clock.is_working_day(on) else clock.add_working_days(on, -1)


def _weekday(on: date) -> str:
    from monitor.trace import say_date

    return f"{on:%A %Y-%m-%d} ({say_date(on)})"


def _drop_samples(rules: "RuleBook", on: date, site: Site) -> None:
    """The day's exports, as the provincial system would have written them, into the inbox."""
    from monitor.samples import make_samples, write_samples

    for path in write_samples(make_samples(rules, as_of=on), site.inbox_folder):
        path.touch()


class _Show:
    """The daemon of the sample site, and the words that say what it does.

    The daemon tells what happens from its own threads; the story waits for it in the loop.
    """

    def __init__(self, site: Site, store: "Store", clock: "Clock", *, once: bool) -> None:
        from monitor.cli.running import daemon_of
        from monitor.daemon import Watcher

        self._site, self._store, self._clock, self._once = site, store, clock, once
        self._files_left = sum(1 for path in site.inbox_folder.iterdir() if path.is_file())
        self._files_read = asyncio.Event()
        self._digests_written = asyncio.Event()
        watcher = Watcher(imported=self._say_imported, refused=self._say_refused, delivered=self._say_delivered)
        self._daemon = daemon_of(site, store, clock=clock, watcher=watcher)
        self._zone = self._daemon.rules.calendar.clock.zone

    async def run(self) -> None:
        """Tell the story; then go on, or stop."""
        self._loop = asyncio.get_running_loop()
        story = asyncio.create_task(self._story())
        story.add_done_callback(self._end)
        await self._daemon.run()
        if story.done():
            story.result()  # an error of the story ends the demonstration and is shown
        story.cancel()
        say("")
        say("Stopped.")

    def _end(self, story: "asyncio.Task[None]") -> None:
        if self._once or (not story.cancelled() and story.exception() is not None):
            self._daemon.stop()

    async def _story(self) -> None:
        say(f"[{self._now()}] Files in the inbox are read:")
        await self._files_read.wait()
        await self._daemon.sweep()
        self._tell_standing()
        self._come_to_the_morning_mail()
        await self._digests_written.wait()
        self._tell_waiting()
        self._write_letter()
        command = f"{invoked_as()} --home {quote(str(self._site.home))}"
        say("")
        say("Look around (in another terminal, in this same folder):")
        say(f"  {command} list --open        where every dossier stands")
        say(f"  {command} explain CODE       why, day by day")
        say(f"  {self._site.mail_folder}, {self._site.letters_folder}    the mails and the letter")
        if not self._once:
            say("")
            say("The monitor goes on watching. Stop it with Ctrl+C.")

    def _say_imported(self, report: "ImportReport") -> None:
        from monitor.cli.importing import show_report

        show_report(report)
        self._count_file()

    def _say_refused(self, path: Path, why: str) -> None:
        say(f"{path.name}: {why}")
        self._count_file()

    def _count_file(self) -> None:
        self._files_left -= 1
        if self._files_left == 0:
            self._loop.call_soon_threadsafe(self._files_read.set)

    def _tell_standing(self) -> None:
        from monitor.cli.words import STATUS_WORDS

        say("")
        say(f"[{self._now()}] Where the dossiers stand:")
        counts = self._store.counts_by_status()
        for status, words in STATUS_WORDS.items():
            if counts.get(status):
                say(f"  {counts[status]:5}  {words}  ({status})")

    def _come_to_the_morning_mail(self) -> None:
        """The newcomer need not wait out the rest of the half minute: a demonstration clock may be set, and says so."""
        now = self._clock.now().astimezone(self._zone)
        leaves = datetime.combine(now.date(), MORNING_MAIL, self._zone)
        say("")
        if now < leaves:
            say(f"The demonstration clock is put forward to {MORNING_MAIL:%H:%M}, when the morning mail leaves.")
            self._clock.set(leaves)
        self._daemon.soon("compose_digests")

    def _say_delivered(self, messages: "list[OutboxMessage]") -> None:
        from monitor.outbox import MessageKind

        say(f"[{self._now()}] {len(messages)} mails written to {self._site.mail_folder}:")
        for message in messages[:SHOWN_MAILS]:
            say(f"  to {message.to_address}: {message.subject}")
        if len(messages) > SHOWN_MAILS:
            say(f"  … and {len(messages) - SHOWN_MAILS} more")
        if any(message.kind is MessageKind.DIGEST for message in messages):
            self._digests_written.set()

    def _tell_waiting(self) -> None:
        """Immediate mail waits for its readers' next working hour."""
        from monitor.outbox import OutboxState

        waiting = [one.next_attempt_at for one in self._store.messages((OutboxState.PENDING,), limit=1_000)]
        moments = [moment for moment in waiting if moment is not None]
        if moments:
            opens = f"{min(moments).astimezone(self._zone):%H:%M}"
            say(
                f"{len(moments)} notices of overdue dossiers wait for {opens}, when their readers' working hours begin."
            )

    def _write_letter(self) -> None:
        """One overdue dossier whose officer answers "không kịp": the apology, drafted."""
        from monitor.letter import LetterRefused
        from monitor.status import Status
        from monitor.store import Filter

        for row in self._store.list_dossiers(Filter(statuses=(Status.OVERDUE,))):
            try:
                path = self._drafted(row.code)
            except LetterRefused:
                continue
            say("")
            say(f"[{self._now()}] An officer says that {row.code} cannot be finished in time:")
            say(f"  apology drafted: {path}")
            return

    def _drafted(self, code: str) -> Path:
        from monitor.cli.letters import drafted

        rules, now = self._daemon.rules, self._clock.now()
        new_date_on = rules.calendar.clock.add_working_days(now.astimezone(self._zone).date(), 3)
        path, _ = drafted(
            self._store,
            rules,
            self._daemon.documents,
            self._site.letters_folder,
            code,
            reason=rules.reasons[0].text,
            new_date_on=new_date_on,
            by="demo",
            now=now,
        )
        return path

    def _now(self) -> str:
        return f"{self._clock.now().astimezone(self._zone):%H:%M:%S}"
