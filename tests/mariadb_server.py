"""A MariaDB that only this run knows: what a province may keep its dossiers on."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

WHAT_TO_RUN = "run `scripts/system-packages.sh test`, or `make test`, which does so by itself"
START_SECONDS = 60


@contextmanager
def running() -> Iterator[str]:
    """The SQLAlchemy URL of an empty database on a server that listens on a Unix socket only."""
    programs = [_program(name) for name in ("mariadb-install-db", "mariadbd")]
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())  # the server refuses root
    directory = Path(tempfile.mkdtemp(prefix="dunghen-my-", dir="/tmp"))
    try:
        os.chown(directory, owner.pw_uid, owner.pw_gid)
        rights = {} if os.geteuid() else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        _initialise(programs[0], directory, rights)
        socket = directory / "mariadb.sock"
        server = _started(programs[1], directory, socket, rights)
        try:
            _wait_until_ready(socket, server, directory)
            yield f"mysql+pymysql://root@localhost/tinh?unix_socket={socket}&charset=utf8mb4"
        finally:
            server.terminate()
            server.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(directory)


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.fail(f"MariaDB is not installed: {WHAT_TO_RUN}", pytrace=False)
    return found


def _initialise(program: str, directory: Path, rights: dict[str, object]) -> None:
    made = subprocess.run(
        [
            program,
            "--no-defaults",
            f"--datadir={directory / 'data'}",
            "--auth-root-authentication-method=normal",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=directory,
        **rights,
    )
    assert made.returncode == 0, made.stderr + made.stdout


def _started(program: str, directory: Path, socket: Path, rights: dict[str, object]) -> subprocess.Popen:
    command = [
        *("setpriv", "--pdeathsig", "TERM"),  # a pytest that is killed runs no clean-up: the kernel stops the server
        *(program, "--no-defaults", f"--datadir={directory / 'data'}", f"--socket={socket}", "--skip-networking"),
        *("--innodb-flush-log-at-trx-commit=0", "--innodb-fast-shutdown=2", "--skip-log-bin"),
        f"--pid-file={directory / 'mariadb.pid'}",
    ]
    with (directory / "server.log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd=directory,
            **rights,
        )


def _wait_until_ready(socket: Path, server: subprocess.Popen, directory: Path) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while not socket.exists():  # it is made when the server listens; an earlier try would leave a socket open
        if server.poll() is not None or time.monotonic() > give_up_at:
            pytest.fail(f"MariaDB did not start:\n{(directory / 'server.log').read_text()}", pytrace=False)
        time.sleep(0.05)
    with pymysql.connect(unix_socket=str(socket), user="root") as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE tinh CHARACTER SET utf8mb4")
