"""Whose word is taken for a sender: our own border's, on top, and nobody else's."""

import pytest

from channels.email.authentication import Standing, standing_of

OURS = "mx.shop.example"
PASS = f"{OURS}; spf=pass smtp.mailfrom=a@corner.example; dmarc=pass header.from=corner.example"


def standing(*values: str, domain: str = "corner.example", authserv: str = OURS) -> Standing:
    return standing_of(values, authserv=authserv, domain=domain)


@pytest.mark.parametrize(
    "value",
    [
        PASS,
        f"{OURS} 1; dmarc=pass (p=reject) header.from=corner.example",
        f"{OURS};\n\tdmarc = PASS header.from=Corner.Example.",
        f'{OURS}; spf=pass smtp.mailfrom="a; dmarc=fail"@x; dmarc=pass header.from=corner.example',
    ],
)
def test_our_border_vouches(value):
    assert standing(value) is Standing.VOUCHED


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("mx.evil.example; dmarc=pass header.from=corner.example",),
        ("mx.evil.example; dmarc=pass header.from=corner.example", PASS),  # ours is not on top
        (f"{OURS}.evil.example; dmarc=pass header.from=corner.example",),
        (f"{OURS}; dmarc=pass",),
        (f"{OURS}; dmarc=pass header.from=evil.example",),
        (f"{OURS}; dmarc=none header.from=corner.example",),
        (f"{OURS}; dmarc=bestguesspass header.from=corner.example",),
        (f"{OURS}; spf=pass (dmarc=pass header.from=corner.example)",),
        (f"{OURS}; spf=pass (a ; dmarc=pass header.from=corner.example",),
        (f'{OURS}; spf=pass smtp.mailfrom="x; dmarc=pass header.from=corner.example;"@evil.example',),
        (f'{OURS}; spf=pass smtp.mailfrom="\\"; dmarc=pass header.from=corner.example',),
        (f"{OURS}; dmarc=pass header.from=corner.example; dmarc=pass header.from=evil.example",),
        (f"{OURS}; xdmarc=pass header.from=corner.example",),
        ("; dmarc=pass header.from=corner.example",),
        ("" * 3,),
    ],
)
@pytest.mark.bar
def test_s9_nothing_else_vouches(values):
    assert standing(*values) is not Standing.VOUCHED


def test_where_no_border_is_named_nobody_is_vouched_for():
    assert standing(PASS, authserv="") is Standing.UNKNOWN


def test_a_domain_can_disown_a_mail():
    assert standing(f"{OURS}; dmarc=fail header.from=corner.example") is Standing.REFUSED


def test_a_domain_beyond_ascii_is_the_same_in_both_spellings():
    assert (
        standing(f"{OURS}; dmarc=pass header.from=xn--bcher-kva.example", domain="bücher.example") is Standing.VOUCHED
    )


MICROSOFT = (
    "spf=pass (sender IP is 209.85.218.47)\r\n smtp.mailfrom=corner.example; dkim=pass (signature was verified)\r\n"
    " header.d=corner.example;dmarc=pass action=none\r\n header.from=corner.example;compauth=pass reason=100"
)
"""As Microsoft 365 writes it: no name of a server, and no space after some of the semicolons."""


def at_microsoft(*values: str, domain: str = "corner.example") -> Standing:
    return standing_of(values, authserv="", domain=domain, nameless=True)


@pytest.mark.bar
def test_s9_microsoft_365_vouches_without_a_name_by_its_own_header_alone():
    forged = MICROSOFT.replace("corner.example", "bank.example")
    failed = (
        "spf=fail (sender IP is 192.0.2.9) smtp.mailfrom=bank.example; dkim=none (message not signed) header.d=none;"
        "dmarc=fail action=quarantine header.from=bank.example;compauth=fail reason=000"
    )

    assert at_microsoft(MICROSOFT) is Standing.VOUCHED
    assert at_microsoft(MICROSOFT, forged) is Standing.VOUCHED
    assert at_microsoft(failed, forged, domain="bank.example") is Standing.REFUSED
    assert at_microsoft(MICROSOFT, forged, domain="bank.example") is Standing.UNKNOWN
    assert at_microsoft(MICROSOFT.replace("dmarc=pass", "dmarc=bestguesspass")) is Standing.UNKNOWN


@pytest.mark.parametrize(
    "values",
    [
        (),
        (PASS, MICROSOFT),  # on top is somebody who names a server: not Microsoft's
        (f"{OURS}; {MICROSOFT}",),
        (f"; {MICROSOFT}",),
        (f"none; {MICROSOFT}",),
        (f"x=pass; {MICROSOFT}",),
        ("spf=none smtp.helo=x;dmarc=pass header.from=corner.example;dmarc=fail header.from=corner.example",),
        ("spf=pass (dmarc=pass header.from=corner.example)",),
        ("spf=pass; dmarc=pass action=none header.from=evil.example",),
    ],
)
@pytest.mark.bar
def test_s9_at_microsoft_365_nothing_else_vouches(values):
    assert at_microsoft(*values) is Standing.UNKNOWN


def test_a_header_without_a_name_counts_only_where_the_border_is_known_to_write_none():
    assert standing(MICROSOFT) is Standing.UNKNOWN
    assert standing(MICROSOFT, authserv="") is Standing.UNKNOWN


@pytest.mark.bar
def test_s9_one_domain_is_not_taken_for_another_that_is_spelt_like_it():
    told = f"{OURS}; dmarc=pass header.from="
    assert standing(told + "fussball.example", domain="fußball.example") is Standing.UNKNOWN
    assert standing(told + "fußball.example", domain="xn--fuball-cta.example") is Standing.VOUCHED
    assert standing(told + "☃.example", domain="☃.example") is Standing.UNKNOWN


def test_the_name_of_a_border_need_not_be_a_domain():
    told = "MX_1; dmarc=pass header.from=corner.example"
    assert standing(told, authserv="mx_1") is Standing.VOUCHED
    assert standing(told, authserv="mx_2") is Standing.UNKNOWN
    assert standing(told.replace("MX_1", "bücher.example"), authserv="xn--bcher-kva.example") is Standing.VOUCHED
