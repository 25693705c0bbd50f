"""How long one apology takes as PDF once the program is warm: the office prints them in the morning, a hundred at most.

Run it with the project's interpreter: .venv/bin/python benchmarks/letters.py
"""

import platform
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from monitor.documents import Documents, samples  # noqa: E402  # found beside the benchmark, installed or not

LETTER = replace(samples.LETTER, is_sample=False)
LETTERS = 100
LIMIT_MS = 25.0


def main() -> int:
    """Prints a hundred different letters and compares the median with the limit."""
    documents = Documents(ROOT / "templates")
    began = perf_counter()
    documents.letter_pdf(LETTER, printed_on=samples.MORNING)
    first = perf_counter() - began
    wall, size = [], 0
    for number in range(LETTERS):
        content = replace(LETTER, dossier_code=f"MẪU-261118-{number:04}", recipient=f"Ông Nguyễn Văn Mẫu {number}")
        printed_on = samples.MORNING + timedelta(seconds=number)
        began = perf_counter()
        size += len(documents.letter_pdf(content, printed_on=printed_on))
        wall.append((perf_counter() - began) * 1000)
    warm = median(wall)
    machine = f"Python {platform.python_version()}, {platform.machine()}"
    print(f"{machine}: {LETTERS} letters of {size / LETTERS / 1024:.0f} KiB")
    print(f"first letter, with the child process started and fonts and templates read: {first * 1000:.0f} ms")
    print(f"warm letter, median: {warm:.1f} ms; slowest: {max(wall):.1f} ms")
    print(f"limit: {LIMIT_MS:.0f} ms, {'kept' if warm <= LIMIT_MS else 'MISSED'}")
    return 0 if warm <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
