"""Mail by SMTP, end to end: a live site of an office with its own people, and a real server on a real socket."""

import asyncio
from email import message_from_bytes, policy
from pathlib import Path

from monitor.outbox import OutboxState
from monitor.site import SiteKind
from tests.command import listing
from tests.running import at_work, clock_at, in_loop, quick_site, soon, with_own_people
from tests.smtp_server import DROP, SmtpServer
from tests.test_daemon import AT_WORK, DUE_TODAY, ON_TRACK, OVERDUE


@in_loop
async def test_every_mail_reaches_the_server_once_with_what_its_reader_needs(tmp_path: Path):
    async with SmtpServer() as server:
        plain = quick_site(tmp_path / "site", SiteKind.LIVE)
        site = await asyncio.to_thread(with_own_people, plain, host="127.0.0.1", port=server.port, security="none")
        listing(site.inbox_folder / "a.csv", [OVERDUE, DUE_TODAY])
        async with at_work(site, clock_at(AT_WORK)) as (_, store):
            await soon(lambda: {one.kind for one in store.messages()} == {"digest", "overdue"}, "both kinds of mail")
            await soon(lambda: set(store.outbox_counts()) == {OutboxState.SENT}, "every mail is sent")
            sent = {one.message_id for one in store.messages()}
        mails = [message_from_bytes(one, policy=policy.default) for one in server.messages]
        assert sorted(mail["Message-ID"] for mail in mails) == sorted(sent)
        assert not [mail for mail in mails if "MẪU" in mail["Subject"]]
        mine = [mail for mail in mails if "nn-hong-anh@so-tai-chinh.dunghen" in mail["To"]]
        bodies = "".join(body.get_content() for mail in mine if (body := mail.get_body(("plain",))) is not None)
        assert "H37.12-261109-0001" in bodies
        assert "H37.12-261116-0002" in bodies
        assert list(site.mail_folder.iterdir()) == []


@in_loop
async def test_a_server_that_hangs_up_loses_nothing_and_the_second_attempt_is_the_same_bytes(tmp_path: Path):
    async with SmtpServer({"dot": [DROP, "250 2.0.0 queued"]}) as server:
        plain = quick_site(tmp_path / "site", SiteKind.LIVE)
        site = await asyncio.to_thread(with_own_people, plain, host="127.0.0.1", port=server.port, security="none")
        listing(site.inbox_folder / "a.csv", [ON_TRACK])
        clock = clock_at(AT_WORK)
        async with at_work(site, clock) as (daemon, store):
            await soon(lambda: [one.uncertain for one in store.messages((OutboxState.PENDING,))] == [1], "one is left")
            (lost,) = store.messages((OutboxState.PENDING,))
            assert lost.next_attempt_at is not None
            clock.set(lost.next_attempt_at)
            daemon.soon("deliver")
            await soon(lambda: set(store.outbox_counts()) == {OutboxState.SENT}, "every mail is sent")
            assert sum(one.uncertain for one in store.messages()) == 1
        assert len(server.messages) == len(set(server.messages)) + 1
