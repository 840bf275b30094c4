"""What of a mail is its sender's, by the word of our border."""

import pytest

from channels.email.authentication import results_of
from channels.email.covering import Coverage, coverage
from channels.email.letter import Signature

HOME = "home.example"
ALL = ("from", "subject", "in-reply-to", "references", "content-type")
FEW = ("from", "subject")
DMARC = "dmarc=pass header.from=home.example"
WHOLE, NOTHING = Coverage(whole=True), Coverage()


def signature(*names: str, domain: str = HOME, selector: str = "desk", value: str = "abcdEFGH1234") -> Signature:
    return Signature(domain, selector, value, names)


def covered(told: str, *signatures: Signature, domain: str = HOME) -> Coverage:
    results = results_of([f"mx.shop.example; {told}"], authserv="mx.shop.example")
    return coverage(results, signatures, domain)


OWN, FORGED = signature(*FEW), signature(*ALL, value="ABCDefgh5678")
OTHER = signature(*ALL, domain="elsewhere.example")


@pytest.mark.parametrize(
    "told",
    [
        DMARC,
        f"dkim=pass header.d=home.example; {DMARC}",
        f"dkim=pass (2048-bit key) header.i=@home.example header.s=desk header.b=abcdEFGH; {DMARC}",
        f'dkim=pass header.d=HOME.example header.s="desk" header.b="abcdEFGH"; {DMARC}',
        f"dkim=fail header.d=home.example header.b=ABCD; dkim=pass header.d=home.example header.b=abcdEFGH; {DMARC}",
        f"spf=pass smtp.mailfrom=eve@evil.example; dkim=pass header.d=home.example; {DMARC}",
        f"spf=fail smtp.mailfrom=ana@home.example; {DMARC}",
        f"dkim=pass header.d=elsewhere.example; dkim=pass header.d=home.example; {DMARC}",
    ],
)
@pytest.mark.bar
def test_s9_a_signature_answers_for_what_it_names_alone(told: str):
    assert covered(told, OWN, OTHER) == Coverage(frozenset(FEW))


def test_where_the_border_tells_which_one_holds_the_others_count_for_nothing():
    told = "dkim=pass header.d=home.example header.s=desk header.b={}; " + DMARC
    assert covered(told.format("ABCDefgh"), OWN, FORGED) == Coverage(frozenset(ALL))
    assert covered(told.format("abcdEFGH"), OWN, FORGED) == Coverage(frozenset(FEW))
    assert covered(told.format("abcdEFGH").replace("s=desk", "s=old"), OWN, FORGED) == NOTHING


@pytest.mark.parametrize(
    "beside",
    [
        FORGED,
        signature(*ALL),  # a copy of the one that holds, but for what it names
        signature(*ALL, domain="mail.home.example"),
        Signature(),  # one that nobody can read
    ],
)
@pytest.mark.bar
def test_s9_one_put_beside_adds_nothing(beside: Signature):
    for told in (DMARC, f"dkim=pass header.d=mail.home.example; {DMARC}"):
        assert "in-reply-to" not in covered(told, beside, OWN)
        assert "in-reply-to" not in covered(told, OWN, beside)


@pytest.mark.bar
def test_s9_one_of_a_neighbour_below_the_same_suffix_vouches_for_nobody_else():
    own, neighbour = signature(*FEW, domain="shop.co.uk"), signature(*ALL, domain="evil.co.uk")
    told = "dkim=pass header.d=evil.co.uk; dmarc=pass header.from=shop.co.uk"
    assert covered(told, neighbour, own, domain="shop.co.uk") == Coverage(frozenset(FEW))


def test_a_domain_below_signs_as_well_where_dmarc_takes_it():
    told = f"dkim=pass header.d=mail.home.example; {DMARC}"
    assert covered(told, signature(*ALL, domain="mail.home.example")) == Coverage(frozenset(ALL))


@pytest.mark.parametrize(
    "told",
    [
        f"spf=pass smtp.mailfrom=ana@home.example; dkim=fail header.d=home.example; {DMARC}",
        f"spf=pass (sender IP is 192.0.2.9) smtp.mailfrom=home.example; {DMARC}",
        f'spf=pass smtp.mailfrom="odd ones"@Home.Example; {DMARC}',
    ],
)
def test_the_domains_own_server_answers_for_all_it_hands_over(told: str):
    assert covered(told, OWN) == WHOLE
    assert covered(told.replace(HOME, "mail.home.example"), OWN, domain="mail.home.example") == WHOLE


@pytest.mark.parametrize(
    "spf",
    [
        "spf=pass",
        "spf=none smtp.mailfrom=ana@home.example",
        "spf=pass smtp.mailfrom=eve@mail.home.example",  # perhaps everybody can have a name there
        "spf=pass smtp.mailfrom=eve@ome.example",
        'spf=pass smtp.mailfrom="x smtp.mailfrom=ana@home.example"@evil.example',
        "spf=pass smtp.mailfrom=eve@evil.example smtp.mailfrom=ana@home.example",
        "spf=pass smtp.helo=home.example",
    ],
)
@pytest.mark.bar
def test_s9_no_other_server_does(spf: str):
    assert covered(f"{spf}; {DMARC}", OWN) == Coverage(frozenset(FEW))


def test_without_a_signature_of_theirs_it_was_their_server():
    assert covered(DMARC) == covered(DMARC, OTHER) == WHOLE


def test_a_signature_that_the_border_saw_and_the_reader_does_not_covers_nothing():
    assert covered(f"dkim=pass header.d=home.example; {DMARC}") == NOTHING
    assert covered(f"dkim=pass header.d=home.example; {DMARC}", OTHER) == NOTHING
    assert covered(f"dkim=pass header.d=mail.home.example; {DMARC}", OTHER) == NOTHING
    assert covered(DMARC, Signature()) == NOTHING
