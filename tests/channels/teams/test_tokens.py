"""S32-S34, R13: who is let in. Bad tokens are 401, foreign companies and services 403, and nothing is ever a 5xx."""

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from channels.teams.keys import FIRST_PAUSE_S, FRESH_S, HOLD_S, PAUSE_S, SigningKeys
from storage.engine import Database
from tests.channels.teams.peer import APP_ID, ISSUER, OTHER_TENANT, Microsoft, Wire, open_wire, rsa_key

pytestmark = pytest.mark.bar
MINUTE = 60


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


Make = Callable[[Wire], str]


def changed(**claims: Any) -> Make:
    """A token that is right but for these claims."""
    return lambda wire: f"Bearer {wire.microsoft.token(wire.microsoft.service_url, at=wire.clock(), **claims)}"


def moved(**seconds: int) -> Make:
    """A token whose times lie elsewhere."""
    return lambda wire: changed(**{name: int(wire.clock().timestamp()) + by for name, by in seconds.items()})(wire)


def handmade(header: Any, claims: Any = None, signature: Any = b"x") -> Make:
    def make(wire: Wire) -> str:
        body = claims if claims is not None else right(wire)
        return f"Bearer {part(header)}.{part(body)}.{part(signature)}"

    return make


def right(wire: Wire) -> dict[str, Any]:
    return jwt.decode(
        wire.microsoft.token(wire.microsoft.service_url, at=wire.clock()), options={"verify_signature": False}
    )


def signed(key: Any, algorithm: str, **headers: Any) -> Make:
    return lambda wire: f"Bearer {jwt.encode(right(wire), key, algorithm=algorithm, headers={'kid': 'one', **headers})}"


def public_key_as_secret(wire: Wire) -> str:
    """The old confusion: the public key taken for a shared secret."""
    numbers = rsa_key(1).public_key().public_numbers()
    secret = str(numbers.n).encode()
    return f"Bearer {jwt.encode(right(wire), secret, algorithm='HS256', headers={'kid': 'one'})}"


def tampered(wire: Wire) -> str:
    token = wire.microsoft.token(wire.microsoft.service_url, at=wire.clock())
    head, _, signature = token.split(".")
    return f"Bearer {head}.{part(right(wire) | {'extra': 1})}.{signature}"


def of(wire: Wire) -> str:
    return wire.microsoft.token(wire.microsoft.service_url, at=wire.clock())


