"""Keys, tokens, secrets and limits."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from channels.webchat.limits import Rate, RateLimiter, address_group
from channels.webchat.site_secrets import SiteSecrets, hash_secret, new_secret
from channels.webchat.tokens import FIRST_KEY, TokenExpired, TokenRefused, Tokens, load_keys

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_keys_are_private_files_and_stay(tmp_path: Path) -> None:
    token = Tokens(load_keys(tmp_path)).issue("c", "u", at=NOW)
    file = tmp_path / f"{FIRST_KEY}.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert Tokens(load_keys(tmp_path)).read(token, at=NOW).conversation == "c"


def test_a_later_key_signs_and_the_earlier_still_verifies(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    old = Tokens(load_keys(tmp_path)).issue("c", "u", at=NOW)
    other = tmp_path_factory.mktemp("other")
    load_keys(other)
    (other / f"{FIRST_KEY}.pem").rename(tmp_path / "webchat-0002.pem")
    tokens = Tokens(load_keys(tmp_path))
    assert tokens.read(old, at=NOW).user == "u"
    assert jwt.get_unverified_header(tokens.issue("c", "u", at=NOW))["kid"] == "webchat-0002"


def test_forged_tokens_are_refused(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tokens = Tokens(load_keys(tmp_path))
    good = tokens.issue("c", "u", at=NOW)
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    foreign = Tokens(load_keys(tmp_path_factory.mktemp("foreign"))).issue("c", "u", at=NOW)
    forged = [
        "", "a.b.c", "." * 5, foreign, f"{head}.{body}.", f"{head}.{body}.{signature[:-4]}AAAA", good + "x",
        jwt.encode(claims, "", algorithm="none", headers={"kid": FIRST_KEY}),
        jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"kid": FIRST_KEY}),
        jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"kid": "../../etc/passwd"}),
    ]  # fmt: skip
    for token in forged:
        with pytest.raises(TokenRefused):
            tokens.read(token, at=NOW)


def test_a_token_is_for_one_use_and_a_time(tmp_path: Path) -> None:
    tokens = Tokens(load_keys(tmp_path))
    token = tokens.issue("c", "u", at=NOW)
    file = tokens.issue_file("c", "f", at=NOW)
    with pytest.raises(TokenRefused):
        tokens.read(token, at=NOW, use="stream")
    with pytest.raises(TokenRefused):
        tokens.read(file, at=NOW)
    assert tokens.read(token, at=NOW + timedelta(seconds=1799))
    with pytest.raises(TokenExpired):
        tokens.read(token, at=NOW + timedelta(seconds=1800))


def test_secrets_are_long_and_kept_as_hashes() -> None:
    one, two = new_secret(), new_secret()
    secrets = SiteSecrets({"a": hash_secret(one), "b": hash_secret(two)})
    assert (secrets.site_of(one), secrets.site_of(two)) == ("a", "b")
    assert [secrets.site_of(typed) for typed in ("", one[:-1], hash_secret(one), "\ud800")] == [None] * 4
    assert len(one) >= 43


def test_a_rate_refills_with_time_and_survives_a_clock_set_back() -> None:
    limiter = RateLimiter(Rate(burst=2, per_s=1))
    assert [limiter.wait_s("a", at=NOW) for _ in range(3)] == [0, 0, 1]
    assert limiter.wait_s("b", at=NOW) == 0
    assert limiter.wait_s("a", at=NOW + timedelta(seconds=1)) == 0
    assert limiter.wait_s("a", at=NOW - timedelta(hours=1)) == 0


def test_a_flood_of_keys_is_forgotten() -> None:
    limiter = RateLimiter(Rate(burst=1, per_s=0.1), keys_max=100)
    for number in range(1_000):
        limiter.wait_s(str(number), at=NOW + timedelta(milliseconds=number))
    assert len(limiter._full_until) <= 101


def test_one_ipv6_customer_is_one_address() -> None:
    assert address_group("2001:db8:1:2:aaaa::1") == address_group("2001:db8:1:2:bbbb::2")
    assert address_group("::ffff:10.0.0.1") == address_group("10.0.0.1") == "10.0.0.1"
    assert address_group("fe80::1%eth0") == "fe80::/64"
    assert address_group("unix") == "unix"
