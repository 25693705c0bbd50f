"""A site is made, kept, brought back and put among the machine's services; and what every command has in common."""

import configparser
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from monitor.cli import cli
from monitor.cli.opening import opened
from monitor.documents import Documents
from monitor.envelopes import Postmark, compose_digests
from monitor.site import SiteKind, open_site
from tests.command import (
    MONDAY_MORNING,
    ROOT,
    SAMPLES,
    as_nobody,
    data,
    dunghen,
    listing,
    site_in,
    started,
    until,
)

ROW = ["H37.12-261120-0003 | 20/11/2026 09:00 | 26/11/2026 17:00 | Đang xử lý"]


def commands(group: click.Group, *words: str) -> list[tuple[str, ...]]:
    context = click.Context(group)
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += commands(command, *words, name) if isinstance(command, click.Group) else [(*words, name)]
    return found


@pytest.mark.parametrize("words", commands(cli), ids=" ".join)
def test_every_command_explains_itself_with_an_example(words: tuple[str, ...]):
    said = dunghen(*words, "--help")
    assert said.exit_code == 0
    assert "Example" in said.output
    assert f"dunghen {words[0]}" in said.output or f"dunghen --home /srv/dung-hen {words[0]}" in said.output


def test_the_exit_codes_and_the_version_are_told():
    assert "75  another daemon is running on this site" in dunghen("--help").output
    assert dunghen("--version").output == "dunghen, version 0.1.0\n"


def test_a_site_is_made_with_rules_templates_and_inbox_and_its_rules_hold(tmp_path: Path):
    said = dunghen("init", tmp_path / "new" / "site")
    site = open_site(tmp_path / "new" / "site")
    assert said.exit_code == 0
    assert site.kind is SiteKind.LIVE
    assert site.inbox_folder.is_dir()
    assert (site.rules / "procedures.csv").is_file()
    assert (site.templates / "email" / "digest.txt.j2").is_file()
    assert data("list", home=site.home) == []
    assert sorted(path.name for path in site.home.iterdir()) == ["data", "dunghen.toml", "rules", "templates"]


def test_a_folder_that_is_a_site_already_is_left_alone(tmp_path: Path):
    site_in(tmp_path)
    refused = dunghen("init", tmp_path)
    assert refused.exit_code == 1
    assert "is a site already" in refused.stderr


def test_an_interrupted_init_leaves_no_site_and_may_be_repeated(tmp_path: Path):
    folder = tmp_path / "site"
    with started("init", folder) as making:
        until((folder / ".dunghen-init" / "rules").is_dir, "the rules are being copied")
        making.kill()
    assert not (folder / "dunghen.toml").exists()
    assert "is not a site" in dunghen("list", home=folder).stderr
    assert dunghen("init", "--replay", folder).exit_code == 0
    assert open_site(folder).kind is SiteKind.REPLAY
    assert data("list", home=folder) == []
    assert not (folder / ".dunghen-init").exists()


def test_what_lies_in_the_folder_already_is_kept(tmp_path: Path):
    (tmp_path / "data" / "inbox").mkdir(parents=True)
    export = listing(tmp_path / "data" / "inbox" / "x.csv", ROW)
    assert dunghen("init", tmp_path).exit_code == 0
    assert export.exists()
    assert data("list", home=tmp_path) == []


def test_the_site_is_the_option_else_the_environment_else_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    named, of_environment, here = (site_in(tmp_path / name).home for name in ("named", "env", "here"))
    for number, home in enumerate((named, of_environment, here), start=1):
        rows = [f"H37.12-261120-000{place} | 20/11/2026 09:00 | 26/11/2026 17:00 | Mới" for place in range(number)]
        dunghen("import", listing(tmp_path / f"{number}.csv", rows), home=home)
    monkeypatch.chdir(here)
    assert len(data("list")) == 3
    monkeypatch.setenv("DUNGHEN_HOME", str(of_environment))
    assert len(data("list")) == 2
    assert len(data("list", home=named)) == 1


