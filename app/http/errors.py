"""What the HTTP side may answer of its own.

Refusal
 +-- NotSignedIn, SignInFailed, TooManyTries, SignInBusy
 +-- CrossSite, UnknownHost, RoleTooLow
 +-- BodyInvalid, BodyNotJson, BodyTypeWrong, BodyTooLarge, BodyTooSlow, BodyBroken
 +-- NoSuchPage, MethodNotAllowed, TooManyStreams, FileNotFound
 +-- KeyReused, AgentElsewhere
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
    """Signing in is paused for this address, asked from this place."""

    code = "http.too_many_tries"
    retry_after_s: int


@dataclass(eq=False)
class SignInBusy(Refusal):
    """More passwords wait to be checked than the machine can check soon."""

    code = "http.sign_in_busy"
    retry_after_s: int


@dataclass(eq=False)
class CrossSite(Refusal):
    """A change was asked for without the page's own token, or by a page of another site."""

    code = "http.cross_site"


@dataclass(eq=False)
class UnknownHost(Refusal):
    """The request was sent to a name this desk does not have: another name was pointed at its address."""

    code = "http.unknown_host"


@dataclass(eq=False)
class RoleTooLow(Refusal):
    """Signed in, but this is for supervisors."""

    code = "http.role_too_low"


@dataclass(eq=False)
class BodyInvalid(Refusal):
    """The body or query is of another shape than the reference says."""

    code = "http.body_invalid"
    errors: Sequence[dict[str, Any]]


@dataclass(eq=False)
class BodyNotJson(Refusal):
    """The body is no JSON document."""

    code = "http.body_not_json"


@dataclass(eq=False)
class BodyTypeWrong(Refusal):
    """The body does not say that it is JSON; a form of another site cannot say so."""

    code = "http.body_type_wrong"


@dataclass(eq=False)
class BodyTooLarge(Refusal):
    """The body is larger than anything this route takes."""

    code = "http.body_too_large"
    bytes_max: int


@dataclass(eq=False)
class BodyTooSlow(Refusal):
    """The body did not arrive in time."""

    code = "http.body_too_slow"
    deadline_s: int


@dataclass(eq=False)
class BodyBroken(Refusal):
    """The body is cut off or wrongly compressed."""

    code = "http.body_broken"


@dataclass(eq=False)
class NoSuchPage(Refusal):
    """Nothing lives at this address."""

    code = "http.no_such_page"


@dataclass(eq=False)
class MethodNotAllowed(Refusal):
    """The address is right, the method is not."""

    code = "http.method_not_allowed"
    allowed: Sequence[str]


@dataclass(eq=False)
class TooManyStreams(Refusal):
    """This session follows the live feed often enough."""

    code = "http.too_many_streams"
    streams_max: int


@dataclass(eq=False)
class FileNotFound(Refusal):
    """The case's conversation has no such file."""

    code = "http.file_not_found"


@dataclass(eq=False)
class KeyReused(Refusal):
    """Other words were said under this key: the client made one key for two things.

    Attributes:
        number: of the case that was opened under it, where a case was to be.
    """

    code = "http.key_reused"
    number: str | None = None


@dataclass(eq=False)
class AgentElsewhere(Refusal):
    """The agent who should get the case does not work for its department."""

    code = "http.agent_elsewhere"
