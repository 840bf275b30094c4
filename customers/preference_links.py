"""Links by which customers say what they wish without signing in: each good for one purpose, for one person.

A link is made anew wherever it is written and never kept. Nobody can make one up: 128 bits of an HMAC under the
installation's own secret. One to stop never ends, for the mail it stands in does not either.
"""

import base64
import binascii
import hmac
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from customers.errors import LinkInvalid
from customers.preferences import Holder, HolderKind

PREFERENCES_VALID = timedelta(days=90)
SIGNATURE_BYTES = 16
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
KINDS = {HolderKind.CONTACT: b"c", HolderKind.CASE: b"k"}
BODY_BYTES = 1 + 16 + 2
CHARACTERS_MAX = 100


class Purpose(StrEnum):
    """What a link is good for."""

    STOP = "stop"
    PREFERENCES = "preferences"


def issue_link(secret: bytes, purpose: Purpose, holder: Holder, *, at: datetime) -> str:
    """The token of a link; letters, digits, "-" and "_"."""
    day = (at - EPOCH).days.to_bytes(2)
    body = KINDS[holder.kind] + holder.id.bytes + day
    return base64.urlsafe_b64encode(body + _signature(secret, purpose, body)).decode().rstrip("=")


def read_link(secret: bytes, purpose: Purpose, token: str, *, at: datetime) -> Holder:
    """Whose link it is.

    Raises:
        LinkInvalid: made up, of another purpose, or too old; which of them is not told.
    """
    raw = _decoded(token)
    body, signature = raw[:BODY_BYTES], raw[BODY_BYTES:]
    if not hmac.compare_digest(signature, _signature(secret, purpose, body)):
        raise LinkInvalid
    made = EPOCH + timedelta(days=int.from_bytes(body[17:19]))
    if purpose is Purpose.PREFERENCES and at - made > PREFERENCES_VALID + timedelta(days=1):
        raise LinkInvalid
    kind = next(kind for kind, mark in KINDS.items() if mark == body[:1])
    return Holder(kind, UUID(bytes=body[1:17]))


def _decoded(token: str) -> bytes:
    try:
        if len(token) > CHARACTERS_MAX:
            raise LinkInvalid
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise LinkInvalid from error
    if len(raw) != BODY_BYTES + SIGNATURE_BYTES:
        raise LinkInvalid
    return raw


def _signature(secret: bytes, purpose: Purpose, body: bytes) -> bytes:
    return hmac.digest(secret, b"notices|" + str(purpose).encode() + b"|" + body, "sha256")[:SIGNATURE_BYTES]
