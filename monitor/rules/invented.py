"""What is invented: addresses, telephone numbers and places to fill in that no live office may be left with."""

import re
from collections.abc import Iterator

# RFC 2606 and 6761: addresses of these domains reach nobody.
RESERVED_DOMAINS = ("example.com", "example.net", "example.org", "example", "test", "invalid", "localhost")

_ADDRESS = re.compile(r"[\w.%+-]+@([\w.-]+)")
# The shipped numbers; Lạng Sơn has the code 0205 and no subscriber's number begins with 000.
_SAMPLE_PHONE = re.compile(r"(?<![0-9])(?:0|\+?84)[ .()-]*205[ .()-]*000")
_PLACEHOLDER = re.compile(r"\(ghi\b", re.IGNORECASE)


def is_reserved(email: str) -> bool:
    """Whether an e-mail address lies under a domain that is kept for examples."""
    domain = email.lower().rpartition("@")[2].rstrip(".")
    return any(domain == reserved or domain.endswith(f".{reserved}") for reserved in RESERVED_DOMAINS)


def invented_in(text: str) -> Iterator[str]:
    """What of a text is invented, one saying for each thing."""
    for address in _ADDRESS.finditer(text):
        if is_reserved(address[0]):
            yield f"holds an address of a domain kept for examples ({address[1]})"
    if _SAMPLE_PHONE.search(text):
        yield "holds a telephone number of the sample (0205 000 …)"
    if _PLACEHOLDER.search(text):
        yield "only says what to fill in"
