"""Databases for the tests: a fresh SQLite file, and a fresh database on a PostgreSQL 15 that only this run knows."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import mariadb_server
import province as province_system
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

# No deadline: how long an example takes says something about the machine, not about the law. What CI runs is the same
# at every run; elsewhere each run looks at new examples, and a failing one prints how to replay it.
settings.register_profile(
    "project",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
WHAT_TO_RUN = "run `scripts/system-packages.sh test`, or `make test`, which does so by itself"
START_SECONDS = 60


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL server that listens on a Unix socket in its own directory and nowhere else."""

    directory: Path
    user: str

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.directory), user=self.user, dbname="postgres", autocommit=True)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{self.user}@/{database}?host={self.directory}"


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """Started by the first test that asks, stopped and removed at the end; a killed pytest stops it, too."""
    programs = find_programs()
    owner = find_owner()
    # Not tmp_path: user postgres must be able to reach it, and a socket's path may have 107 characters only.
    directory = Path(tempfile.mkdtemp(prefix="dunghen-pg-", dir="/tmp"))
    try:
        os.chown(directory, owner.pw_uid, owner.pw_gid)
        cluster = Cluster(directory, owner.pw_name)
        initialise(cluster, programs, owner)
        server = start(cluster, programs, owner)
        try:
            wait_until_ready(cluster, server)
            yield cluster
        finally:
            server.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown: no waiting for connections left open
            server.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def postgres_url(postgres_cluster: Cluster, _database_numbers: count) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database, gone after the test."""
    name = f"test_{next(_database_numbers)}"
    with postgres_cluster.connect() as connection:
        connection.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY")  # half the time where nothing is synced
    yield postgres_cluster.url(name)
    with postgres_cluster.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # a test that leaves a connection open fails alone


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; a test that takes this runs on both kinds."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path}/monitor.db"


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """The URL of a MariaDB, started by the first test that asks; its tables are the tests' own to drop."""
    with mariadb_server.running() as url:
        yield url


@pytest.fixture(params=["postgresql", "mariadb"])
def province_url(request: pytest.FixtureRequest) -> str:
    """The URL of a provincial database; a test that takes this runs on both kinds."""
    url: str = request.getfixturevalue("postgres_url" if request.param == "postgresql" else "mariadb_url")
    return url


@pytest.fixture
def province(province_url: str) -> Iterator[Engine]:
    """The province's own connection, to an empty table of dossiers."""
    with province_system.running(province_url) as engine:
        yield engine


@pytest.fixture(scope="session")
def _database_numbers() -> count:
    return count(1)


def find_programs() -> Path:
    """The directory of PostgreSQL 15's programs, which Debian keeps off PATH."""
    if (DEBIAN_PROGRAMS / "initdb").exists():
        return DEBIAN_PROGRAMS
    pg_config = shutil.which("pg_config")
    if pg_config is None:
        pytest.fail(f"PostgreSQL 15 is not installed: {WHAT_TO_RUN}", pytrace=False)
    programs = Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip())
    version = subprocess.check_output([pg_config, "--version"], text=True)
    if not (programs / "initdb").exists() or " 15." not in version:
        pytest.fail(f"PostgreSQL 15 is needed and pg_config knows {version.strip()}: {WHAT_TO_RUN}", pytrace=False)
    return programs


def find_owner() -> pwd.struct_passwd:
    """Who runs the server: we ourselves, or user postgres for root, whom initdb refuses."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        pytest.fail(f"The tests run as root and there is no user postgres: {WHAT_TO_RUN}", pytrace=False)


def initialise(cluster: Cluster, programs: Path, owner: pwd.struct_passwd) -> None:
    made = subprocess.run(
        [
            programs / "initdb",
            f"--pgdata={cluster.directory / 'data'}",
            "--auth=trust",
            f"--username={cluster.user}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        capture_output=True,
        text=True,
        check=False,
        **as_owner(cluster, owner),
    )
    assert made.returncode == 0, made.stderr


def start(cluster: Cluster, programs: Path, owner: pwd.struct_passwd) -> subprocess.Popen:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": cluster.directory,
        # Nothing here has to survive a power cut.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    # A pytest that is killed runs no clean-up: the kernel then stops the server.
    command = ["setpriv", "--pdeathsig", "INT", programs / "postgres", "-D", cluster.directory / "data"]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with log_of(cluster).open("wb") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for pytest; the server goes after the last test has let go of it
            **as_owner(cluster, owner),
        )


def wait_until_ready(cluster: Cluster, server: subprocess.Popen) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            cluster.connect().close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > give_up_at:
                pytest.fail(f"PostgreSQL did not start:\n{log_of(cluster).read_text()}", pytrace=False)
            time.sleep(0.05)


def log_of(cluster: Cluster) -> Path:
    return cluster.directory / "server.log"


def as_owner(cluster: Cluster, owner: pwd.struct_passwd) -> dict[str, object]:
    """Options for subprocess: the owner's rights, and a working directory that the owner may enter."""
    if os.geteuid() == owner.pw_uid:
        return {"cwd": cluster.directory}
    return {"cwd": cluster.directory, "user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
