"""Write the sample files: python -m monitor.samples --as-of 2026-11-23 --out data/samples."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from monitor.errors import MonitorError
from monitor.rules import load_rules
from monitor.samples import SEED, make_samples, write_samples


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the samples and say which files were written."""
    asked = _parser().parse_args(arguments)
    try:
        rules = load_rules(asked.rules)
    except MonitorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    clock = rules.calendar.clock
    if not (clock.first <= asked.as_of <= clock.last and clock.is_working_day(asked.as_of)):
        sys.stderr.write(f"--as-of {asked.as_of} is no working day of the calendar: take the working day before it\n")
        return 1
    samples = make_samples(rules, as_of=asked.as_of, seed=asked.seed)
    for path in write_samples(samples, asked.out):
        sys.stdout.write(f"{path}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m monitor.samples", description=__doc__)
    parser.add_argument(
        "--as-of", type=date.fromisoformat, required=True, help="the morning, a working day: YYYY-MM-DD"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument(
        "--seed", type=int, default=SEED, help="another seed makes other dossiers (default: %(default)s)"
    )
    parser.add_argument("--rules", type=Path, default=Path("rules"), help="the rules folder (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
