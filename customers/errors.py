"""What the customer store may answer instead of doing what was asked.

CustomerError
 +-- ContactNotFound, AccountNotFound
 +-- IdentityInvalid          what was typed cannot be an address, number or id of that kind
 +-- WishesInvalid            somebody wants to be told in a way that there is not
 +-- LinkInvalid              a link that was made up, or whose time is over
 +-- AssuranceTooLow          who speaks has not proved enough for this
 +-- CodeError
 |    +-- TooManyCodes        a limit on sending codes is reached
 |    +-- CodeWrong           not the code; some tries are left
 |    +-- CodeUsedUp          all tries are spent
 |    +-- CodeExpired         no code waits in this conversation (any more)
 +-- IdentityTokenRefused     the host site's token proves nothing
      +-- IdentityTokenReplayed
"""

from dataclasses import dataclass
from uuid import UUID

from storage.refusal import Refusal


class CustomerError(Refusal):
    """A refusal of the customer store."""

    code = "customers.refused"


@dataclass(eq=False)
class ContactNotFound(CustomerError):
    """There is no such contact."""

    code = "customers.contact_not_found"
    contact_id: UUID


@dataclass(eq=False)
class AccountNotFound(CustomerError):
    """There is no such account."""

    code = "customers.account_not_found"
    account: UUID | str


@dataclass(eq=False)
class IdentityInvalid(CustomerError):
    """What was typed cannot be an identity of this kind; whether it exists was not looked at."""

    code = "customers.identity_invalid"
    kind: str


@dataclass(eq=False)
class WishesInvalid(CustomerError):
    """A wish that cannot be kept; `field` is the one that is wrong."""

    code = "customers.wishes_invalid"
    field: str


@dataclass(eq=False)
class LinkInvalid(CustomerError):
    """The link leads nowhere: made up, for another purpose, or too old."""

    code = "customers.link_invalid"


@dataclass(eq=False)
class AssuranceTooLow(CustomerError):
    """This discloses or changes something that asks for more proof than the conversation has."""

    code = "customers.assurance_too_low"
    needed: int
    has: int


class CodeError(CustomerError):
    """A refusal about one-time codes."""

    code = "customers.code_refused"


@dataclass(eq=False)
class TooManyCodes(CodeError):
    """A limit on sending codes is reached; the same for addresses on file and others."""

    code = "customers.too_many_codes"
    retry_after_s: int


@dataclass(eq=False)
class CodeWrong(CodeError):
    """Not the code. The try counts only when the unit of work is committed: catch this inside it."""

    code = "customers.code_wrong"
    tries_left: int


@dataclass(eq=False)
class CodeUsedUp(CodeError):
    """All tries of the code are spent; a new one has to be sent."""

    code = "customers.code_used_up"


@dataclass(eq=False)
class CodeExpired(CodeError):
    """No code waits in this conversation: none was sent, it was used, or its time is over."""

    code = "customers.code_expired"


@dataclass(eq=False)
class IdentityTokenRefused(CustomerError):
    """The token of the host site proves nothing. `reason` is for the developer of the site."""

    code = "customers.identity_token_refused"
    reason: str


@dataclass(eq=False)
class IdentityTokenReplayed(IdentityTokenRefused):
    """The token was used before."""

    code = "customers.identity_token_replayed"
