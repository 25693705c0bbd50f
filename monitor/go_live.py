"""Trial and live: who is mailed before a person switches the site, and what was late before it was watched."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from monitor.deadline import Deadline
from monitor.dossier import AppointmentCause, Dossier
from monitor.organisation import Organisation, Role, Staff
from monitor.working_time import LOCAL_ZONE


class SiteState(StrEnum):
    """Whether the people who handle dossiers are mailed."""

    TRIAL = "trial"  # chạy thử: Văn phòng Sở and IT alone, with the list of who would have been told
    LIVE = "live"  # chính thức


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldTell:
    """Somebody who is not mailed in a trial, and the dossiers that the mail would have been about."""

    name: str
    title: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoLive:
    """When a site goes live, as a person has decided; the default is a trial without end (practice A9)."""

    state: SiteState = SiteState.TRIAL
    live_from: date | None = None  # the first day on which people are mailed; None: at once
    trial_mail_to: tuple[Role, ...] = (Role.OFFICE, Role.IT)

    def is_trial(self, organisation: Organisation, *, now: datetime) -> bool:
        """Whether mail goes to the few alone on the local day of `now`, an aware instant.

        Invented people are nobody's: of them a site shows what each would get, and no trial is needed.
        """
        if organisation.is_sample:
            return False
        if self.state is SiteState.TRIAL:
            return True
        return self.live_from is not None and now.astimezone(LOCAL_ZONE).date() < self.live_from

    def readers(self, organisation: Organisation) -> tuple[Staff, ...]:
        """Who is mailed in a trial, each once."""
        return tuple(one for role in dict.fromkeys(self.trial_mail_to) for one in organisation.with_role(role))

    def is_backlog(self, dossier: Dossier, deadline: Deadline, *, now: datetime) -> bool:
        """Whether a dossier was overdue or re-appointed before the site went live (tồn đọng trước khi theo dõi).

        Until Văn phòng Sở takes it up it stands in lists and figures, and nothing is sent or drafted about it; what was
        finished in time is none. `now` is an aware instant.
        """
        if self.state is not SiteState.LIVE or self.live_from is None or dossier.is_taken_up:
            return False
        return self._was_overdue(dossier, deadline, now) or self._was_reappointed(dossier)

    def _was_overdue(self, dossier: Dossier, deadline: Deadline, now: datetime) -> bool:
        if deadline.due_on is None or self.live_from is None or deadline.due_on >= self.live_from:
            return False
        end = dossier.finished or dossier.refused or dossier.withdrawn
        return (end.on if end else now.astimezone(LOCAL_ZONE).date()) > deadline.due_on

    def _was_reappointed(self, dossier: Dossier) -> bool:
        assert self.live_from is not None
        moved = AppointmentCause.REAPPOINTMENT
        days = [one.seen_at.astimezone(LOCAL_ZONE).date() for one in dossier.appointments if one.cause is moved]
        return any(on < self.live_from for on in (*days, dossier.letter_on) if on is not None)
