"""One daemon a site: the operating system keeps a second one off an SQLite site."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from monitor.errors import MonitorError
from monitor.site import Site


class AlreadyRunning(MonitorError):
    """Another daemon holds the site."""

    exit_code = os.EX_TEMPFAIL

    def __init__(self, path: Path) -> None:
        super().__init__(f"another daemon is running on this site (it holds {path}); stop it first")


@contextmanager
def alone_on(site: Site) -> Iterator[None]:
    """Keep other daemons off a site: by the operating system on SQLite; on PostgreSQL the rows do it themselves."""
    if not site.absolute_database_url.startswith("sqlite"):
        yield
        return
    path = site.data / "daemon.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise AlreadyRunning(path) from None
    try:
        yield
    finally:
        lock.release()
