"""Message-IDs, which others compare byte by byte."""

import re

from channels.email.reading.limits import IDS_MAX

ID = re.compile(r"<\s*([^<>\s]{1,300})\s*>")


def message_ids(value: str) -> tuple[str, ...]:
    """Every id in a header, without its brackets; of a long thread the first and the last ones."""
    found = tuple(dict.fromkeys(match[1] for match in ID.finditer(value)))
    return found if len(found) <= IDS_MAX else (*found[:1], *found[1 - IDS_MAX :])
