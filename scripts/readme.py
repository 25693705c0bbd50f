"""Write the real output of the README's commands between its markers; --check only says whether it still is.

Run from the project's folder with its environment: .venv/bin/python scripts/readme.py [--check]
"""

import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

from monitor.cli.opening import opened
from monitor.documents import Documents
from monitor.envelopes import Postmark, compose_digests
from monitor.working_time import LOCAL_ZONE

ROOT = Path(__file__).resolve().parent.parent
CODE = "MẪU-H37.12-261117-0008"
OFFICER = "lv-hoang-long"
NOW = "2026-11-23T07:15"
TRIP = (
    ("A site whose clock may be set, and the list that the provincial system exported on Monday 23/11/2026:", (
        "init --replay demo",
        "--home demo import theo-doi-ho-so-20261123-0705.xlsx",
    )),
    ("Every dossier is looked at, as of a quarter past seven that morning:", (f"--home demo sweep --now {NOW}",)),
    ("Why one of them is overdue:", (f"--home demo explain {CODE} --now {NOW}",)),
    ("Its officer says \"không kịp\", and the apology is drafted:", (
        f"--home demo letter draft {CODE} --now {NOW} --new-date 2026-11-27 --out thu "
        '--reason "chờ ý kiến thẩm định của Sở Xây dựng"',
    )),
)  # fmt: skip
DUE = 'due --received "2026-11-20 09:00" --limit "3 ngày làm việc"'


def said(arguments: str, folder: Path) -> str:
    """A command and what it prints, as a terminal shows them."""
    program = f"{sys.executable} -m monitor {arguments}"
    done = subprocess.run(program, shell=True, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S602 - our own words
    return f"$ dunghen {arguments}\n{done.stdout.rstrip()}"


def trip(folder: Path) -> str:
    """All commands of the trip with their output."""
    shutil.copy(ROOT / "data/samples/theo-doi-ho-so-20261123-0705.xlsx", folder)
    parts = []
    for words, commands in TRIP:
        output = "\n".join(said(command, folder) for command in commands)
        parts.append(f"{words}\n\n```console\n{output}\n```")
    mail = morning_mail(folder / "demo")
    parts.insert(3, f"The beginning of the mail that its officer gets at 07:15:\n\n```text\n{mail}\n```")
    return "\n\n".join(parts)


def morning_mail(site: Path) -> str:
    """The beginning of the mail that the daemon composes at 07:15 for the officer who holds the dossier."""
    with opened(site) as at:
        now = datetime.fromisoformat(NOW).replace(tzinfo=LOCAL_ZONE)
        compose_digests(at.store, at.rules, Documents(at.site.templates), Postmark(sender=at.site.mail.sender), now=now)
        (sent,) = [one for one in at.store.messages(limit=100) if one.person == OFFICER]
    message = message_from_bytes(sent.content, policy=policy.default)
    text = message.get_body(("plain",)).get_content().splitlines()  # type: ignore[union-attr]  # ours has one
    shown = "\n".join(text[: text.index("● ĐẾN HẠN HÔM NAY (2)")]).rstrip()
    return f"To: {message['To']}\nSubject: {message['Subject']}\n\n{shown}\n…"


def filled(text: str, name: str, content: str) -> str:
    """The README with the content between the markers of that name."""
    marked = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    return marked.sub(lambda found: f"{found[1]}{content}\n{found[2]}", text)


def main() -> int:
    """Bring the README up to date, or check it."""
    readme = ROOT / "README.md"
    before = readme.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        now = filled(before, "trip", trip(Path(folder)))
        now = filled(now, "due", f"```console\n{said(DUE, Path(folder))}\n```")
    if "--check" in sys.argv:
        return int(now != before)
    readme.write_text(now, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