BAD: dict[str, Make] = {
    "nothing": lambda _: "",
    "only the scheme": lambda _: "Bearer",
    "the scheme and a space": lambda _: "Bearer ",
    "garbage": lambda _: "Bearer garbage",
    "dots": lambda _: "Bearer ..",
    "three empty parts of JSON": lambda _: f"Bearer {part({})}.{part({})}.",
    "another scheme": lambda wire: f"Basic {of(wire)}",
    "no scheme": of,
    "two tokens": lambda wire: f"Bearer {of(wire)} {of(wire)}",
    "four parts": lambda wire: f"Bearer {of(wire)}.x",
    "far too long": lambda wire: f"Bearer {of(wire)}{'A' * 6_000}",
    "letters no token has": lambda wire: f"Bearer {of(wire)[:-4]}%%%%",
    "alg none": handmade({"alg": "none", "kid": "one"}, signature=b""),
    "alg None": handmade({"alg": "None", "kid": "one"}, signature=b""),
    "alg missing": handmade({"kid": "one"}),
    "alg a list": handmade({"alg": ["RS256"], "kid": "one"}),
    "alg HS256 with the public key": public_key_as_secret,
    "alg RS512": signed(rsa_key(1), "RS512"),
    "alg PS256": signed(rsa_key(1), "PS256"),
    "alg ES256": signed(ec.generate_private_key(ec.SECP256R1()), "ES256"),
    "header no JSON": handmade(b"{"),
    "header a list": handmade([1]),
    "payload no JSON": handmade({"alg": "RS256", "kid": "one"}, b"{"),
    "payload a list": handmade({"alg": "RS256", "kid": "one"}, [1]),
    "payload nested without end": handmade({"alg": "RS256", "kid": "one"}, b"[" * 5_000),
    "crit that nobody knows": signed(rsa_key(1), "RS256", crit=["exp"]),
    "kid missing": handmade({"alg": "RS256"}),
    "kid empty": signed(rsa_key(1), "RS256", kid=""),
    "kid a number": handmade({"alg": "RS256", "kid": 1}),
    "kid a path": signed(rsa_key(1), "RS256", kid="../../dev/null"),
    "kid unknown": signed(rsa_key(1), "RS256", kid="nobody's"),
    "its own key in the header": signed(rsa_key(3), "RS256", jwk={"kty": "RSA"}, jku="http://127.0.0.1/keys"),
    "another's key": signed(rsa_key(3), "RS256"),
    "signature of nothing": handmade({"alg": "RS256", "kid": "one"}, signature=b""),
    "claims changed afterwards": tampered,
    "issuer missing": changed(iss=None),
    "issuer of the emulator": changed(iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"),
    "issuer with a slash": changed(iss=f"{ISSUER}/"),
    "issuer a list": changed(iss=[ISSUER]),
    "audience missing": changed(aud=None),
    "audience another bot": changed(aud="11111111-1111-4111-8111-111111111111"),
    "audience a list with ours": changed(aud=[APP_ID, "another"]),
    "audience in capitals": changed(aud=APP_ID.upper()),
    "expiry missing": changed(exp=None),
    "expiry a text": changed(exp="tomorrow"),
    "expiry true": changed(exp=True),
    "expiry beyond all time": changed(exp=10**300),
    "expired six minutes ago": moved(exp=-6 * MINUTE),
    "good from six minutes on": moved(nbf=6 * MINUTE, exp=60 * MINUTE),
    "good from a text": changed(nbf="now"),
    "service missing": changed(serviceurl=None),
    "service empty": changed(serviceurl=""),
    "service another": changed(serviceurl="https://smba.trafficmanager.net/emea/"),
    "service without its slash": lambda wire: changed(serviceurl=wire.microsoft.service_url.rstrip("/"))(wire),
    "service a list": lambda wire: changed(serviceurl=[wire.microsoft.service_url])(wire),
}


@pytest.mark.parametrize("case", BAD)
async def test_s32_a_bad_token_is_refused(wire: Wire, case: str) -> None:
    status, body = await wire.post(wire.message(), authorization=BAD[case](wire))

    assert status == 401, body
    assert body["error"]["code"].isidentifier()
    assert await wire.log() == []


def test_s32_there_are_enough_of_them() -> None:
    assert len(BAD) >= 40


async def test_a_good_token_is_let_in(wire: Wire) -> None:
    assert await wire.post(wire.message("Hello")) == (200, None)
    assert await wire.texts() == ["Hello"]


async def test_a_token_that_was_good_is_checked_again_at_each_use(wire: Wire) -> None:
    token = wire.microsoft.token(wire.microsoft.service_url, at=wire.clock())
    assert (await wire.post(wire.message(key="1"), token=token))[0] == 200
    assert (await wire.post(wire.message(key="2", serviceUrl=f"{wire.microsoft.origin}/emea/"), token=token))[0] == 401
    assert (await wire.post(wire.message(key="3", channelId="webchat"), token=token))[0] == 403
    wire.microsoft.rotate()
    wire.house.keys._fetched_at = None
    wire.house.keys._asked_at = None
    assert (await wire.post(wire.message(key="4"), token=token))[0] == 401, "its key is gone"
    assert len(await wire.log()) == 1


async def test_a_token_that_was_good_ends(wire: Wire) -> None:
    token = wire.microsoft.token(wire.microsoft.service_url, at=wire.clock())
    assert (await wire.post(wire.message(key="1"), token=token))[0] == 200
    wire.clock.passes(hours=1, minutes=6)
    assert (await wire.post(wire.message(key="2"), token=token))[0] == 401


@pytest.mark.parametrize("make", [moved(exp=-4 * MINUTE), moved(nbf=4 * MINUTE), changed(nbf=None)])
async def test_clocks_may_differ_by_five_minutes(wire: Wire, make: Make) -> None:
    status, _ = await wire.post(wire.message(), authorization=make(wire))
    assert status == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_may_be_written_in_any_way(wire: Wire, scheme: str) -> None:
    token = wire.microsoft.token(wire.microsoft.service_url, at=wire.clock())
    assert (await wire.post(wire.message(), authorization=f"{scheme} {token}"))[0] == 200


@pytest.mark.parametrize("endorsements", [[], ["webchat"], "msteams", None])
async def test_a_key_of_another_channel_is_refused(wire: Wire, endorsements: Any) -> None:
    wire.microsoft.kids["one"] = (1, endorsements)
    status, body = await wire.post(wire.message())
    assert (status, body["error"]["code"]) == (403, "ChannelNotEndorsed")


@pytest.mark.parametrize("channel", ["emulator", "webchat", "directline", "", None])
async def test_an_activity_of_another_channel_is_refused(wire: Wire, channel: Any) -> None:
    wire.microsoft.kids["one"] = (1, ["msteams", "emulator", "webchat", "directline"])
    status, _ = await wire.post(wire.message(channelId=channel))
    assert status == 403


async def test_a_token_for_one_service_is_no_token_for_another(wire: Wire) -> None:
    token = wire.microsoft.token(wire.microsoft.service_url, at=wire.clock())
    status, body = await wire.post(wire.message(serviceUrl="https://smba.trafficmanager.net/amer/"), token=token)
    assert (status, body["error"]["code"]) == (401, "ServiceUrlDiffers")


SERVICES = [
    "https://evil.trafficmanager.net/amer/",
    "https://smba.trafficmanager.net.evil.example/",
    "https://evil.example/smba.trafficmanager.net/",
    "https://smba.trafficmanager.net@evil.example/",
    "https://smba.trafficmanager.net:8443/",
    "http://smba.trafficmanager.net/",
    "https://smba.trafficmanager.net\\@evil.example/",
    "https://evil.example#smba.trafficmanager.net/",
    "https://evil.example?smba.trafficmanager.net/",
    "https://ѕmba.trafficmanager.net/",
    "https://169.254.169.254/",
    "http://127.0.0.1:1/",
    "//smba.trafficmanager.net/",
    "smba.trafficmanager.net",
    "",
]


@pytest.mark.parametrize("service", SERVICES)
async def test_s33_a_foreign_service_is_refused_however_genuine_its_token(database: Database, service: str) -> None:
    microsoft = Microsoft()
    async with open_wire(database, microsoft=microsoft, service_hosts=frozenset({"smba.trafficmanager.net"})) as wire:
        token = microsoft.token(service, at=wire.clock())
        status, _ = await wire.post(wire.message(serviceUrl=service), token=token)

        assert status in (401, 403)
        assert await wire.log() == []
        assert microsoft.token_fetches == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"channelData": {"tenant": {"id": OTHER_TENANT}}},
        {"channelData": {"tenant": {"id": OTHER_TENANT}}, "conversation": {"id": "a:1", "tenantId": OTHER_TENANT}},
        {"conversation": {"id": "a:1", "tenantId": OTHER_TENANT}},  # and an allowed one in channelData
        {"channelData": {}, "conversation": {"id": "a:1"}},
        {"channelData": {"tenant": "72f988bf-86f1-41af-91ab-2d7cd011db47"}, "conversation": {"id": "a:1"}},
    ],
)
async def test_s34_a_foreign_tenant_is_refused(wire: Wire, changes: dict[str, Any]) -> None:
    status, body = await wire.post(wire.message(**changes))
    assert status == 403, body
    assert await wire.log("a:1") == await wire.log() == []


