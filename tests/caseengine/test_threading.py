"""Where a mail goes: the policy alone, over every combination of facts."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from caseengine.policies.threading import UNGUESSABLE, Belief, Candidate, MailFacts, Pointer, Reason, place

ADDRESSES = ("ana@corner.example", "bob@corner.example", "eve@elsewhere.example")
ids = st.integers(1, 6).map(lambda number: UUID(int=number))
candidates = st.builds(
    Candidate,
    pointer=st.sampled_from(Pointer),
    conversation=ids,
    case_id=st.none() | ids,
    taking_part=st.frozensets(st.sampled_from(ADDRESSES)),
)
facts = st.builds(
    MailFacts,
    sender=st.none() | st.sampled_from(ADDRESSES),
    belief=st.sampled_from(Belief),
    candidates=st.lists(candidates, max_size=4),
    beside=st.none() | ids,
    unsigned=st.frozensets(st.sampled_from(Pointer)),
)


@given(facts)
def test_nobody_is_let_in_who_does_not_take_part(mail: MailFacts):
    joined = place(mail).joins

    assert joined is None or mail.sender in joined.taking_part


@given(facts)
def test_a_disowned_or_unclear_sender_is_let_in_nowhere(mail: MailFacts):
    decision = place(mail)

    if mail.sender is None or mail.belief is Belief.REFUSED:
        assert decision.joins is None
        assert decision.beside is None


@given(facts)
def test_what_can_be_guessed_lets_in_only_who_is_vouched_for(mail: MailFacts):
    joined = place(mail).joins

    assert joined is None or joined.pointer in UNGUESSABLE or mail.belief is Belief.VOUCHED


@given(facts)
def test_what_can_be_guessed_lets_in_only_where_that_is_vouched_for_too(mail: MailFacts):
    joined = place(mail).joins

    assert joined is None or joined.pointer in UNGUESSABLE or joined.pointer not in mail.unsigned


@given(facts)
def test_whoever_takes_part_and_is_vouched_for_is_let_in(mail: MailFacts):
    signed = [one for one in mail.candidates if one.pointer not in mail.unsigned]
    if mail.belief is Belief.VOUCHED and any(mail.sender in one.taking_part for one in signed):
        assert place(mail).joins is not None


@given(facts)
def test_a_refused_pointer_is_told_to_the_case_it_pointed_at(mail: MailFacts):
    decision = place(mail)
    named = {one.case_id for one in mail.candidates} - {None}

    assert decision.tell is None or decision.tell in named
    if decision.joins is None and decision.beside is None and named:
        assert decision.tell is not None
        assert decision.reason is not Reason.NEW


@given(facts)
def test_the_first_pointer_that_lets_in_wins(mail: MailFacts):
    joined = place(mail).joins
    if joined is not None:
        before = mail.candidates[: mail.candidates.index(joined)]
        alone = [replace(mail, candidates=[one]) for one in before]
        assert all(place(one).joins is None for one in alone)
