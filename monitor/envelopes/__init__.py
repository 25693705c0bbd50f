"""What is to be said becomes messages: one a person, recorded before it is sent."""

from monitor.envelopes.digests import DIGESTS_OF, IN_DIGEST, compose_digests, digest_is_due
from monitor.envelopes.overdue import compose_overdue
from monitor.envelopes.room import Postmark
from monitor.envelopes.source_mail import compose_import_reports, compose_late_sources

__all__ = [
    "DIGESTS_OF",
    "IN_DIGEST",
    "Postmark",
    "compose_digests",
    "compose_import_reports",
    "compose_late_sources",
    "compose_overdue",
    "digest_is_due",
]