@pytest.mark.parametrize(
    "configuration",
    [
        "[site",
        "[site]\nkind = 'lively'",
        "[mail]\nport = 'x'",
        "[inbox]\npoll_seconds = true",
        "[postbox]\n",
        "[mail]\ndelivery = 'smtp'",
        "[database]\nurl = 'mysql://x'",
        "[database]\nurl = 'sqlite:////proc/none/monitor.db'",
        "[database]\nurl_file = 'none'",
        "\x00\xff",
    ],
)
@pytest.mark.parametrize("words", [("list",), ("doctor",), ("run",)], ids=" ".join)
def test_a_wrong_configuration_is_a_line_and_never_a_traceback(
    tmp_path: Path, configuration: str, words: tuple[str, ...]
):
    (tmp_path / "dunghen.toml").write_bytes(configuration.encode("latin-1"))
    refused = dunghen(*words, home=tmp_path)
    assert refused.exit_code in (1, 3), refused.output
    assert isinstance(refused.exception, SystemExit)
    assert len(refused.output.strip().splitlines()) == 1


def test_a_folder_where_a_file_should_be_is_a_line(tmp_path: Path):
    site = site_in(tmp_path / "site")
    (site.home / "dunghen.toml").unlink()
    (site.home / "dunghen.toml").mkdir()
    for words in (("list",), ("backup", tmp_path / "b.db"), ("rules", "accept", "--reason", "x")):
        refused = dunghen(*words, home=site.home)
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1), refused.output


