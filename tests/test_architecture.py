"""The tree tells one story, and imports run one way through it."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "monitor"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

WALL_CLOCK = {
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "time.ctime",
    "email.utils.localtime",
    "email.utils.make_msgid",  # puts the time of day into the identifier; a retry must be byte-identical
    "sqlalchemy.func.now",
    "sqlmodel.func.now",
}
RUNNING_CLOCK = {"time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"}
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb"}
OUTSIDE_WORLD = {
    "asyncio",
    "glob",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "shutil",
    "smtplib",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "manager", "managers", "core", "base", "common", "misc"}


def is_source(path: Path) -> bool:
    # Migrations are written by Alembic's pattern and never edited afterwards.
    return not path.is_relative_to(PACKAGE / "store" / "migrations")


SOURCES = {path.relative_to(ROOT).as_posix(): path for path in sorted(PACKAGE.rglob("*.py")) if is_source(path)}


def rooms_of(layer: str) -> list[str]:
    return re.findall(r"\w+", layer)


LAYERS = [rooms_of(layer) for layer in CONTRACTS[0]["layers"]]
EDGES = next(place for place, rooms in enumerate(LAYERS) if "confinement" in rooms)  # the lowest of them
CORE_ROOMS = {room for rooms in LAYERS[EDGES + 1 :] for room in rooms}
CORE = {f"monitor/{room}.py" for room in CORE_ROOMS if (PACKAGE / f"{room}.py").exists()}


def test_import_contracts_are_kept():
    lint_imports = Path(sys.executable).with_name("lint-imports")
    kept = subprocess.run(
        [lint_imports, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert kept.returncode == 0, kept.stdout + kept.stderr


def test_the_contract_names_the_rooms_of_the_trip_in_their_order():
    trip = [
        "cli",
        "daemon",
        "sweep",
        "store",
        "notice",
        "breach",
        "status",
        "deadline",
        "working_time",
        "dossier",
        "errors",
    ]
    assert [room for rooms in LAYERS for room in rooms if room in trip] == trip


def test_every_module_of_the_core_is_kept_from_the_outside_world():
    forbidden = {name.replace(".", "/") + ".py" for name in CONTRACTS[1]["source_modules"]}
    assert forbidden == CORE, "bring source_modules of the second contract in pyproject.toml up to date"


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_core_imports_the_standard_library_and_itself(name: str):
    allowed = sys.stdlib_module_names - OUTSIDE_WORLD
    # numpy is the table behind the clock that counts working time, and nothing else.
    allowed |= {"numpy"} if name == "monitor/working_time.py" else set()
    modules = {imported for imported in imports_of(SOURCES[name]) if not imported.startswith("monitor.")}
    assert {module.split(".")[0] for module in modules} <= allowed
    ours = imports_of(SOURCES[name]) - modules
    assert {module.split(".")[1] for module in ours} <= CORE_ROOMS


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_core_opens_no_file_and_prints_nothing(name: str):
    assert not {"open", "print", "input", "__import__", "eval", "exec"} & set(names_used(SOURCES[name]))


@pytest.mark.parametrize("name", SOURCES)
def test_only_the_command_line_and_the_daemon_read_the_clock_and_the_environment(name: str):
    is_daemon = name == "monitor/daemon.py" or name.startswith("monitor/daemon/")
    is_command = name.startswith("monitor/cli/") or name == "monitor/cli.py"
    refused = RUNNING_CLOCK if not is_daemon else set()
    if not (is_daemon or is_command):
        refused = refused | WALL_CLOCK | ENVIRONMENT
    assert not refused & set(names_used(SOURCES[name]))


@pytest.mark.parametrize("name", SOURCES)
def test_files_have_400_lines_at_most(name: str):
    assert len(SOURCES[name].read_text().splitlines()) <= 400


@pytest.mark.parametrize("name", SOURCES)
def test_functions_have_50_lines_at_most(name: str):
    functions = (n for n in ast.walk(tree_of(SOURCES[name])) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    assert {f.name: length for f in functions if (length := f.end_lineno - f.lineno + 1) > 50} == {}


@pytest.mark.parametrize("name", SOURCES)
def test_modules_are_named_for_what_they_are(name: str):
    assert not set(Path(name).with_suffix("").parts) & NAMES_THAT_SAY_NOTHING


class TestReader:
    """How the tests above see through aliases; they would be worth little if they did not."""

    @pytest.mark.parametrize(
        ("text", "seen"),
        [
            ("import datetime\ndatetime.datetime.now()", "datetime.datetime.now"),
            ("import datetime as dt\ndt.date.today()", "datetime.date.today"),
            ("from datetime import datetime as d\nd.now(tz)", "datetime.datetime.now"),
            ("from time import monotonic\nf(clock=monotonic)", "time.monotonic"),
            ("import time\nclock = time.time", "time.time"),
            ("def f():\n    from os import environ\n    return environ['HOME']", "os.environ"),
            ("import os.path\nos.environ.get('HOME')", "os.environ"),
            ("open('a')", "open"),
        ],
    )
    def test_it_sees(self, tmp_path: Path, text: str, seen: str):
        (tmp_path / "a.py").write_text(text)
        assert seen in set(names_used(tmp_path / "a.py"))

    @pytest.mark.parametrize("text", ["from datetime import time\ntime(7, 30)", "self.clock.now()", "path.open()"])
    def test_it_does_not_mistake_a_time_of_day_or_a_method_for_the_clock(self, tmp_path: Path, text: str):
        (tmp_path / "a.py").write_text(text)
        assert not (WALL_CLOCK | RUNNING_CLOCK | {"open"}) & set(names_used(tmp_path / "a.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def imports_of(path: Path) -> set[str]:
    """Every module imported, wherever in the file; `from monitor import store` counts as monitor.store."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"monitor.{alias.name}" for alias in node.names} if node.module == "monitor" else {node.module}
    return found


def names_used(path: Path) -> Iterator[str]:
    """Every name and attribute the file mentions, aliases undone: `d.now` is datetime.datetime.now whatever d is."""
    tree = tree_of(path)
    meaning = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                meaning[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            meaning |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            first, _, rest = ast.unparse(node).partition(".")
            yield f"{meaning.get(first, first)}.{rest}".rstrip(".")
