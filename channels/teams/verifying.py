"""Whether a request is Teams' own: everything the SDK's own gate lets through is checked here.

Source: docs/reference/teams.md#who-is-let-in
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from channels.teams.account import WIRE_CHANNEL, TeamsAccount
from channels.teams.keys import SigningKey, SigningKeys
from channels.teams.place import tenants_of

TOKEN_CHARS_MAX = 6_000
LEEWAY_S = 300
KNOWN_MAX = 200
SECONDS_MAX = 10**11
"""Beyond this no instant is meant."""
ALGORITHM = "RS256"
SERVICE_URL = ("serviceurl", "serviceUrl")


@dataclass(frozen=True, slots=True)
class Proved:
    """A token whose signature was right, and by which key: Teams sends the same one for an hour or so.

    Its times, service and channel are checked at each use, and it is nothing once its key is gone.
    """

    kid: str
    key: SigningKey
    claims: Mapping[str, Any]


class NotLetIn(Exception):
    """The request is refused.

    Attributes:
        http_status: 401: it proves nothing. 403: it is genuine, and not for this desk.
        code: stable, for logs and the answer; says nothing that helps to forge one.
    """

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.http_status = status
        self.code = code


class Verifier:
    """Checks one request at a time; what needs no key is checked before a key is asked for."""

    def __init__(self, account: TeamsAccount, keys: SigningKeys, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._keys = keys
        self._clock = clock
        self._known: OrderedDict[str, Proved] = OrderedDict()

    async def claims(self, authorization: str, *, channel: str, service_url: str) -> Mapping[str, Any]:
        """What the token says.

        Args:
            channel, service_url: as the activity states them.

        Raises:
            NotLetIn: the token proves nothing, or is for another channel.
        """
        if self._account.anonymous:
            return {}
        proved = await self._genuine(authorization, service_url)
        if channel != WIRE_CHANNEL or channel not in proved.key.endorsements:
            raise NotLetIn(403, "ChannelNotEndorsed")
        return proved.claims

    def look(self, authorization: str) -> None:
        """What can be said of a token before a body is read: that it proves nothing, or that it may.

        Raises:
            NotLetIn: it proves nothing.
        """
        if not self._account.anonymous:
            token = _token_of(authorization)
            _key_name(token)
            self._check(_unproved(token), None)

    async def genuine(self, authorization: str) -> None:
        """Whether a token is Teams' own, whatever came with it.

        Raises:
            NotLetIn: it proves nothing.
        """
        if not self._account.anonymous:
            await self._genuine(authorization, None)

    async def _genuine(self, authorization: str, service_url: str | None) -> Proved:
        token = _token_of(authorization)
        proved = self._known.get(token)
        self._check(proved.claims if proved else _unproved(token), service_url)
        kid = proved.kid if proved else _key_name(token)
        key = await self._keys.find(kid)
        if key is None:
            raise NotLetIn(401, "UnknownKey")
        if proved is None or proved.key is not key:
            proved = self._remember(token, Proved(kid, key, self._proved(token, key.key)))
            self._check(proved.claims, service_url)
        return proved

    def admit(self, document: Mapping[str, Any]) -> None:
        """A genuine activity: is it from a company this desk answers, by way of a host it answers to?

        Raises:
            NotLetIn: no.
        """
        service_url = str(document.get("serviceUrl") or "")
        if not self._account.may_call(service_url):
            raise NotLetIn(403, "ServiceNotAllowed")
        if document.get("channelId") != WIRE_CHANNEL:
            raise NotLetIn(403, "ChannelNotAllowed")
        tenants = tenants_of(document)
        if not tenants and not (self._account.anonymous and not self._account.tenants):
            raise NotLetIn(403, "TenantNotStated")
        if not all(map(self._account.allows, tenants)):
            raise NotLetIn(403, "TenantNotAllowed")

    def _remember(self, token: str, proved: Proved) -> Proved:
        self._known[token] = proved
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return proved

    def _proved(self, token: str, key: Any) -> Mapping[str, Any]:
        account = self._account
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=account.app_id,
                issuer=account.issuer,
                # The times are compared with the desk's clock, which is passed in, not with the library's own.
                options={
                    "require": ["exp", "iss", "aud"],
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidSignatureError as error:
            raise NotLetIn(401, "SignatureWrong") from error
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise NotLetIn(401, "TokenInvalid") from error
        return claims

    def _check(self, claims: Mapping[str, Any], service_url: str | None) -> None:
        now = self._clock().timestamp()
        if claims.get("iss") != self._account.issuer:
            raise NotLetIn(401, "IssuerWrong")
        if claims.get("aud") != self._account.app_id:
            raise NotLetIn(401, "AudienceWrong")
        expires, begins = _seconds(claims.get("exp")), _seconds(claims.get("nbf", 0))
        if expires is None or now >= expires + LEEWAY_S:
            raise NotLetIn(401, "TokenExpired")
        if begins is None or now < begins - LEEWAY_S:
            raise NotLetIn(401, "TokenNotYetValid")
        if service_url is None:
            return
        stated = next((claims[name] for name in SERVICE_URL if name in claims), None)
        if not isinstance(stated, str) or not stated or stated != service_url:
            raise NotLetIn(401, "ServiceUrlDiffers")


def _token_of(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > TOKEN_CHARS_MAX or not token.isascii():
        raise NotLetIn(401, "BearerMissing")
    return token


def _key_name(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise NotLetIn(401, "TokenInvalid") from error
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or "crit" in header or not isinstance(kid, str) or not kid:
        raise NotLetIn(401, "TokenInvalid")
    return kid


def _unproved(token: str) -> Mapping[str, Any]:
    """What the token claims, believed for nothing but to refuse it."""
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise NotLetIn(401, "TokenInvalid") from error
    return claims


def _seconds(value: Any) -> float | None:
    """A NumericDate; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < SECONDS_MAX:
        return None
    return float(value)
