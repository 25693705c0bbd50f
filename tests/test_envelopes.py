"""What people are told, by whom it is read, and that it is written once whatever happens in between."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from office import CODE, DESK, HEAD, OFFICER, many, row, take, write_list, write_portal
from official import at, rules

from monitor.documents import Documents
from monitor.envelopes import Postmark, compose_digests, compose_overdue, digest_is_due
from monitor.outbox import Attempt, MessageKind, OutboxMessage, OutboxState, Outcome
from monitor.rules import RuleBook
from monitor.sending import LEASE
from monitor.store import Store, open_store
from monitor.sweep import sweep

ROOT = Path(__file__).parent.parent
DOCUMENTS = Documents(ROOT / "templates")
POSTMARK = Postmark(sender="dung-hen@stc.example")
OFFICE, IT = "bx-nhat-quang", "ld-anh-tuan"
EXPORTED, NOW = "Mon 2026-11-23 07:05", "Mon 2026-11-23 07:15"
LATE = {"received": "16/11/2026 09:00", "appointment": "19/11/2026 17:00"}  # due Thu 2026-11-19
DONE = {"finished": "23/11/2026 07:20", "status": "Đã xử lý xong"}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def tell(store: Store, folder: Path, rows: list, *, exported: str = EXPORTED, now: str = NOW) -> None:
    """A list comes in and is swept."""
    take(store, write_list(folder, exported, rows), now)
    sweep(store, rules(), now=at(now))


def digests(store: Store, now: str = NOW, book: RuleBook | None = None, **how: tuple[datetime, datetime]) -> int:
    return compose_digests(store, book or rules(), DOCUMENTS, POSTMARK, now=at(now), **how)


def overdue(store: Store, now: str = NOW, book: RuleBook | None = None) -> int:
    return compose_overdue(store, book or rules(), DOCUMENTS, POSTMARK, now=at(now))


def waiting(store: Store, kind: MessageKind) -> dict[str, OutboxMessage]:
    found = [one for one in store.messages([OutboxState.PENDING], limit=1000) if one.kind is kind]
    assert len({one.person for one in found}) == len(found), "one message a person"
    return {one.person: one for one in found}


def text(message: OutboxMessage) -> str:
    body = message_from_bytes(message.content, policy=policy.SMTP).get_body(("plain",))
    return " ".join(body.get_content().split())


def codes(message: OutboxMessage) -> list[str]:
    return sorted(set(re.findall(r"H37\.12-\d{6}-\d{4}", text(message))))


def run_and_kill(body: str, database_url: str) -> None:
    """A process that does `body` and is killed in the middle."""
    program = f"""
        import os, signal, sys
        sys.path[:0] = {[str(ROOT / "tests"), str(ROOT)]!r}
        from test_envelopes import *
        class Mortal(Store):
            messages_queued = 0
            def queue_message(self, *args, **how):
                if self.messages_queued == 2:
                    os.kill(os.getpid(), signal.SIGKILL)
                Mortal.messages_queued += 1
                return super().queue_message(*args, **how)
        with open_store({database_url!r}) as opened:
            store = Mortal(opened._database)
    """
    program = textwrap.dedent(program) + textwrap.indent(body, "    ")
    ended = subprocess.run([sys.executable, "-c", program], check=False, env=os.environ)
    assert ended.returncode == -signal.SIGKILL


class TestDigest:
    def test_it_is_composed_once_a_person_and_day(self, store: Store, tmp_path: Path):
        tell(store, tmp_path, many(2, appointment="23/11/2026 17:00"))
        first = digests(store)
        assert first == len(waiting(store, MessageKind.DIGEST)) == 6  # the officer, the head, two desks, office, IT
        assert digests(store) == digests(store, "Mon 2026-11-23 11:00") == 0
        assert digests(store, "Wed 2026-11-25 07:15") > 0

    def test_a_kill_between_two_people_costs_nobody_the_mail_and_gives_nobody_two(
        self, database_url: str, tmp_path: Path
    ):
        with open_store(database_url) as store:
            tell(store, tmp_path, many(2, appointment="23/11/2026 17:00"))
        run_and_kill("digests(store)", database_url)
        with open_store(database_url) as store:
            assert len(waiting(store, MessageKind.DIGEST)) == 2
            assert digests(store, "Mon 2026-11-23 07:16") == 4
            assert len(waiting(store, MessageKind.DIGEST)) == 6

    def test_two_processes_at_once_write_one_digest_a_person(self, database_url: str, tmp_path: Path):
        with open_store(database_url) as store:
            tell(store, tmp_path, [*many(2, appointment="23/11/2026 17:00"), row("H37.12-261116-0001", **LATE)])
        program = (
            f"import sys; sys.path[:0] = {[str(ROOT / 'tests'), str(ROOT)]!r}\nfrom test_envelopes import *\n"
            f"store = open_store({database_url!r}); rules(); print('ready', flush=True); sys.stdin.readline()\n"
            "print(digests(store) + overdue(store))"
        )
        pipe = subprocess.PIPE
        both = [subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
        for one in both:
            assert one.stdout.readline() == "ready\n"
        for one in both:
            one.stdin.write("go\n")
            one.stdin.flush()
        assert sum(int(one.communicate()[0]) for one in both) == 10
        with open_store(database_url) as store:
            assert len(waiting(store, MessageKind.DIGEST)) == 6
            assert set(waiting(store, MessageKind.OVERDUE)) == {OFFICER, HEAD, *DESK}

    def test_new_is_said_only_the_first_time_of_a_step(self, store: Store, tmp_path: Path):
        """Due today on Mon 2026-11-23; from Wed 25/11 past due, and the data too old to know more."""
        tell(store, tmp_path, [row(appointment="23/11/2026 17:00")])
        says_new = {}
        for moment in (NOW, "Wed 2026-11-25 07:15", "Thu 2026-11-26 07:15"):
            sweep(store, rules(), now=at(moment))
            digests(store, moment)
            mail = waiting(store, MessageKind.DIGEST)[OFFICER]
            assert codes(mail) == [CODE]
            says_new[moment] = "[MỚI]" in text(mail)
        assert list(says_new.values()) == [True, True, False]

    def test_everybody_sees_what_is_theirs_and_the_director_nothing(self, store: Store, tmp_path: Path):
        today, near = "H37.12-261120-0001", "H37.12-261120-0002"
        late, odd = "H37.12-261120-0003", "H37.12-261120-0004"
        rows = [
            row(today, appointment="23/11/2026 17:00"),
            row(near, appointment="25/11/2026 17:00"),
            row(late, **LATE),
            row(odd, appointment="", procedure_code="", procedure="Việc lạ"),
        ]
        tell(store, tmp_path, [*rows, row("H37.12-261120-0006")])
        digests(store)
        read = {person: codes(one) for person, one in waiting(store, MessageKind.DIGEST).items()}
        assert read == {
            OFFICER: [today, near, late],
            HEAD: [late],
            DESK[0]: [late, odd],
            DESK[1]: [late, odd],
            OFFICE: [],
            IT: [],
        }
        assert "[MỚI]" not in text(waiting(store, MessageKind.DIGEST)[DESK[0]]), "overdue is told in a mail of its own"

    @pytest.mark.parametrize(("officers", "told"), [(1, []), (2, [CODE, "H37.12-261120-0002"])])
    def test_the_head_hears_of_the_due_day_when_two_of_the_division_are_due(
        self, store: Store, tmp_path: Path, officers: int, told: list[str]
    ):
        names = ["Nguyễn Ngọc Hồng Ánh", "Lương Viết Hoàng Long"]
        due = {"appointment": "23/11/2026 17:00"}
        rows = [row(f"H37.12-261120-{n + 1:04}", officer=names[n], **due) for n in range(officers)]
        elsewhere = row("H37.12-261120-0009", officer="", procedure_code="1.009645", **due)  # another division's
        tell(store, tmp_path, [*rows, elsewhere])
        digests(store)
        of_head = waiting(store, MessageKind.DIGEST).get(HEAD)
        assert (codes(of_head) if of_head else []) == told

    def test_the_applicant_is_named_to_those_who_hold_the_dossier_and_never_in_a_subject(
        self, store: Store, tmp_path: Path
    ):
        tell(store, tmp_path, [row(**LATE, applicant="", submitter="Hoàng Thị Bé Ngoan")])
        digests(store)
        overdue(store)
        for kind in MessageKind:
            mails = waiting(store, kind)
            assert [person for person in mails if "Hoàng T. B. N." in text(mails[person])] == [
                person for person in mails if person in (OFFICER, *DESK)
            ]
            assert all("Bé Ngoan" not in one.content.decode() for one in mails.values())
            assert all("Hoàng" not in one.subject for one in mails.values())

    def test_the_data_are_as_old_as_the_oldest_source_of_the_lines(self, store: Store, tmp_path: Path):
        portal = {"MaHoSo": "H37.12-261120-0009", "TrangThaiHoSo": "4", "NgayTiepNhan": "20261120090000"}
        old = write_portal(tmp_path, "Thu 2026-11-19 16:55", [portal], service="DongBoHoSoMC")
        take(store, old, NOW)
        tell(store, tmp_path, [row(appointment="23/11/2026 17:00")])
        digests(store)
        mails = waiting(store, MessageKind.DIGEST)
        assert "07:05" in text(mails[OFFICER])
        assert "16:55" not in text(mails[OFFICER])
        assert "16:55" in text(mails[IT])

    def test_before_the_first_data_nobody_is_told_that_nothing_needs_a_reminder(self, store: Store, tmp_path: Path):
        assert digests(store) == 0
        assert store.messages() == []
        tell(store, tmp_path, [row()])
        assert digests(store) == 4  # two desks, office, IT; the same morning, once there is something to speak of

    def test_an_outage_is_told_in_it(self, store: Store, tmp_path: Path):
        tell(store, tmp_path, [row()])
        digests(store, down=(at("Fri 2026-11-20 18:00"), at("Mon 2026-11-23 07:00")))
        assert all("18:00" in text(one) for one in waiting(store, MessageKind.DIGEST).values())

    @pytest.mark.parametrize(
        ("moment", "is_due"),
        [
            ("Mon 2026-11-23 07:14", False),
            ("Mon 2026-11-23 07:15", True),
            ("Mon 2026-11-23 17:00", True),
            ("Mon 2026-11-23 17:01", False),
            ("Tue 2026-11-24 07:15", False),  # Vietnam Culture Day
            ("Sat 2026-11-28 07:15", False),
            ("Sat 2026-01-10 07:15", True),  # worked for Fri 2/1
            ("Fri 2026-01-02 07:15", False),
        ],
    )
    def test_it_leaves_a_quarter_of_an_hour_before_the_work_of_a_working_day(self, moment: str, is_due: bool):
        assert digest_is_due(rules(), now=at(moment)) is is_due

    def test_one_of_an_earlier_day_that_did_not_leave_is_superseded(self, store: Store, tmp_path: Path):
        tell(store, tmp_path, [row(**LATE)])
        for moment in (NOW, "Wed 2026-11-25 07:15", "Thu 2026-11-26 07:15"):
            digests(store, moment)
            days = {one.day for one in waiting(store, MessageKind.DIGEST).values()}
            assert days == {at(moment).date()}
        assert store.outbox_counts() == {OutboxState.PENDING: 6, OutboxState.SUPERSEDED: 12}


class TestOverdueMail:
    def test_a_first_import_with_many_overdue_dossiers_is_one_mail_a_person(self, store: Store, tmp_path: Path):
        tell(store, tmp_path, many(600, **LATE))
        assert overdue(store) == 4
        mails = waiting(store, MessageKind.OVERDUE)
        assert set(mails) == {OFFICER, HEAD, *DESK}
        assert len(codes(mails[OFFICER])) == 600
        assert overdue(store) == 0

    @pytest.mark.parametrize(
        ("now", "leaves"),
        [
            ("Mon 2026-11-23 07:15", "Mon 2026-11-23 07:30"),
            ("Mon 2026-11-23 09:00", "Mon 2026-11-23 09:00"),
            ("Mon 2026-11-23 12:00", "Mon 2026-11-23 13:30"),
            ("Mon 2026-11-23 18:00", "Wed 2026-11-25 07:30"),  # over Vietnam Culture Day
        ],
    )
    def test_it_waits_for_the_next_working_slot_and_a_digest_does_not(
        self, store: Store, tmp_path: Path, now: str, leaves: str
    ):
        tell(store, tmp_path, [row(**LATE)], now=now)
        overdue(store, now)
        digests(store, now)
        assert {one.next_attempt_at for one in waiting(store, MessageKind.OVERDUE).values()} == {at(leaves)}
        assert {one.next_attempt_at for one in waiting(store, MessageKind.DIGEST).values()} == {at(now)}

    def test_what_a_killed_process_decided_is_written_by_the_next_one(self, database_url: str, tmp_path: Path):
        run_and_kill(
            f"take(store, write_list(Path({str(tmp_path)!r}), EXPORTED, [row(**LATE)]), NOW)\n"
            "sweep(store, rules(), now=at(NOW))\noverdue(store)",
            database_url,
        )
        with open_store(database_url) as store:
            sweep(store, rules(), now=at(NOW))
            assert overdue(store) == 2
            assert len(waiting(store, MessageKind.OVERDUE)) == 4
            assert store.notices_without_mail() == []

    def test_one_about_a_dossier_that_was_finished_meanwhile_is_withdrawn(self, store: Store, tmp_path: Path):
        tell(store, tmp_path, [row(**LATE)])
        overdue(store)
        tell(store, tmp_path, [row(**LATE, **DONE)], exported="Mon 2026-11-23 07:25", now="Mon 2026-11-23 07:26")
        assert overdue(store, "Mon 2026-11-23 07:26") == 0
        assert store.outbox_counts() == {OutboxState.WITHDRAWN: 4}

    def test_the_other_dossiers_of_a_withdrawn_mail_are_told_anew(self, store: Store, tmp_path: Path):
        a, b, c = many(3, **LATE)
        tell(store, tmp_path, [a, b])
        overdue(store)
        later = {"exported": "Mon 2026-11-23 07:25", "now": "Mon 2026-11-23 07:26"}
        tell(store, tmp_path, [{**a, **DONE}, b, c], **later)
        assert overdue(store, later["now"]) == 4
        assert codes(waiting(store, MessageKind.OVERDUE)[OFFICER]) == [b["code"], c["code"]]
        assert store.outbox_counts() == {OutboxState.WITHDRAWN: 4, OutboxState.PENDING: 4}
        assert overdue(store, later["now"]) == 0

    def test_one_that_may_have_been_delivered_keeps_its_bytes(self, store: Store, tmp_path: Path):
        tell(store, tmp_path, [row(**LATE)])
        overdue(store)
        at_work = at("Mon 2026-11-23 07:30")
        claimed = store.claim_message("w", now=at_work, lease=LEASE)
        lost = Attempt(outcome=Outcome.UNCERTAIN, detail="answer: lost")
        store.finish_attempt(claimed, lost, OutboxState.PENDING, next_attempt_at=at_work, now=at_work)
        overdue(store, "Wed 2026-11-25 07:30")
        (kept,) = [one for one in waiting(store, MessageKind.OVERDUE).values() if one.uncertain]
        assert (kept.message_id, kept.content) == (claimed.message.message_id, claimed.message.content)

    def test_after_days_without_a_mail_server_there_is_one_mail_a_person(self, store: Store, tmp_path: Path):
        """Told on Mon 23/11, repeated on Wed 25/11; on Thu 26/11 another one is late."""
        first, second = row(**LATE), row("H37.12-261120-0002", appointment="25/11/2026 17:00")
        for moment, rows in (
            (NOW, [first]),
            ("Wed 2026-11-25 07:31", [first]),
            ("Thu 2026-11-26 07:31", [first, second]),
        ):
            tell(store, tmp_path, rows, exported=moment, now=moment)
            overdue(store, moment)
            at_work = at(moment.replace("07:15", "07:31"))
            while claimed := store.claim_message("w", now=at_work, lease=LEASE):
                down = Attempt(outcome=Outcome.TEMPORARY, detail="connect: refused")
                later = at("Fri 2026-11-27 08:00")
                store.finish_attempt(claimed, down, OutboxState.PENDING, next_attempt_at=later, now=at_work)
        mails = waiting(store, MessageKind.OVERDUE)
        assert set(mails) == {OFFICER, HEAD, *DESK}
        assert codes(mails[OFFICER]) == [CODE, "H37.12-261120-0002"]

    def test_a_dossier_with_two_notices_stands_in_the_mail_once(self, store: Store, tmp_path: Path):
        tell(store, tmp_path, [row(**LATE)])
        sweep(store, rules(), now=at("Wed 2026-11-25 07:31"))
        sweep(store, rules(), now=at("Fri 2026-11-27 07:31"))
        assert overdue(store, "Fri 2026-11-27 07:31") == 4
        assert text(waiting(store, MessageKind.OVERDUE)[OFFICER]).count(CODE) == 1
        assert store.notices_without_mail() == []

    def test_a_notice_stands_in_one_message_whoever_else_was_composing(self, store: Store, tmp_path: Path):
        tell(store, tmp_path, many(2, **LATE))
        ids = [one.id for one in store.notices_without_mail() if one.notice.person == OFFICER]
        assert overdue(store) == 4
        message = waiting(store, MessageKind.OVERDUE)[OFFICER]
        another = replace(message, id=None, key="another", message_id="<another@stc.example>")
        assert not store.queue_message(another, notice_ids=ids[:1], rules_version="r", now=at(NOW))
        assert store.outbox_counts() == {OutboxState.PENDING: 4}

    def test_nobody_waits_for_somebody_who_has_left(self, store: Store, tmp_path: Path):
        tell(store, tmp_path, [row(**LATE)])
        people = {name: one for name, one in rules().organisation.staff.items() if name != OFFICER}
        book = replace(rules(), organisation=replace(rules().organisation, staff=people))
        assert overdue(store, book=book) == 3
