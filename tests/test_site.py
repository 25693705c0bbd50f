"""A site's configuration says what the office means, or is refused with the setting and what to do."""

from pathlib import Path

import pytest

from monitor.site import CONFIGURATION, Site, SiteError, SiteKind, open_site


def site(folder: Path, text: str) -> Site:
    (folder / CONFIGURATION).write_text(text, "utf-8")
    return open_site(folder)


def test_an_empty_configuration_is_a_live_site_on_sqlite_that_writes_mail_into_its_folder(tmp_path: Path):
    one = site(tmp_path, "")
    assert (one.kind, one.mail.delivery, one.may_set_clock) == (SiteKind.LIVE, "folder", False)
    assert one.absolute_database_url == f"sqlite:///{tmp_path}/data/monitor.db"
    assert (one.inbox_folder, one.mail_folder) == (tmp_path / "data/inbox", tmp_path / "data/mail")


def test_everything_that_is_configured_is_taken(tmp_path: Path):
    one = site(
        tmp_path,
        '[site]\nkind = "live"\n[inbox]\npoll_seconds = 5\nstable_seconds = 0\n'
        '[mail]\ndelivery = "smtp"\nhost = "mail.stc.example"\nport = 465\nsecurity = "tls"\nusername = "dunghen"\n',
    )
    assert (one.inbox.poll_seconds, one.inbox.stable_seconds) == (5, 0)
    assert (one.mail.host, one.mail.port, one.mail.security) == ("mail.stc.example", 465, "tls")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[mial]\nport = 25\n", "mial is not known; known are the sections site, database, mail, inbox"),
        ("port = 25\n", "port is not known"),
        ("[[mail]]\nport = 25\n", "mail is not known"),
        ("[mail]\nprot = 25\n", r"mail\.prot is not known; known are delivery, sender"),
        ('[mail]\nport = "25"\n', r"mail\.port = '25' should be of type int"),
        ("[mail]\nport = true\n", r"mail\.port = True should be of type int"),
        ("[mail]\nport = 0\n", r"mail\.port is from 1 to 65535"),
        ("[inbox]\npoll_seconds = 0\n", r"inbox\.poll_seconds 1 or more"),
        ("[inbox]\nstable_seconds = -1\n", "stable_seconds 0 or more"),
        ("[mail]\nhost = 1\n", r"mail\.host = 1 should be of type str"),
        ('[site]\nkind = "real"\n', r"site\.kind = 'real' is not known; known are live, replay, demo"),
        ('[mail]\ndelivery = "pigeon"\n', r"mail\.delivery = 'pigeon' is not known; known are folder, smtp"),
        ('[mail]\nsecurity = "ssl"\n', r"mail\.security = 'ssl' is not known"),
        ('[mail]\ndelivery = "smtp"\n', r"needs mail\.host"),
        ("[mail\n", "correct that line"),
        ('[database]\nurl = "sqlite:///a"\nurl_file = "b"\n', "keep one of them"),
        ('[database]\nurl_file = "nowhere"\n', r"database\.url_file .*nowhere cannot be read: No such file"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_setting(tmp_path: Path, text: str, cause: str):
    with pytest.raises(SiteError, match=cause) as refused:
        site(tmp_path, text)
    assert str(tmp_path / CONFIGURATION) in str(refused.value)


@pytest.mark.parametrize("kind", ["replay", "demo"])
def test_no_mail_is_sent_from_a_site_whose_clock_may_be_set(tmp_path: Path, kind: str):
    assert site(tmp_path, f'[site]\nkind = "{kind}"\n').may_set_clock
    with pytest.raises(SiteError, match=f"a site of kind {kind} writes mail into its folder only"):
        site(tmp_path, f'[site]\nkind = "{kind}"\n[mail]\ndelivery = "smtp"\nhost = "mail.stc.example"\n')


def test_a_folder_without_a_configuration_is_told_how_to_become_a_site(tmp_path: Path):
    with pytest.raises(SiteError, match=r"is not a site: .* make one with: dunghen init"):
        open_site(tmp_path / "nowhere")


@pytest.mark.parametrize("written", [b"\xff\xfe[", b'[mail]\nhost = "\xe9"\n'])
def test_a_configuration_in_another_encoding_is_refused(tmp_path: Path, written: bytes):
    (tmp_path / CONFIGURATION).write_bytes(written)
    with pytest.raises(SiteError, match="cannot be read"):
        open_site(tmp_path)


def test_the_mark_that_notepad_puts_before_a_text_is_ignored(tmp_path: Path):
    (tmp_path / CONFIGURATION).write_text('[site]\nkind = "replay"\n', "utf-8-sig")
    assert open_site(tmp_path).kind is SiteKind.REPLAY


class TestSecrets:
    """Passwords stand in files of their own, beside the configuration or anywhere else."""

    def test_the_password_is_the_first_line_of_its_file(self, tmp_path: Path):
        (tmp_path / "password").write_text("bí mật \r\nghi chú\n", "utf-8-sig")
        assert site(tmp_path, '[mail]\npassword_file = "password"\n').password() == "bí mật"
        assert site(tmp_path, f'[mail]\npassword_file = "{tmp_path}/password"\n').password() == "bí mật"
        assert site(tmp_path, "").password() is None

    @pytest.mark.parametrize(
        ("content", "cause"),
        [(None, "No such file"), (b"", "is empty"), (b"\n", "is empty"), (b"m\xe3 b\xed m\xe2t", "save it as UTF-8")],
    )
    def test_a_password_file_that_says_nothing_is_refused_and_never_quoted(
        self, tmp_path: Path, content: bytes | None, cause: str
    ):
        if content is not None:
            (tmp_path / "password").write_bytes(content)
        one = site(tmp_path, '[mail]\npassword_file = "password"\n')
        with pytest.raises(SiteError, match=cause) as refused:
            one.password()
        assert "mail.password_file" in str(refused.value)
        assert refused.value.__cause__ is None

    def test_a_database_address_with_a_password_stands_in_a_file(self, tmp_path: Path):
        (tmp_path / "url").write_text("postgresql://dunghen:bi-mat@db/dunghen\n", "utf-8")
        one = site(tmp_path, '[database]\nurl_file = "url"\n')
        assert one.absolute_database_url == "postgresql://dunghen:bi-mat@db/dunghen"


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("sqlite:///data/other.db", "sqlite:///{home}/data/other.db"),
        ("sqlite:///../shared.db", "sqlite:///{parent}/shared.db"),
        ("sqlite:////srv/monitor.db", "sqlite:////srv/monitor.db"),
        ("postgresql://db/dunghen", "postgresql://db/dunghen"),
    ],
)
def test_a_relative_sqlite_path_is_relative_to_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, absolute: str
):
    home = tmp_path / "site"
    home.mkdir()
    monkeypatch.chdir(tmp_path)
    site(home, f'[database]\nurl = "{url}"\n')
    assert open_site(Path("site")).absolute_database_url == absolute.format(home=home, parent=tmp_path)
