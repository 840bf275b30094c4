"""The one written form of what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.errors import IdentityInvalid
from customers.identities import TYPED_MAX, IdentityKind, normalise


@pytest.mark.parametrize(
    ("kind", "typed", "written"),
    [
        ("email", "  Ana.Field@Corner.Example ", "ana.field@corner.example"),
        ("email", "<ana@corner.example>", "ana@corner.example"),
        ("email", "ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("email", "ana@\uff43orner\uff0eexample", "ana@corner.example"),
        ("email", "ana+tills@corner.test", "ana+tills@corner.test"),
        ("phone", "01632 960101", "+441632960101"),
        ("phone", "+49 (0)30 1234567", "+49301234567"),
        ("phone", "0044-1632-960101", "+441632960101"),
        ("account", " c-1101 ", "C-1101"),
        ("account", "C 1101", "C1101"),
        ("loyalty", "6331 1700-1234", "633117001234"),
        ("web", "https://shop.example|Visitor 7", "https://shop.example|Visitor 7"),
        ("teams", f"{'A' * 36}|{'B' * 36}", f"{'a' * 36}|{'b' * 36}"),
    ],
)
def test_written_forms(kind, typed, written):
    assert normalise(kind, typed) == written
    assert normalise(kind, written) == written


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("email", ""),
        ("email", "ana"),
        ("email", "ana@corner"),
        ("email", "ana@corner.example, ben@corner.example"),
        ("email", "Ana <ana@corner.example>"),
        ("email", "ana@corner.example\nBcc: x@y.example"),
        ("email", "a" * TYPED_MAX + "@corner.example"),
        ("email", "ana@[127.0.0.1]"),
        ("email", "\uff41na@corner.example"),
        ("email", "\uff41\uff4e\uff41\uff20\uff43orner.example"),
        ("email", "\u00aana@corner.example"),
        ("email", "\u212aim@corner.example"),
        ("email", "an\u0301a@corner.example"),
        ("email", "J\u030cana@corner.example"),
        ("phone", "12"),
        ("phone", "call me"),
        ("phone", "+999 123 456 789"),
        ("account", "'; drop table accounts"),
        ("account", "-"),
        ("loyalty", "12"),
        ("web", "no issuer"),
        ("teams", "x|y"),
    ],
)
def test_what_cannot_be_an_identity_is_refused(kind, typed):
    with pytest.raises(IdentityInvalid) as refusal:
        normalise(kind, typed)
    assert refusal.value.params == {"kind": kind}


@given(st.text(min_size=1, max_size=12), st.sampled_from(["ana", "kim", "\u00e9mile"]))
def test_no_other_mailbox_becomes_somebodys(local, theirs):
    """But for capital letters, which no server tells apart."""
    try:
        written = normalise("email", f"{local}@corner.example")
    except IdentityInvalid:
        return
    assert (written == f"{theirs}@corner.example") == (local.strip().lstrip("<").lower() == theirs)


def test_a_number_without_country_belongs_to_the_region_asked_for():
    assert normalise("phone", "030 1234567", region="DE") == "+49301234567"


@given(st.sampled_from(list(IdentityKind)), st.text(max_size=80))
def test_any_text_is_written_or_refused(kind, typed):
    try:
        written = normalise(kind, typed)
    except IdentityInvalid:
        return
    assert normalise(kind, written) == written
