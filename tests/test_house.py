"""The house itself: the databases that tests get, the locks, the wheel, and what a newcomer without rights is told."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

ROOT = Path(__file__).parent.parent


class TestDatabases:
    def test_it_is_postgresql_15_in_utf8_on_a_socket_only(self, postgres_url: str):
        settings = ["server_version_num", "server_encoding", "listen_addresses"]
        version, encoding, addresses = (ask(postgres_url, f"SHOW {setting}") for setting in settings)
        assert version.startswith("15")
        assert encoding == "UTF8"
        assert addresses == ""

    @pytest.mark.parametrize("_turn", ["first", "second"])
    def test_each_test_gets_an_empty_database_of_its_own(self, database_url: str, _turn: str):
        engine = sa.create_engine(database_url)
        assert sa.inspect(engine).get_table_names() == []
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE dossier (code VARCHAR)"))
            connection.execute(sa.text("INSERT INTO dossier VALUES ('MẪU-Đ')"))
        assert ask(database_url, "SELECT code FROM dossier") == "MẪU-Đ"
        engine.dispose()


def ask(url: str, question: str) -> str:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text(question)).scalar_one()
    finally:
        engine.dispose()


class TestSystemPackages:
    """scripts/system-packages.sh for somebody whose sudo says no."""

    ONE_LINE = re.compile(
        r"System packages are missing: (?P<names>[^.]+)\. You .+ An administrator can run: apt-get install (?P=names)\n"
    )

    @pytest.mark.parametrize("purpose", ["run", "test"])
    def test_who_may_not_install_is_told_in_one_line_what_an_administrator_can_run(self, visitor, purpose: str):
        told = visitor("system-packages.sh", purpose)
        assert told.returncode == 1
        assert told.stdout == ""
        assert self.ONE_LINE.fullmatch(told.stderr), told.stderr
        assert "fonts-liberation2" in told.stderr

    def test_nothing_missing_is_silent_and_needs_no_rights(self, visitor):
        told = visitor("system-packages.sh", "run", dpkg_says="install ok installed")
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "")

    def test_a_removed_package_of_which_dpkg_keeps_the_configuration_is_missing(self, visitor):
        told = visitor("system-packages.sh", "run", dpkg_says="deinstall ok config-files")
        assert "missing: fonts-liberation2." in told.stderr


@pytest.fixture
def visitor():
    """Runs a script as somebody who is not root and meets stand-ins for what the machine has."""
    # Not tmp_path, which only its owner may enter.
    directory = Path(tempfile.mkdtemp(prefix="dunghen-visitor-", dir="/tmp"))
    directory.chmod(0o755)
    shutil.copytree(ROOT / "scripts", directory / "scripts")

    def run(script: str, *arguments: str, dpkg_says: str = "") -> subprocess.CompletedProcess:
        stand_ins = directory / "bin"
        stand_ins.mkdir()
        for name, does in {"dpkg-query": f'echo "{dpkg_says}"', "sudo": "exit 1", "python3.11": "exit 0"}.items():
            (stand_ins / name).write_text(f"#!/bin/sh\n{does}\n")
            (stand_ins / name).chmod(0o755)
        nobody = {"user": pwd.getpwnam("nobody").pw_uid, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run(
            [directory / "scripts" / script, *arguments],
            env={"PATH": f"{stand_ins}:/usr/bin:/bin"},
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **nobody,
        )

    yield run
    shutil.rmtree(directory)


class TestLocks:
    def test_developers_run_the_versions_that_users_run(self):
        runs, develops = pins("requirements.lock"), pins("requirements-dev.lock")
        assert runs
        assert runs.items() <= develops.items()

    @pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
    def test_every_package_has_its_hash_and_no_address(self, lock: str):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        assert "--index" not in text
        assert all("--hash=sha256:" in pin for pin in re.split(r"\n(?=\S)", text.strip()))


def pins(lock: str) -> dict[str, str]:
    """Each pin, with its marker if it has one -> its hashes."""
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    return {pin: hashes for pin, _, hashes in (entry.partition(" \\\n") for entry in entries)}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in the wheel."""
    dist = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", dist]
    made = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    [wheel] = dist.glob("dunghen-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


class TestWheel:
    @pytest.mark.parametrize("folder", ["rules", "templates"])
    def test_it_carries_every_rule_and_template_to_a_directory_without_this_tree(self, shipped: set[str], folder: str):
        here = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert here
        assert {f"monitor/_shipped/{name}" for name in here} <= shipped

    def test_it_carries_nothing_but_the_package_and_its_metadata(self, shipped: set[str]):
        assert {name.split("/")[0].split("-")[0] for name in shipped} == {"monitor", "dunghen"}
