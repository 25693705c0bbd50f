"""go_live.toml: whether the site is on trial or live, since when, and who is mailed in a trial.

The file is the office's decision, no law; that the trial ends by a person's act alone is practice A9.
"""

from collections.abc import Mapping
from datetime import date

from monitor.go_live import GoLive, SiteState
from monitor.organisation import Role
from monitor.rules.problems import Problems
from monitor.rules.sections import read_document
from monitor.rules.tables import parse_choice

FILE = "go_live.toml"
_LIVE = """\
# Chính thức từ ngày live_from: thư nhắc việc gửi đến từng người. Tệp này do 'dunghen go-live' ghi.
# Ai quyết định, lúc nào, vì sao: xem lịch sử bộ quy tắc.
state = "live"
live_from = {live_from}
trial_mail_to = [{roles}]
"""


def read_go_live(files: Mapping[str, bytes], problems: Problems) -> GoLive:
    """What the office has decided; without the file the site is on trial, so that losing it mails nobody."""
    usual = GoLive()
    if FILE not in files:
        return usual
    document = read_document(files, FILE, problems)
    if document is None:
        return usual
    state = document.choice("state", SiteState)
    if not document.has("state"):
        document.refuse(None, f"state is missing: write one of {', '.join(SiteState)}")
    live_from = document.day("live_from")
    if live_from is not None and state is SiteState.TRIAL:
        document.refuse("live_from", 'live_from stands beside state = "trial": remove it, or use dunghen go-live')
    readers = document.parsed("trial_mail_to", lambda written: parse_choice(written, Role))
    if not document.texts("trial_mail_to"):
        document.refuse("trial_mail_to", f"trial_mail_to is missing or empty: write some of {', '.join(Role)}")
    document.close()
    return GoLive(state=state or usual.state, live_from=live_from, trial_mail_to=readers or usual.trial_mail_to)


def write_go_live(live_from: date, before: GoLive) -> bytes:
    """The file of a site that goes live on a day; who took the trial's mail stays written."""
    roles = ", ".join(f'"{role}"' for role in before.trial_mail_to)
    return _LIVE.format(live_from=live_from.isoformat(), roles=roles).encode()
