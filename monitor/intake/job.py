"""What the reading process is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from monitor.intake.batch import ReadLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file, the rule of its source, and what is known of its dossiers already."""

    path: str
    file_name: str
    rule: Mapping[str, Any]  # the fields of a SourceRule, in mappings that can be pickled
    zone: tzinfo
    now: datetime
    known: Mapping[str, bytes]
    batch_size: int
    limits: ReadLimits
