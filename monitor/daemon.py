"""The daemon: jobs, signals, heartbeat and the watch on the clock; no rule about law or time of an office is here."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from filelock import FileLock, Timeout

from monitor.documents import Documents
from monitor.envelopes import Carrier, Postmark, compose_digests, compose_overdue, deliver_due, digest_is_due
from monitor.errors import MonitorError
from monitor.importing import ImportReport, import_file
from monitor.intake import Inbox, IntakeError, StabilityWatch
from monitor.rules import RuleBook
from monitor.site import Site
from monitor.store import Store
from monitor.sweep import SweepReport, recompute, sweep

log = logging.getLogger(__name__)
JUMP = timedelta(seconds=30)  # wall clock and monotonic clock may drift apart by less; more is a jump
OUTAGE = timedelta(minutes=15)
SWEEP_SECONDS = 15
DELIVER_SECONDS = 5
BEAT_SECONDS = 15


class AlreadyRunning(MonitorError):
    """Another daemon holds the site."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"another daemon is running on this site (it holds {path}); stop it first")


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock, or a demonstration clock that runs beside it at a fixed distance."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return datetime.now(UTC) + self.ahead


@dataclass(slots=True)
class Watcher:
    """What a person at the terminal is told; the default says nothing."""

    imported: Callable[[ImportReport], None] = lambda report: None
    refused: Callable[[Path, str], None] = lambda path, why: None
    swept: Callable[[SweepReport], None] = lambda report: None
    composed: Callable[[str, int], None] = lambda kind, count: None
    delivered: Callable[[int], None] = lambda count: None


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
    confirm_clock: bool = False  # a person has looked at the clock and says it is right

    def __post_init__(self) -> None:
        self.rules = self.load_rules()
        self.inbox = Inbox(self.site.inbox_folder)
        self._growing = StabilityWatch(self.site.inbox.stable_seconds)
        self._stop = asyncio.Event()
        self._working = asyncio.Lock()  # one job at a time: jobs are short, and an order is easier to trust
        self._worker = f"{socket.gethostname()}-{os.getpid()}"
        self._down: tuple[datetime, datetime] | None = None
        self._recomputed_on: date | None = None
        self._held: str | None = None

    async def run(self) -> None:
        """Work until asked to stop. Raises AlreadyRunning when another daemon holds an SQLite site."""
        with self._lock():
            self._come_back()
            scheduler = self._scheduler()
            loop = asyncio.get_running_loop()
            for name in (signal.SIGTERM, signal.SIGINT):
                with suppress(NotImplementedError):  # Windows has no such handlers; there Ctrl+C raises
                    loop.add_signal_handler(name, self.stop)
            scheduler.start()
            log.info("started", extra={"action": "start", "worker": self._worker})
            watchdog = asyncio.create_task(self._watch_clock(scheduler))
            await self._stop.wait()
            scheduler.pause()
            watchdog.cancel()
            async with self._working:  # what has begun is finished first; shutdown would cancel it at once
                scheduler.shutdown(wait=False)
            log.info("stopped", extra={"action": "stop", "worker": self._worker})

    def stop(self) -> None:
        """Ask the daemon to finish what it has begun and return."""
        self._stop.set()

    def _lock(self) -> AbstractContextManager[object]:
        """On SQLite the operating system keeps a second daemon out; on PostgreSQL the rows themselves do."""
        if not self.site.absolute_database_url.startswith("sqlite"):
            return nullcontext()
        path = self.site.data / "daemon.lock"
        lock = FileLock(path)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise AlreadyRunning(path) from None
        return lock

    def _come_back(self) -> None:
        """What a start after a silence means: an outage to tell of, or a clock that cannot be right (decision 13)."""
        now, last = self.clock.now(), self.store.last_beat()
        newest = self.store.newest_recorded_at()
        last_year = self.rules.calendar.clock.last.year
        if not self.confirm_clock and newest is not None and now < newest - JUMP:
            self._held = f"the clock ({now:%Y-%m-%d %H:%M}Z) is earlier than what was recorded ({newest:%Y-%m-%d %H:%M}Z)"
        if not self.confirm_clock and now.year > last_year:
            self._held = f"the clock ({now:%Y-%m-%d %H:%M}Z) is beyond the official calendar, which ends with {last_year}"
        if self._held:
            log.error("sending is held: %s; look at the clock, then: dunghen run --confirm-clock", self._held)
        if last is not None and now - last > OUTAGE:
            self._down = (last, now)
            log.warning("was down", extra={"action": "outage", "from": last.isoformat(), "to": now.isoformat()})

    def _scheduler(self) -> AsyncIOScheduler:
        """Every job in code, its state in the database: a job late by any time still runs, once."""
        scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )
        jobs: tuple[tuple[Callable[[], Awaitable[None]], int], ...] = (
            (self.look_into_inbox, self.site.inbox.poll_seconds),
            (self.sweep, SWEEP_SECONDS),
            (self.compose_digests, SWEEP_SECONDS),
            (self.deliver, DELIVER_SECONDS),
            (self.beat, BEAT_SECONDS),
        )
        for job, seconds in jobs:
            scheduler.add_job(
                self._guarded(job), "interval", seconds=seconds, id=job.__name__, next_run_time=datetime.now(UTC)
            )
        return scheduler

    def _guarded(self, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """One job at a time, and one that fails is told of and does not stop the others."""

        async def run() -> None:
            async with self._working:
                try:
                    await job()
                except MonitorError as error:
                    log.error("%s", error, extra={"action": job.__name__})  # noqa: TRY400 - an operator's mistake
                except Exception:
                    log.exception("job failed", extra={"action": job.__name__})

        return run

    async def _watch_clock(self, scheduler: AsyncIOScheduler) -> None:
        """Notice a jump of the wall clock against the monotonic one, and plan every job anew.

        APScheduler waits for a wall-clock time: set back an hour, its interval jobs would stand still for that hour.
        """
        wall, steady = datetime.now(UTC), time.monotonic()
        while True:
            await asyncio.sleep(1)
            new_wall, new_steady = datetime.now(UTC), time.monotonic()
            jumped = (new_wall - wall) - timedelta(seconds=new_steady - steady)
            wall, steady = new_wall, new_steady
            if abs(jumped) > JUMP:
                log.warning("clock jumped", extra={"action": "clock_jump", "seconds": round(jumped.total_seconds())})
                self._recomputed_on = None
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=new_wall)

    async def look_into_inbox(self) -> None:
        """Take every file that has stopped growing; what cannot be taken is put aside with its reason."""
        for path in self.inbox.stable(self._growing, time.monotonic()):
            await asyncio.to_thread(self._take, path)

    def _take(self, path: Path) -> None:
        try:
            report = import_file(path, self.store, self.rules, now=self.clock.now())
        except IntakeError as error:
            self._growing.forget(path)
            self.inbox.move_to_held(path, str(error))
            self.watcher.refused(path, str(error))
            log.warning("file refused", extra={"action": "import", "file": path.name})
            return
        self._growing.forget(path)
        if report.held:
            self.inbox.move_to_held(path, report.cause or "")
        else:
            self.inbox.move_to_done(path)
        self.watcher.imported(report)

    async def sweep(self) -> None:
        """Look at what may have changed, and put what must be said into envelopes."""
        await asyncio.to_thread(self._sweep)

    def _sweep(self) -> None:
        now = self.clock.now()
        self.rules = self.load_rules()
        today = now.astimezone(self.rules.calendar.clock.zone).date()
        if self._recomputed_on != today:  # at start, after a jump, and with every new day
            recompute(self.store, self.rules, now=now)
            self._recomputed_on = today
        report = sweep(self.store, self.rules, now=now)
        if report.looked_at:
            self.watcher.swept(report)
        if self._held is None:
            composed = compose_overdue(self.store, self.rules, self.documents, self.postmark, now=now)
            if composed:
                self.watcher.composed("overdue", composed)

    async def compose_digests(self) -> None:
        """The morning mail, from a quarter of an hour before work until closing, once a person and day."""
        now = self.clock.now()
        if self._held is None and digest_is_due(self.rules, now=now):
            composed = await asyncio.to_thread(
                compose_digests, self.store, self.rules, self.documents, self.postmark, now=now, down=self._down
            )
            self._down = None
            if composed:
                self.watcher.composed("digest", composed)

    async def deliver(self) -> None:
        """Send what is due."""
        if self._held is None:
            ended = await deliver_due(
                self.store, self.carrier, self.postmark, worker=self._worker, clock=self.clock.now
            )
            if ended:
                self.watcher.delivered(len(ended))

    async def beat(self) -> None:
        """Say that the daemon lives."""
        self.store.beat(now=self.clock.now())
