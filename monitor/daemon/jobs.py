"""The jobs of a daemon, and how they begin and end."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.comparison import ImportReport
from monitor.daemon.alone import alone_on
from monitor.daemon.clock import CLOCK_CONFIRMED, JUMP, Clock, doubt_about_clock
from monitor.delivery import Carrier
from monitor.documents import Documents
from monitor.envelopes import (
    DIGESTS_OF,
    Postmark,
    compose_digests,
    compose_import_reports,
    compose_late_sources,
    compose_overdue,
    digest_is_due,
)
from monitor.errors import MonitorError
from monitor.importing import import_file, import_query
from monitor.intake import Inbox, IntakeError, StabilityWatch
from monitor.intake.inbox import REPORT_ENDING
from monitor.outbox import OutboxMessage
from monitor.questions import source_findings
from monitor.reports import ReportNotWritten, write_import_workbook
from monitor.rules import RuleBook
from monitor.sending import deliver_due
from monitor.site import Site, SiteError
from monitor.source import QueryRule, SourceRule
from monitor.store import Store
from monitor.sweep import SweepReport, recompute, sweep

log = logging.getLogger(__name__)
OUTAGE = timedelta(minutes=15)
ASK_SECONDS = 20  # how often it is looked whether a source's own pause has passed
SWEEP_SECONDS = 15
DELIVER_SECONDS = 5
BEAT_SECONDS = 15
WATCH_SECONDS = 1
PATIENCE_SECONDS = 300  # so long the morning mail waits for files that lie in the inbox
DRAIN_SECONDS = 60  # what has begun may take so long to finish; an attempt at a mail may be waiting for its server
OUTAGE_UNTOLD = "outage_untold"  # from when to when the monitor was down, until a digest has said so


@dataclass(slots=True)
class Watcher:
    """What a person at the terminal is told; the default says nothing."""

    imported: Callable[[ImportReport], None] = lambda _report: None
    refused: Callable[[Path, str], None] = lambda _path, _why: None
    swept: Callable[[SweepReport], None] = lambda _report: None
    delivered: Callable[[list[OutboxMessage]], None] = lambda _messages: None


class _Every(BaseTrigger):  # type: ignore[misc]  # apscheduler ships no types
    """Again so many seconds after each run, and once however far the clock has jumped.

    The scheduler's own interval trigger lists every run that was missed: a thousand million for a clock set to 2200.
    """

    def __init__(self, seconds: float) -> None:
        self._pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        return now + self._pause


@dataclass
class Daemon:
    """One running monitor on a site. `run` returns when it was asked to stop and has finished what it had begun."""

    site: Site
    store: Store
    documents: Documents
    carrier: Carrier
    postmark: Postmark
    load_rules: Callable[[], RuleBook]  # the rule book in force, again whenever another one has been accepted
    clock: Clock = field(default_factory=Clock)
    watcher: Watcher = field(default_factory=Watcher)

    def __post_init__(self) -> None:
        self.rules = self.load_rules()
        self.inbox = Inbox(self.site.inbox_folder)
        self._growing = StabilityWatch(self.site.inbox.stable_seconds)
        self._stop = asyncio.Event()
        self._thinking = asyncio.Lock()  # one at a time: what reads, decides and writes down
        self._begun: set[asyncio.Task[None]] = set()
        self._worker = f"{socket.gethostname()}-{os.getpid()}"
        self._recomputed_on: date | None = None
        self._ask_at: dict[str, float] = {}  # steady: when each source that is a database is asked next
        self._waiting_since: float | None = None  # steady: since when the morning mail has waited for the inbox
        self._held: str | None = None  # why nothing is sent
        self._no_data_on: date | None = None  # the day for which it was said that no data has come
        self._scheduler = self._planned()

    async def run(self) -> None:
        """Work until asked to stop. Raises AlreadyRunning when another daemon holds an SQLite site."""
        with alone_on(self.site):
            self._come_back()
            loop = asyncio.get_running_loop()
            for name in (signal.SIGTERM, signal.SIGINT):
                with suppress(NotImplementedError):  # Windows has no such handlers; there Ctrl+C raises
                    loop.add_signal_handler(name, self.stop)
            self._scheduler.start()
            log.info("started", extra={"action": "start", "worker": self._worker})
            watchdog = asyncio.create_task(self._watch_clock())
            await self._stop.wait()
            watchdog.cancel()
            await self._drain()
            log.info("stopped", extra={"action": "stop", "worker": self._worker})

    def stop(self) -> None:
        """Ask the daemon to finish what it has begun and return."""
        self._stop.set()

    async def _drain(self) -> None:
        """Let what has begun finish; the scheduler's own shutdown would cancel it at once."""
        self._scheduler.pause()
        if self._begun:
            await asyncio.wait(self._begun, timeout=DRAIN_SECONDS)
        self._scheduler.shutdown(wait=False)

    def _come_back(self) -> None:
        """What a start after a silence means: an outage to tell of, or a clock that cannot be right (decision 13)."""
        now, last = self.clock.now(), self.store.last_beat()
        self._doubt_clock()
        if last is not None and now - last > OUTAGE:
            untold = self._untold_outage()
            since = untold[0] if untold else last  # two silences before one digest are told as one
            self.store.set_meta(OUTAGE_UNTOLD, f"{since.isoformat()} {now.isoformat()}", now=now)
            log.warning("was down", extra={"action": "outage", "from": last.isoformat(), "to": now.isoformat()})

    def _untold_outage(self) -> tuple[datetime, datetime] | None:
        since, _, until = (self.store.get_meta(OUTAGE_UNTOLD) or "").partition(" ")
        return (datetime.fromisoformat(since), datetime.fromisoformat(until)) if until else None

    def _doubt_clock(self) -> None:
        self._held = doubt_about_clock(self.store, self.rules, now=self.clock.now())
        if self._held is not None:
            what_to_do = "look at the clock, then: dunghen run --confirm-clock"
            log.error("sending is held: %s; %s", self._held, what_to_do, extra={"action": "hold"})

    def _may_send(self) -> bool:
        """A hold ends when a person says so, never by itself."""
        if self._held is not None and self._confirmed():
            self._held = None
            log.info("sending goes on", extra={"action": "release"})
        return self._held is None

    def _confirmed(self) -> bool:
        confirmed = self.store.get_meta(CLOCK_CONFIRMED)
        return confirmed is not None and doubt_about_clock(self.store, self.rules, now=self.clock.now()) is None

    def _planned(self) -> AsyncIOScheduler:
        """Every job in code, its state in the database: a job late by any time still runs, once."""
        # A job that is woken while it is still at work is left out, which is as wanted and no warning.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )
        jobs: tuple[tuple[Callable[[], Awaitable[None]], float, bool], ...] = (
            (self.look_into_inbox, self.site.inbox.poll_seconds, True),
            (self.ask_databases, ASK_SECONDS, True),
            (self.sweep, SWEEP_SECONDS, True),
            (self.compose_digests, SWEEP_SECONDS, True),
            (self.deliver, DELIVER_SECONDS, False),  # a mail server may take minutes: nothing waits for it
            (self.beat, BEAT_SECONDS, False),
        )
        for job, seconds, thinks in jobs:
            guarded = self._guarded(job, thinks=thinks)
            scheduler.add_job(guarded, _Every(seconds), id=job.__name__, next_run_time=datetime.now(UTC))
        return scheduler

    def soon(self, *names: str) -> None:
        """Run these jobs now instead of at their next time; all of them when none is named."""
        for job in self._scheduler.get_jobs():
            if not names or job.id in names:
                job.modify(next_run_time=datetime.now(UTC))

    def _guarded(self, job: Callable[[], Awaitable[None]], *, thinks: bool) -> Callable[[], Awaitable[None]]:
        """A job that fails is told of and stops no other; what has not begun when the end is asked for never does."""

        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._begun.add(task)
            task.add_done_callback(self._begun.discard)
            async with self._thinking if thinks else nullcontext():
                if self._stop.is_set():
                    return
                try:
                    await job()
                except MonitorError as error:
                    log.error("%s", error, extra={"action": job.__name__})
                except Exception:
                    log.exception("job failed", extra={"action": job.__name__})

        return run

    async def _watch_clock(self) -> None:
        """Notice a jump of the wall clock against the steady one, and plan every job anew.

        APScheduler waits for a wall-clock time: set back an hour, its jobs would stand still for that hour.
        """
        wall, steady = self.clock.now(), self.clock.steady()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            new_wall, new_steady = self.clock.now(), self.clock.steady()
            jumped = (new_wall - wall) - timedelta(seconds=new_steady - steady)
            wall, steady = new_wall, new_steady
            if abs(jumped) > JUMP:
                log.warning("clock jumped", extra={"action": "clock_jump", "seconds": round(jumped.total_seconds())})
                self._recomputed_on = None
                self._doubt_clock()
                self.soon()

    async def look_into_inbox(self) -> None:
        """Take every file that has stopped growing; what cannot be taken is put aside with its reason."""
        for path in self.inbox.stable(self._growing, self.clock.steady()):
            if self._stop.is_set():
                return
            await asyncio.to_thread(self._take, path)
            self.soon("sweep", "compose_digests")

    def _take(self, path: Path) -> None:
        try:
            report = import_file(path, self.store, self.rules, now=self.clock.now())
        except IntakeError as error:
            self._put_aside(path, str(error), error.loggable)
        except MonitorError:
            raise  # the database's trouble, not the file's: it is tried again
        except Exception:
            log.exception("file not understood", extra={"action": "import", "file": path.name})
            self._put_aside(path, "Chương trình gặp lỗi ở tệp này: báo người quản trị, kèm tệp và nhật ký.")
        else:
            self._growing.forget(path)
            if report.held:
                moved = self.inbox.move_to_held(path, report.cause or "")
                log.warning("file held", extra={"action": "import", "file": path.name, "cause": report.cause})
            else:
                moved = self.inbox.move_to_done(path)
            self._put_beside(moved, report)
            self.watcher.imported(report)

    def _put_beside(self, moved: Path, report: ImportReport) -> None:
        """The report as a workbook beside its file; without room for it the file was taken all the same."""
        try:
            write_import_workbook(moved.with_name(moved.name + REPORT_ENDING), report)
        except ReportNotWritten as error:
            log.error("%s", error, extra={"action": "import", "file": moved.name})

    def _put_aside(self, path: Path, why: str, loggable: str | None = None) -> None:
        self._growing.forget(path)
        if not path.exists():
            return  # somebody took it back
        self.inbox.move_to_held(path, why)
        self.watcher.refused(path, why)
        log.warning("file refused", extra={"action": "import", "file": path.name, "cause": loggable or why})

    async def ask_databases(self) -> None:
        """Ask every source that is a database, each after its own pause; one that does not answer is asked again."""
        for source in self.rules.sources:
            if source.query is None or self._stop.is_set():
                continue
            now = self.clock.steady()
            if now >= self._ask_at.get(source.name, now):
                self._ask_at[source.name] = now + 60 * source.query.every_minutes
                await asyncio.to_thread(self._ask, source, source.query)
                self.soon("sweep", "compose_digests")

    def _ask(self, source: SourceRule, query: QueryRule) -> None:
        try:
            url = self.site.secret(query.url_file, f"rules/sources, nguồn {source.name}: url_file")
            self.watcher.imported(import_query(source, url, self.store, self.rules, now=self.clock.now()))
        except (IntakeError, SiteError) as error:
            log.error("%s", error, extra={"action": "query", "source": source.name})

    async def sweep(self) -> None:
        """Look at what may have changed, and put what must be said into envelopes."""
        if await asyncio.to_thread(self._sweep):
            self.soon("deliver")

    def _sweep(self) -> int:
        now = self.clock.now()
        self.rules = self.load_rules()
        today = self._local_day(now)
        if self._recomputed_on != today:  # at start, after a jump, and with every new day
            recompute(self.store, self.rules, now=now)
            self._recomputed_on = today
        report = sweep(self.store, self.rules, now=now)
        if report.looked_at:
            log.info("swept", extra={"action": "sweep", "looked_at": report.looked_at, "notices": report.notices})
            self.watcher.swept(report)
        return self._compose(now) if self._may_send() else 0

    def _compose(self, now: datetime) -> int:
        """Put what must be said in between into envelopes: of sources, of imports, of dossiers found overdue."""
        findings = partial(source_findings, self.store, self.rules, now=now)
        with_all = (self.store, self.rules, self.documents, self.postmark)
        composed = compose_import_reports(*with_all, findings=findings, now=now)
        if not self._files_are_coming():
            composed += compose_late_sources(*with_all, now=now)
        return composed + compose_overdue(*with_all, now=now)

    def _local_day(self, now: datetime) -> date:
        return now.astimezone(self.rules.calendar.clock.zone).date()

    async def compose_digests(self) -> None:
        """The morning mail, from a quarter of an hour before work until closing, once a person and day."""
        now = self.clock.now()
        if self.store.get_meta(DIGESTS_OF) == self._local_day(now).isoformat() or not digest_is_due(
            self.rules, now=now
        ):
            return
        if self._may_send() and not self._files_are_coming() and self._has_data(now):
            await asyncio.to_thread(self._compose_digests)
            self.soon("deliver")

    def _files_are_coming(self) -> bool:
        """Whether files lie in the inbox: the picture of the day should hold them, but does not wait for ever."""
        if not any(self.inbox.candidates()):
            self._waiting_since = None
            return False
        if self._waiting_since is None:
            self._waiting_since = self.clock.steady()
        return self.clock.steady() - self._waiting_since < PATIENCE_SECONDS

    def _has_data(self, now: datetime) -> bool:
        """Whether any file has come yet; it is said once a day that none has."""
        if self.store.sources():
            return True
        if self._no_data_on != self._local_day(now):
            self._no_data_on = self._local_day(now)
            log.warning("no data yet, nobody is mailed: put an export into data/inbox", extra={"action": "no_data"})
        return False

    def _compose_digests(self) -> None:
        self._sweep()  # a file may have come in since the last one
        now, down = self.clock.now(), self._untold_outage()
        composed = compose_digests(self.store, self.rules, self.documents, self.postmark, now=now, down=down)
        if composed and down:
            self.store.set_meta(OUTAGE_UNTOLD, "", now=now)
        log.info("digests composed", extra={"action": "digest", "count": composed})

    async def deliver(self) -> None:
        """Send what is due."""
        if self._may_send():
            ended = await deliver_due(
                self.store,
                self.carrier,
                self.postmark.sender,
                worker=self._worker,
                clock=self.clock.now,
                stopping=self._stop.is_set,
            )
            if ended:
                self.watcher.delivered(ended)

    async def beat(self) -> None:
        """Say that the daemon lives."""
        await asyncio.to_thread(self.store.beat, now=self.clock.now())
        await asyncio.to_thread(self.store.tidy)
