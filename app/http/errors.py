"""What the HTTP side may answer of its own.

Refusal
 +-- NotSignedIn, SignInFailed, TooManyTries, CrossSite
 +-- BodyInvalid, BodyTooLarge, BodyNotJson, NoSuchPage, MethodNotAllowed
 +-- RoleTooLow
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage.refusal import Refusal


@dataclass(eq=False)
class NotSignedIn(Refusal):
    """No session, or one that has ended."""

    code = "http.not_signed_in"


@dataclass(eq=False)
class SignInFailed(Refusal):
    """Address or password is wrong; which of them is not said."""

    code = "http.sign_in_failed"


@dataclass(eq=False)
class TooManyTries(Refusal):
    """Signing in is paused for this address."""

    code = "http.too_many_tries"
    retry_after_s: int


@dataclass(eq=False)
class CrossSite(Refusal):
    """A change was asked for without the page's own token: another site may be behind it."""

    code = "http.cross_site"


@dataclass(eq=False)
class RoleTooLow(Refusal):
    """Signed in, but this is for supervisors."""

    code = "http.role_too_low"


@dataclass(eq=False)
class BodyInvalid(Refusal):
    """The body or query is JSON of another shape than the reference says."""

    code = "http.body_invalid"
    errors: Sequence[dict[str, Any]]


@dataclass(eq=False)
class BodyNotJson(Refusal):
    """The body is no JSON document."""

    code = "http.body_not_json"


@dataclass(eq=False)
class BodyTooLarge(Refusal):
    """The body is larger than anything this route takes."""

    code = "http.body_too_large"
    bytes_max: int


@dataclass(eq=False)
class NoSuchPage(Refusal):
    """Nothing lives at this address."""

    code = "http.no_such_page"


@dataclass(eq=False)
class MethodNotAllowed(Refusal):
    """The address is right, the method is not."""

    code = "http.method_not_allowed"
    allowed: Sequence[str]