def test_init_where_nobody_may_write_is_a_line(tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    command = as_nobody([sys.executable, "-m", "monitor", "init", str(closed / "site")])
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("dunghen: ")
    assert ended.stderr.count("\n") == 1


def test_a_backup_brings_everything_back(tmp_path: Path):
    home = site_in(tmp_path / "site").home
    dunghen("import", listing(tmp_path / "one.csv", ROW), home=home)
    before = data("list", home=home)
    assert dunghen("backup", tmp_path / "kept.db", home=home).exit_code == 0
    assert dunghen("backup", tmp_path / "kept.db", home=home).exit_code == 1  # never over another file
    more = [*ROW, "H37.12-261120-0004 | 20/11/2026 09:00 | 26/11/2026 17:00 | Mới"]
    dunghen("import", listing(tmp_path / "two.csv", more, "23/11/2026 07:06"), home=home)
    assert dunghen("restore", tmp_path / "kept.db", home=home, typed="n\n").exit_code == 1
    assert len(data("list", home=home)) == 2
    restored = dunghen("restore", tmp_path / "kept.db", "--yes", home=home)
    assert restored.exit_code == 0, restored.output
    assert data("list", home=home) == before
    assert len(list((home / "data").glob("monitor-replaced-*.db"))) == 1


def test_nothing_is_written_into_a_folder_that_somebody_mistyped(tmp_path: Path):
    home, mistyped = site_in(tmp_path / "site").home, tmp_path / "bakcup"
    for words in (("backup", mistyped / "kept.db"), ("service", "install", "--unit", mistyped / "x.service")):
        refused = dunghen(*words, home=home)
        assert refused.exit_code == 1
        assert refused.stderr == f"dunghen: {mistyped} is not a folder: make it first, or correct the name\n"
        assert not mistyped.exists()


def test_a_foreign_file_is_not_restored(tmp_path: Path):
    home = site_in(tmp_path / "site").home
    (tmp_path / "kept.db").write_bytes(b"no database")
    refused = dunghen("restore", tmp_path / "kept.db", "--yes", home=home)
    assert refused.exit_code == 1
    assert "is not a backup that can be restored" in refused.stderr
    assert data("list", home=home) == []


def test_while_a_daemon_runs_nothing_is_restored_and_a_second_one_ends_with_75(tmp_path: Path):
    home = site_in(tmp_path / "site").home
    dunghen("backup", tmp_path / "kept.db", home=home)
    with started("run", home=home) as daemon:
        assert daemon.stderr is not None
        assert any('"action": "start"' in line for line in iter(daemon.stderr.readline, ""))
        refused = dunghen("restore", tmp_path / "kept.db", "--yes", home=home)
        assert refused.exit_code == 1
        assert "the daemon is running" in refused.stderr
        with started("run", home=home) as second:
            assert second.stderr is not None
            assert "dunghen: another daemon is running on this site" in second.stderr.readlines()[-1]
        assert second.returncode == 75
        daemon.send_signal(signal.SIGTERM)
        assert json.loads(daemon.stderr.readlines()[-1])["action"] == "stop"
    assert daemon.returncode == 0


def test_the_unit_starts_this_program_on_this_site(tmp_path: Path):
    home = site_in(tmp_path / "Sở 100 %").home
    unit = tmp_path / "dunghen.service"
    assert dunghen("service", "install", "--unit", unit, "--user", "bob", home=home).exit_code == 0
    told = configparser.RawConfigParser(strict=True)
    told.optionxform = str  # type: ignore[method-assign,assignment]
    told.read(unit, encoding="utf-8")
    assert set(told.sections()) == {"Unit", "Service", "Install"}
    service = told["Service"]
    assert service["User"] == "bob"
    assert service["RestartPreventExitStatus"] == "75"
    words = [word.replace("%%", "%") for word in shlex.split(service["ExecStart"])]
    assert words == [sys.executable, "-m", "monitor", "--home", str(home), "run"]
    assert dunghen("service", "install", "--unit", tmp_path / "no" / "x", home=home).exit_code == 1


def test_the_wheel_carries_rules_and_templates_into_an_empty_folder(tmp_path: Path):
    source = tmp_path / "source"
    for name in ("monitor", "rules", "templates", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        one = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(one, source / name, ignore=ignored) if one.is_dir() else shutil.copy(one, source / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheels = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, source]
    subprocess.run([*pip, *wheels], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    subprocess.run([*pip, "install", "--no-deps", "--target", installed, wheel], check=True, capture_output=True)
    empty.mkdir()
    export = SAMPLES / "theo-doi-ho-so-20261123-0705.xlsx"
    story = ("init --replay .", f"import {shlex.quote(str(export))}", "sweep --now 2026-11-23T08:00", "rules check")
    script = " && ".join(f"{shlex.quote(sys.executable)} -m monitor {words}" for words in story)
    environment = os.environ | {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    ended = subprocess.run(["sh", "-c", script], cwd=empty, env=environment, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert "256 dòng" in ended.stdout
    assert "looked_at: 249" in ended.stdout
    assert f"{Path('rules')}: no problems" in ended.stdout


def test_the_doctor_reads_only(tmp_path: Path):
    home = site_in(tmp_path / "site", SiteKind.LIVE).home
    database = home / "data" / "monitor.db"
    before = (hashlib.sha256(database.read_bytes()).hexdigest(), database.stat().st_mtime_ns)
    files = sorted(home.rglob("*"))
    found = data("doctor", home=home, exit_code=3)
    assert {"subject", "ok", "said"} == set(found[0])
    assert [one["subject"] for one in found if one["ok"]][:2] == ["Cơ sở dữ liệu", "Quy định"]
    assert {"Con người", "Dịch vụ", "Số liệu"} <= {one["subject"] for one in found if not one["ok"]}
    assert "chưa nhập tệp nào" in next(one["said"] for one in found if one["subject"] == "Số liệu")
    assert (hashlib.sha256(database.read_bytes()).hexdigest(), database.stat().st_mtime_ns) == before
    assert sorted(home.rglob("*")) == files


def test_the_doctor_counts_the_mail_in_the_words_of_the_staff(tmp_path: Path):
    home = site_in(tmp_path / "site").home
    dunghen("import", listing(tmp_path / "one.csv", ROW), home=home)
    with opened(home) as site:
        mail = Documents(site.site.templates), Postmark(sender="dung-hen@stc.example")
        assert compose_digests(site.store, site.rules, *mail, now=MONDAY_MORNING) == 4  # two desks, office, IT
    said = {one["subject"]: one["said"] for one in data("doctor", home=home, exit_code=3)}
    assert said["Thư đi"] == "4 chờ gửi"
    assert said["Dịch vụ"] == "không cần ở nơi chạy lại ngày cũ"


def test_the_doctor_says_what_is_missing_or_broken_and_makes_nothing(tmp_path: Path):
    home = site_in(tmp_path / "site").home
    (home / "rules" / "hours.toml").write_text("[[work", encoding="utf-8")
    assert any("bản đang hiệu lực vẫn dùng" in one["said"] for one in data("doctor", home=home, exit_code=3))
    (home / "data" / "monitor.db").write_bytes(b"x" * 5000)
    assert data("doctor", home=home, exit_code=3)[0]["ok"] is False
    (home / "data" / "monitor.db").unlink()
    assert [one["ok"] for one in data("doctor", home=home, exit_code=3)] == [False]
    assert not (home / "data" / "monitor.db").exists()
