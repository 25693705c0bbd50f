"""A site: the folder in which an office runs the monitor, with its configuration, rules, templates and data."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from monitor.errors import MonitorError

CONFIGURATION = "dunghen.toml"


class SiteError(MonitorError):
    """A site that is missing or whose configuration cannot be read."""


class SiteKind(StrEnum):
    """What a site is for."""

    LIVE = "live"
    REPLAY = "replay"  # the clock may be set; mail only into the folder
    DEMO = "demo"  # sample dossiers and a demonstration clock; mail only into the folder


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """How mail leaves: into a folder, or by SMTP; the password stands in a file of its own."""

    delivery: str = "folder"
    sender: str = "dung-hen@so.example"
    reply_to: str | None = None
    host: str = ""
    port: int = 587
    security: str = "starttls"  # starttls | tls | none
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSettings:
    """How the inbox is watched."""

    poll_seconds: int = 20
    stable_seconds: int = 10  # a file is taken when size and time have not changed for so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site's folders and settings."""

    home: Path
    kind: SiteKind = SiteKind.LIVE
    database_url: str = "sqlite:///data/monitor.db"
    mail: MailSettings = MailSettings()
    inbox: InboxSettings = InboxSettings()

    @property
    def rules(self) -> Path:
        """The rules as the office edits them; what is in force stands in the database."""
        return self.home / "rules"

    @property
    def templates(self) -> Path:
        """Texts of mails and letters."""
        return self.home / "templates"

    @property
    def data(self) -> Path:
        """What is made at run time."""
        return self.home / "data"

    @property
    def inbox_folder(self) -> Path:
        """Where exports are dropped."""
        return self.data / "inbox"

    @property
    def mail_folder(self) -> Path:
        """Where mail is written when none is sent."""
        return self.data / "mail"

    @property
    def letters_folder(self) -> Path:
        """Where letters are written unless told otherwise."""
        return self.data / "letters"

    @property
    def absolute_database_url(self) -> str:
        """The database's address; a relative SQLite path is relative to the site."""
        prefix = "sqlite:///"
        if self.database_url.startswith(prefix) and not Path(self.database_url.removeprefix(prefix)).is_absolute():
            return prefix + str((self.home / self.database_url.removeprefix(prefix)).resolve())
        return self.database_url

    @property
    def may_set_clock(self) -> bool:
        """Whether a command that writes takes another time than the clock's (decision 6)."""
        return self.kind is not SiteKind.LIVE

    def password(self) -> str | None:
        """The SMTP password, from its file."""
        if self.mail.password_file is None:
            return None
        return self.secret(self.mail.password_file, f"{self.home / CONFIGURATION}: mail.password_file")

    def secret(self, file: str, setting: str) -> str:
        """The first line of a file of the site; `setting` says in an error where the file is named."""
        return _first_line(self.home / file, setting)


_SECTIONS: dict[str, dict[str, type]] = {
    "site": {"kind": str},
    "database": {"url": str, "url_file": str},
    "mail": {
        "delivery": str,
        "sender": str,
        "reply_to": str,
        "host": str,
        "port": int,
        "security": str,
        "username": str,
        "password_file": str,
        "ca_file": str,
    },
    "inbox": {"poll_seconds": int, "stable_seconds": int},
}


def open_site(home: Path) -> Site:
    """The site in `home`. Raises SiteError when there is none or its configuration says something unknown."""
    path = home / CONFIGURATION
    try:
        text = path.read_text(encoding="utf-8-sig")  # Notepad begins a file with a mark
    except FileNotFoundError:
        raise SiteError(f"{home} is not a site: no {CONFIGURATION} there; make one with: dunghen init {home}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"{path} cannot be read: {error}") from None
    try:
        configured = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{path}: {error}; correct that line") from None
    _refuse_unknown(configured, path)
    return _site_of(home, configured, path)


def _refuse_unknown(configured: dict[str, Any], path: Path) -> None:
    for section, values in configured.items():
        known = _SECTIONS.get(section)
        if known is None or not isinstance(values, dict):
            raise SiteError(f"{path}: {section} is not known; known are the sections {', '.join(_SECTIONS)}")
        for key, value in values.items():
            if key not in known:
                raise SiteError(f"{path}: {section}.{key} is not known; known are {', '.join(known)}")
            if not isinstance(value, known[key]) or isinstance(value, bool):
                raise SiteError(f"{path}: {section}.{key} = {value!r} should be of type {known[key].__name__}")


def _site_of(home: Path, configured: dict[str, Any], path: Path) -> Site:
    kind = configured.get("site", {}).get("kind", SiteKind.LIVE.value)
    mail = MailSettings(**configured.get("mail", {}))
    inbox = InboxSettings(**configured.get("inbox", {}))
    _refuse_unknown_words(kind, mail, path)
    if not (0 < mail.port < 65536 and inbox.poll_seconds > 0 and inbox.stable_seconds >= 0):  # noqa: PLR2004 - TCP's ports
        raise SiteError(f"{path}: mail.port is from 1 to 65535, inbox.poll_seconds 1 or more, stable_seconds 0 or more")
    if mail.delivery == "smtp" and not mail.host:
        raise SiteError(f"{path}: mail.delivery = 'smtp' needs mail.host")
    if mail.delivery == "smtp" and kind != SiteKind.LIVE:
        raise SiteError(f"{path}: a site of kind {kind} writes mail into its folder only; set mail.delivery = 'folder'")
    return Site(
        home=home,
        kind=SiteKind(kind),
        database_url=_database_url(home, configured.get("database", {}), path),
        mail=mail,
        inbox=inbox,
    )


def _refuse_unknown_words(kind: str, mail: MailSettings, path: Path) -> None:
    for key, value, allowed in (
        ("site.kind", kind, tuple(SiteKind)),
        ("mail.delivery", mail.delivery, ("folder", "smtp")),
        ("mail.security", mail.security, ("starttls", "tls", "none")),
    ):
        if value not in allowed:
            raise SiteError(f"{path}: {key} = {value!r} is not known; known are {', '.join(allowed)}")


def _database_url(home: Path, configured: dict[str, str], path: Path) -> str:
    """The address itself, or the first line of a file that holds it when it contains a password."""
    if "url" in configured and "url_file" in configured:
        raise SiteError(f"{path}: database.url and database.url_file are both there; keep one of them")
    if "url_file" in configured:
        return _first_line(home / configured["url_file"], f"{path}: database.url_file")
    return configured.get("url", Site(home=home).database_url)


def _first_line(path: Path, setting: str) -> str:
    """What a file of its own keeps out of the configuration; the file is named in errors, its content never."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise SiteError(f"{setting} {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SiteError(f"{setting} {path} cannot be read: save it as UTF-8 text") from None
    if not lines or not lines[0].strip():
        raise SiteError(f"{setting} {path} is empty: write the value into its first line")
    return lines[0].strip()