async def test_r13_keys_are_fetched_again_when_they_rotate(wire: Wire) -> None:
    assert (await wire.post(wire.message(key="1")))[0] == 200
    wire.microsoft.rotate()
    wire.house.keys._asked_at = -PAUSE_S  # half a minute ago and more
    token = wire.microsoft.token(wire.microsoft.service_url, at=wire.clock(), kid="two")

    assert (await wire.post(wire.message("still here", key="2"), token=token))[0] == 200
    assert wire.microsoft.key_fetches == 2

    old = wire.microsoft.token(wire.microsoft.service_url, at=wire.clock(), kid="one")
    assert (await wire.post(wire.message(key="3"), token=old))[0] == 401


async def test_r13_a_hanging_key_server_holds_nobody_up_for_long(wire: Wire) -> None:
    wire.microsoft.keys_hang = True

    answers = await asyncio.gather(
        wire.post(wire.message(key="1")),
        wire.post(wire.message(key="2"), authorization="Bearer garbage"),
        wire.post(wire.message(key="3"), authorization=changed(exp=1)(wire)),
        *(wire.post(wire.message(key="4"), authorization=BAD["kid unknown"](wire)) for _ in range(20)),
    )

    assert [status for status, _ in answers] == [401] * 23
    assert not wire.microsoft.let_go.is_set(), "all were answered while it still hangs"
    assert wire.microsoft.key_fetches == 1


async def test_r13_who_is_known_is_let_in_while_the_key_server_hangs(wire: Wire) -> None:
    assert (await wire.post(wire.message("before", key="1")))[0] == 200
    wire.microsoft.keys_hang = True
    wire.house.keys._fetched_at = wire.house.keys._elapsed() - FRESH_S - 1
    wire.house.keys._asked_at = None

    assert (await wire.post(wire.message("meanwhile", key="2")))[0] == 200
    assert await wire.texts() == ["before", "meanwhile"]


