"""A domain is judged in the very form by which contacts are known."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.mail_settings import mail_desk
from app.settings import Settings
from channels.email.domain import akin, ascii_domain, covers
from channels.email.reading import Ours
from customers.errors import IdentityInvalid
from customers.identities import IdentityKind, normalise


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("fußball.example", "xn--fuball-cta.example"),  # "fussball" by the rules of 2003
        ("FUSSBALL.example", "fussball.example"),
        ("σοφός.example", "xn--0xagbn4a.example"),  # ς is none of σ
        ("ΣΟΦΌΣ.example", "xn--0xahbl4a.example"),
        ("Bücher.Example.", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("faß。example", "xn--fa-hia.example"),
        ("xn--fuball-cta.example", "xn--fuball-cta.example"),
        ("XN--Fuball-CTA.example", "xn--fuball-cta.example"),
        # No domains: two that only an invisible joiner tells apart, a sign, no A-label of anything, one word.
        ("क्\u200dष.example", ""),
        ("نامه\u200cای.example", ""),
        ("☃.example", ""),
        ("xn--ls8h.example", ""),
        ("xn--99999999999.example", ""),
        ("a_b.example", ""),
        ("example", ""),
        ("", ""),
        ("a@b.example", ""),
        ("x" * 400 + ".example", ""),
    ],
)
def test_it_is_the_one_of_2008(written, known):
    assert ascii_domain(written) == known


labels = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=8)


@given(labels)
@example("fußball")
@example("σοφός")
@example("İstanbul")
@example("ſtraße")
@example("xn--fuball-cta")
@example("क्\u200dष")
def test_it_is_the_one_by_which_contacts_are_known(label):
    try:
        known = normalise(IdentityKind.EMAIL, f"ana@{label}.example").rpartition("@")[2]
    except IdentityInvalid:
        known = ""
    if "@" not in label and ">" not in label:  # what an address begins or ends with
        assert ascii_domain(f"{label}.example") == known


def test_a_domain_stands_above_those_below_it():
    assert covers("shop.example", "shop.example")
    assert covers("shop.example", "till.shop.example")
    assert not covers("till.shop.example", "shop.example")
    assert not covers("hop.example", "shop.example")
    assert not covers("example", "shop.example")
    assert not covers("", "shop.example")
    assert not covers("", "")


def test_whoever_shares_the_last_two_names_may_belong_together():
    assert akin("till.shop.example", "mail.shop.example")
    assert akin("shop.co.uk", "elsewhere.co.uk")
    assert not akin("shop.example", "elsewhere.example")


def test_our_own_addresses_are_ours_in_every_spelling():
    desk = mail_desk(Settings(mail_from="desk@lärder.example", mail_addresses="Help@Fußball.example, till@shop"))
    for address in (
        "desk+c-1@LÄRDER.example",
        "<desk@xn--lrder-gra.example>",
        "help@xn--fuball-cta.example",
        "till@SHOP",
    ):
        assert desk.ours(address)
    assert not desk.ours("help@fussball.example")
    ours = Ours(("desk@xn--lrder-gra.example", "@xn--fuball-cta.example"))
    assert ours.owns("Desk+1@Lärder.example")
    assert ours.owns("any@fußball.example")
    assert not ours.owns("any@fussball.example")
