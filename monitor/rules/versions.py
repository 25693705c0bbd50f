"""Short names for what a rule says, so that a deadline can tell by which rules it was counted."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from hashlib import sha256
from typing import Any

DIGITS = 16


def version_of(*parts: object) -> str:
    """The same for the same content on every machine: the start of the SHA-256 of its canonical JSON."""
    written = json.dumps(parts, default=_plain, ensure_ascii=False, sort_keys=True)
    return sha256(written.encode()).hexdigest()[:DIGITS]


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return sorted(value.items())
    return str(value)  # dates and times
