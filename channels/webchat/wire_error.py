"""The errors of the wire: always `{"error": {"code", "message"}}`.

Source: docs/reference/direct-line.md#errors
"""

import math

import orjson
from aiohttp import web


class WireError(Exception):
    """A request is answered with this and nothing else happened.

    Attributes:
        retry_after_s: seconds after which the same request may succeed; None where waiting does not help.
    """

    def __init__(self, status: int, code: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(code)
        self.status = status  # house: status, HTTP has one too
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s

    def response(self) -> web.Response:
        """The answer on the wire."""
        body = orjson.dumps({"error": {"code": self.code, "message": self.message}})
        response = web.Response(status=self.status, body=body, content_type="application/json")
        if self.retry_after_s is not None:
            response.headers["Retry-After"] = str(max(1, math.ceil(self.retry_after_s)))
        return response


def not_authenticated() -> WireError:
    return WireError(401, "Unauthorized", "Send 'Authorization: Bearer <token>'.")


def forbidden() -> WireError:
    return WireError(403, "Forbidden", "This token or secret does not open that.")


def token_expired() -> WireError:
    return WireError(403, "TokenExpired", "The token has expired.")


def no_conversation() -> WireError:
    return WireError(404, "ConversationNotFound", "There is no such conversation.")


def too_often(retry_after_s: float) -> WireError:
    return WireError(429, "TooManyRequests", "Slow down; see Retry-After.", retry_after_s=retry_after_s)


def too_large() -> WireError:
    return WireError(413, "ContentTooLarge", "The body is larger than this endpoint takes.")


def unavailable() -> WireError:
    return WireError(503, "ServiceUnavailable", "Nothing was stored; send it again.", retry_after_s=2)
