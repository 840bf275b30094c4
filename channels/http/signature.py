"""The Standard Webhooks scheme (standardwebhooks.com, spec version 1.0.0): HMAC-SHA256 over `id.timestamp.body`.

A request that is sent again within the tolerance has the same id, and the same id is the same activity.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
SECRET_BYTES = range(24, 65)
SIGNATURES_MAX = 10
ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""No dot: with one, two requests could have one text to sign."""
TIMESTAMP = re.compile(r"[0-9]{1,12}")


class SignatureRefused(Exception):
    """Nobody who knows a secret sent this now. `code` is for the developer of the far side."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_secret(written: str) -> bytes:
    """The key behind "whsec_...".

    Raises:
        ValueError: not base64, or not 24 to 64 bytes.
    """
    try:
        key = base64.b64decode(written.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret must be 'whsec_' and base64") from error
    if len(key) not in SECRET_BYTES:
        raise ValueError("a secret must have 24 to 64 bytes")
    return key


def sign(keys: Sequence[bytes], message_id: str, body: bytes, *, at: datetime) -> dict[str, str]:
    """The three headers, with a signature by each key."""
    timestamp = str(int(at.timestamp()))
    signatures = (f"v1,{_signature(key, message_id, timestamp, body)}" for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def check(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, *, at: datetime) -> str:
    """The id of a request that somebody with one of the keys signed within the tolerance.

    Args:
        headers: whose names are found however they are written.

    Raises:
        SignatureRefused: anything else.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not ID.fullmatch(message_id) or not TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefused("HeaderMissing")
    given = headers.get("webhook-signature", "").split(" ")[:SIGNATURES_MAX]
    expected = [_signature(key, message_id, timestamp, body) for key in keys]
    # Every pair is compared: how long it takes says nothing about which was right.
    right = [_same(one, other) for one in given for other in expected]
    if not any(right):
        raise SignatureRefused("SignatureWrong")
    # In seconds: the far side may sign a year that no calendar has.
    if abs(at.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise SignatureRefused("TimestampOutside")
    return message_id


def _same(given: str, expected: str) -> bool:
    version, _, signature = given.partition(",")
    return hmac.compare_digest(signature.encode("utf-8", "surrogateescape"), expected.encode()) and version == "v1"


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
