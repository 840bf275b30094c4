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