class Clockwork:
    """A key server in memory, and seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.fetches = 0
        self.fails = False
        self.microsoft = Microsoft()
        self.keys = SigningKeys("https://keys.example/openid", self.get_json, elapsed=lambda: self.seconds)

    async def get_json(self, url: str) -> Any:
        if self.fails:
            raise OSError("nobody answers")
        if url.endswith("/openid"):
            self.fetches += 1
            return {"jwks_uri": "https://keys.example/keys"}
        return {"keys": [self.microsoft._jwk(kid) for kid in self.microsoft.kids]}


async def test_an_unknown_key_is_asked_for_every_half_minute_at_most() -> None:
    clockwork = Clockwork()
    for _ in range(100):
        await clockwork.keys.find("nobody's")
    assert clockwork.fetches == 1
    clockwork.seconds += PAUSE_S
    for _ in range(100):
        await clockwork.keys.find("nobody's")
    assert clockwork.fetches == 2


async def test_many_who_ask_at_once_wait_for_one_fetch() -> None:
    clockwork = Clockwork()
    found = await asyncio.gather(*(clockwork.keys.find("one") for _ in range(50)))
    assert all(found)
    assert clockwork.fetches == 1


async def test_keys_are_fetched_anew_after_a_day_and_forgotten_after_two_without_an_answer() -> None:
    clockwork = Clockwork()
    assert await clockwork.keys.find("one") is not None
    clockwork.seconds += FRESH_S + 1
    assert await clockwork.keys.find("one") is not None
    await asyncio.sleep(0.01)
    assert clockwork.fetches == 2

    clockwork.fails = True
    clockwork.seconds += HOLD_S - 1
    assert await clockwork.keys.find("one") is not None
    clockwork.seconds += 2
    assert await clockwork.keys.find("one") is None


async def test_after_a_failed_first_fetch_it_is_soon_tried_again() -> None:
    clockwork = Clockwork()
    clockwork.fails = True
    assert await clockwork.keys.find("one") is None
    clockwork.fails = False
    clockwork.seconds += FIRST_PAUSE_S
    assert await clockwork.keys.find("one") is not None


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"keys": []},
        {"keys": [7]},
        {"keys": [{"kid": "one"}]},
        {"keys": [{"kid": "one", "kty": "RSA", "n": "!"}]},
        [],
    ],
)
async def test_a_broken_document_leaves_the_keys_as_they_were(wire: Wire, broken: Any) -> None:
    assert (await wire.post(wire.message(key="1")))[0] == 200
    wire.microsoft.keys_broken = broken
    wire.house.keys._asked_at = None
    assert (await wire.post(wire.message(key="2"), authorization=BAD["kid unknown"](wire)))[0] == 401
    assert (await wire.post(wire.message(key="3")))[0] == 200


async def test_a_short_key_is_no_key() -> None:
    clockwork = Clockwork()
    short = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(9, 1024).public_key()))

    async def get_json(url: str) -> Any:
        return {"jwks_uri": "https://keys.example/k", "keys": [short | {"kid": "one", "endorsements": ["msteams"]}]}

    keys = SigningKeys("https://keys.example/openid", get_json, elapsed=lambda: clockwork.seconds)
    assert await keys.find("one") is None


@pytest.mark.parametrize("address", ["http://keys.example/keys", "file:///etc/passwd", "http://127.0.0.1:1/keys"])
async def test_keys_are_read_behind_https_alone(address: str) -> None:
    asked = []

    async def get_json(url: str) -> Any:
        asked.append(url)
        return {"jwks_uri": address, "keys": []}

    assert await SigningKeys("https://keys.example/openid", get_json).find("one") is None
    assert asked == ["https://keys.example/openid"]


async def test_a_token_of_last_week_is_not_good_this_week(wire: Wire) -> None:
    token = wire.microsoft.token(wire.microsoft.service_url, at=wire.clock() - timedelta(days=7))
    assert (await wire.post(wire.message(), token=token))[0] == 401


@pytest.mark.parametrize("raw", [b"{", b"", b"[]", b'{"type": 7}', b"\xff"])
async def test_s32_a_bad_token_is_a_401_whatever_comes_with_it(wire: Wire, raw: bytes) -> None:
    at, url = wire.clock(), wire.microsoft.service_url
    bad = [
        "Basic x",
        "Bearer x",
        f"Bearer {wire.microsoft.token(url, at=at, iss='https://evil.example')}",
        f"Bearer {wire.microsoft.token(url, at=at, aud='another')}",
        f"Bearer {wire.microsoft.token(url, at=at - timedelta(days=1))}",
        f"Bearer {wire.microsoft.token(url, at=at, key=rsa_key(9))}",
        f"Bearer {wire.microsoft.token(url, at=at, kid='unknown')}",
    ]
    for authorization in bad:
        assert (await wire.post(None, raw=raw, authorization=authorization))[0] == 401, authorization
    good = f"Bearer {wire.microsoft.token(url, at=at)}"
    assert (await wire.post(None, raw=raw, authorization=good))[0] == 400
