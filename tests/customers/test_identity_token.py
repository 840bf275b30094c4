"""What a signed token of the host site proves, and what no other token does."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from customers.assurance import Level
from customers.contacts import Contacts
from customers.errors import IdentityTokenRefused, IdentityTokenReplayed
from customers.identity_token import IdentitySite, accept_identity, forget_used_tokens, read_identity_token
from tests.customers.conftest import MONDAY

ED, EC, RSA = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1()), None


def pem(private: Any) -> str:
    written: bytes = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return written.decode()


SITE = IdentitySite("https://shop.example", "nightdesk:demo", {"k1": pem(ED)})


def claims(**changes):
    now = int(MONDAY.timestamp())
    basic = {
        "iss": SITE.issuer,
        "aud": SITE.audience,
        "sub": "visitor-7",
        "iat": now,
        "exp": now + 300,
        "jti": uuid4().hex,
        "name": "Ana Field",
    }
    return {name: value for name, value in (basic | changes).items() if value is not None}


def signed(key=ED, algorithm="EdDSA", kid="k1", headers=None, **changes):
    return jwt.encode(claims(**changes), key, algorithm, headers={"kid": kid, **(headers or {})})


def read(token, site=SITE, at=MONDAY):
    return read_identity_token(token, site, at=at)


def test_a_token_of_the_site_is_read():
    found = read(signed(email="ana@corner.example", locale="de"))
    assert (found.issuer, found.subject, found.name) == ("https://shop.example", "visitor-7", "Ana Field")
    assert (found.email, found.language) == ("ana@corner.example", "de")


@pytest.mark.parametrize(
    ("private", "algorithm"), [(EC, "ES256"), (rsa.generate_private_key(65537, 2048), "RS256")], ids=["ES256", "RS256"]
)
def test_elliptic_and_rsa_keys_work_too(private, algorithm):
    site = IdentitySite(SITE.issuer, SITE.audience, {"k1": pem(private)})
    assert read(signed(private, algorithm), site).subject == "visitor-7"
    with pytest.raises(IdentityTokenRefused):
        read(signed(ED, "EdDSA"), site)


NOW = int(MONDAY.timestamp())
BAD_CLAIMS = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "nightdesk:other"},
    "a list of audiences": {"aud": ["nightdesk:demo", "nightdesk:other"]},
    "expired": {"iat": NOW - 301, "exp": NOW},
    "issued too long ago": {"iat": NOW - 601, "exp": NOW - 1},
    "valid for too long": {"exp": NOW + 601},
    "issued in the future": {"iat": NOW + 61, "exp": NOW + 300},
    "not valid yet": {"nbf": NOW + 61},
    "times as text": {"exp": str(NOW + 300)},
    "a time that is none": {"exp": 1e300},
    "an empty subject": {"sub": ""},
    "a subject with control characters": {"sub": "a\nb"},
    "a subject that is too long": {"sub": "x" * 181},
    "an empty jti": {"jti": ""},
    **{f"no {name}": {name: None} for name in ("iss", "aud", "exp", "iat", "jti", "sub")},
}


@pytest.mark.parametrize("changes", BAD_CLAIMS.values(), ids=BAD_CLAIMS.keys())
def test_tokens_with_wrong_claims_prove_nothing(changes):
    with pytest.raises(IdentityTokenRefused):
        read(signed(**changes))


def part(content) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def hmac_with_the_public_key() -> str:
    secret = pem(ED).encode()
    unsigned = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(claims())}".encode()
    signature = urlsafe_b64encode(
        jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(unsigned, secret)
    )
    return f"{unsigned.decode()}.{signature.decode().rstrip('=')}"


BAD_TOKENS = {
    "unsigned": lambda: jwt.encode(claims(), "", "none", headers={"kid": "k1"}),
    "alg none by hand": lambda: f"{part({'alg': 'none', 'kid': 'k1'})}.{part(claims())}.",
    "an HMAC keyed with the public key": hmac_with_the_public_key,
    "another Ed25519 key": lambda: signed(ed25519.Ed25519PrivateKey.generate()),
    "another kind of key": lambda: signed(EC, "ES256"),
    "an unknown key id": lambda: signed(kid="k2"),
    "a critical header": lambda: signed(headers={"crit": ["x"], "x": 1}),
    "garbage": lambda: "not.a.token",
    "nothing": lambda: "",
    "far too much": lambda: "x" * 100_000,
    "deep nesting": lambda: f"{urlsafe_b64encode(b'[' * 2000).decode()}.e30.AA",
    "a signature of other content": lambda: (
        signed().rsplit(".", 1)[0] + "." + signed(name="Somebody else").rsplit(".", 1)[1]
    ),
}


@pytest.mark.parametrize("make", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_forged_tokens_prove_nothing(make):
    with pytest.raises(IdentityTokenRefused):
        read(make())


def test_weak_or_foreign_kinds_of_key_are_not_accepted_from_a_site():
    for weak in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(IdentityTokenRefused):
            read(signed(), IdentitySite(SITE.issuer, SITE.audience, {"k1": pem(weak)}))


async def accept(database, token, conversation):
    async with database.unit_of_work() as work:
        return await accept_identity(work, read(token), conversation, at=MONDAY)


async def test_a_visitor_becomes_a_contact_once(database):
    first = await accept(database, signed(), uuid4())
    again = await accept(database, signed(), uuid4())
    assert first.level is again.level is Level.VERIFIED
    assert first.contact_id == again.contact_id
    async with database.snapshot() as snapshot:
        assert (await Contacts(snapshot).get(first.contact_id)).name == "Ana Field"


async def test_a_token_works_once(database):
    token = signed()
    await accept(database, token, uuid4())
    with pytest.raises(IdentityTokenReplayed):
        await accept(database, token, uuid4())


async def test_a_used_token_is_forgotten_only_when_it_has_expired(database):
    token = signed()
    await accept(database, token, uuid4())
    async with database.unit_of_work() as work:
        forget_used_tokens(work, at=MONDAY + timedelta(minutes=5))
    with pytest.raises(IdentityTokenReplayed):
        await accept(database, token, uuid4())


async def test_the_address_in_a_token_links_to_nobody(database, people):
    found = await accept(database, signed(email="ana@corner.example"), uuid4())
    assert found.contact_id != people.ana.id
    async with database.snapshot() as snapshot:
        assert [c.id for c in await Contacts(snapshot).by_identity("email", "ana@corner.example")] == [people.ana.id]
