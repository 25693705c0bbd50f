"""A daemon at work in this process, on a clock that a test may set."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from monitor.cli.opening import store_of
from monitor.cli.running import daemon_of
from monitor.cli.sites import make_site
from monitor.daemon import Clock, Daemon
from monitor.rules import load_rules_from, rule_files
from monitor.site import Site, SiteKind, open_site
from monitor.store import Store
from tests.command import MONDAY_MORNING, PATIENCE_SECONDS

P = ParamSpec("P")
OWN_DOMAIN = "so-tai-chinh.dunghen"  # of no registry, so that no mail can leave the machine; and not one for examples


def in_loop(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """A test that waits runs in an event loop of its own."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def clock_at(moment: object = MONDAY_MORNING) -> Clock:
    clock = Clock()
    clock.set(moment)  # type: ignore[arg-type]
    return clock


def quick_site(folder: Path, kind: SiteKind = SiteKind.REPLAY) -> Site:
    """A site whose inbox is looked into every second."""
    return make_site(folder, kind, now=MONDAY_MORNING, poll_seconds=1, stable_seconds=0)


def as_if_real(rules: bytes) -> bytes:
    """The shipped people with everything changed that says that they are invented; the domain still reaches nobody."""
    text = re.sub(r"(?m)^sample = true", "sample = false", rules.decode())
    text = text.replace("stc.example", OWN_DOMAIN).replace("0205 000", "0000 000").replace("(ghi ", "(đã ghi ")
    return text.encode()


def with_own_people(site: Site, **mail: object) -> Site:
    """The live site of an office that has put its own people into the rules, and sends by SMTP."""
    for name in ("organisation.toml", "staff.csv"):
        file = site.rules / name
        file.write_bytes(as_if_real(file.read_bytes()))
    (site.rules / "go_live.toml").write_text('state = "live"\ntrial_mail_to = ["office"]\n', encoding="utf-8")
    files = rule_files(site.rules)
    with store_of(site) as store:
        version = load_rules_from(files).version
        store.accept_rule_book(version, files, by="văn thư", reason="people of the office", now=MONDAY_MORNING)
    settings = {"delivery": "smtp", "sender": f"dung-hen@{OWN_DOMAIN}"} | mail
    lines = [f"{key} = {value if isinstance(value, int) else f'{value!r}'}" for key, value in settings.items()]
    (site.home / "dunghen.toml").write_text(
        "\n".join(["[inbox]", "poll_seconds = 1", "stable_seconds = 0", "[mail]", *lines]), encoding="utf-8"
    )
    return open_site(site.home)


@asynccontextmanager
async def at_work(site: Site, clock: Clock | None = None) -> AsyncIterator[tuple[Daemon, Store]]:
    """The daemon, until the block ends; then it is stopped and has finished what it had begun."""
    logging.getLogger("monitor").setLevel(logging.INFO)
    with store_of(site) as store:
        daemon = daemon_of(site, store, clock=clock or clock_at())
        running = asyncio.create_task(daemon.run())
        try:
            yield daemon, store
        finally:
            daemon.stop()
            await running


async def soon(seen: Callable[[], object], what: str) -> None:
    """Look again until something has come true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not seen():
            await asyncio.sleep(0.02)
    assert seen(), what
