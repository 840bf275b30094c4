"""Duplicates of one customer and problems of many, on sentences as people write them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseengine.likeness import Meaning, likeness
from caseengine.model.case import Case
from caseengine.operations import Opening, Viewer, merge, set_parent
from caseengine.policies.alike import CUSTOMERS_MIN, Candidate, Found, find_alike
from caseengine.reading.alike import compare, gather, gather_told
from customers.assurance import Assurance, Level
from tests.caseengine.office import Office, when
from tests.caseengine.test_access import account, person
from tests.caseengine.test_plans import BIG, plan_of

PROBLEMS = (
    (
        "The card reader on till 2 shows offline",
        "card reader at till 2 is offline since this morning",
        "Our card reader keeps going offline, customers cannot pay by card",
        "cardreader offline!!",
    ),
    (
        "Frozen delivery arrived late and half thawed",
        "the frozen goods delivery came late, half of it had thawed",
        "Late frozen delivery, goods thawed",
    ),
    (
        "The receipt printer prints blank paper",
        "receipt printer only prints blank receipts",
        "Blank receipts from the printer at the front",
    ),
    (
        "I was charged twice for my order",
        "My card was charged twice for one order",
        "double charge on my order, charged twice",
    ),
    (
        "The freezer alarm goes off every night",
        "freezer alarm goes off again and again at night",
    ),
    (
        "The loyalty card does not collect points",
        "no points on my loyalty card since last week",
    ),
    ("Please send a copy of invoice 4471", "Invoice 4471: I need a copy please"),
    ("Two pallets of milk are missing from the delivery", "milk missing in our delivery: two pallets"),
    ("The till freezes when I scan a coupon",),
    ("How do I add a colleague to our account?",),
    ("My PIN for the till is locked",),
    ("The handheld scanner does not connect to the wifi",),
)
"""Each group is one problem in several customers' words; the last are alone."""
SENTENCES = [(group, text) for group, texts in enumerate(PROBLEMS) for text in texts]


def found_by(scores: Sequence[float], least: float, group: int, place: int) -> tuple[int, int, int]:
    """How many were right, wrong and missed for one sentence."""
    right = wrong = missed = 0
    for other, score in enumerate(scores):
        same = SENTENCES[other][0] == group
        if other == place:
            continue
        right += same and score >= least
        wrong += not same and score >= least
        missed += same and score < least
    return right, wrong, missed


def test_words_find_most_and_are_seldom_wrong() -> None:
    """The figures stand in docs/decisions/0013; words alone, as on a desk whose model is not there."""
    texts = [text for _, text in SENTENCES]
    told = [found_by(likeness(text, texts), 0.55, group, place) for place, (group, text) in enumerate(SENTENCES)]
    right, wrong, missed = (sum(column) for column in zip(*told, strict=True))
    print(f"precision {right / (right + wrong):.2f}, recall {right / (right + missed):.2f}")  # noqa: T201
    assert right / (right + wrong) >= 0.9
    assert right / (right + missed) >= 0.5


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=5))
def test_likeness_is_a_share_and_nothing_is_more_like_than_itself(text: str, others: list[str]) -> None:
    scores = likeness(text, [text, *others])
    assert all(0.0 <= score <= 1.0 + 1e-9 for score in scores)
    assert scores[0] >= max(scores) - 1e-9


def candidate(number: int, words: float, **more: object) -> Candidate:
    told: dict[str, object] = {"customer": str(number), "same_customer": False, **more}
    return Candidate(id=UUID(int=number), number=f"CAS-{number}", words=words, **told)  # type: ignore[arg-type]


def test_two_customers_are_no_known_problem_but_three_are() -> None:
    two = [candidate(1, 0.9)]
    assert find_alike(two).known_problem == ()
    three = find_alike([*two, candidate(2, 0.8)])
    assert three.customers == CUSTOMERS_MIN
    assert [one.number for one in three.known_problem] == ["CAS-1", "CAS-2"]
    assert find_alike([candidate(1, 0.9), candidate(2, 0.9, customer="1")]).known_problem == ()


def test_a_parent_that_looks_like_it_is_known_at_once_and_comes_first() -> None:
    found = find_alike([candidate(1, 0.9), candidate(2, 0.7, is_parent=True)])
    assert [one.number for one in found.known_problem] == ["CAS-2", "CAS-1"]
    assert "parent" in found.known_problem[0].reasons


def test_what_is_the_same_besides_the_words_counts_and_is_told() -> None:
    weak = {"same_customer": True}
    assert find_alike([candidate(1, 0.3, **weak)]).duplicates == ()
    (order,) = find_alike([candidate(1, 0.3, same_order=True, **weak)]).duplicates
    assert order.reasons == ("order_number",)
    (meant,) = find_alike([candidate(1, 0.1, meaning=0.8, same_product=True, **weak)]).duplicates
    assert meant.reasons == ("meaning", "product")


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), max_size=8), st.randoms())
def test_order_of_the_candidates_does_not_matter(told: list[tuple[float, bool, bool]], shuffle: object) -> None:
    all_of_them = [
        candidate(n, words, same_customer=mine, is_parent=parent) for n, (words, mine, parent) in enumerate(told)
    ]
    before = find_alike(all_of_them)
    shuffle.shuffle(all_of_them)  # type: ignore[attr-defined]
    assert find_alike(all_of_them) == before


class OneMeaning:
    """Everything means the same."""

    async def likeness(self, text: str, others: Sequence[str]) -> Sequence[float] | None:
        return [0.9 for _ in others]


async def numbers(office: Office, case: Case, meaning: Meaning | None = None) -> tuple[list[str], list[str]]:
    found = await compare(await office.see(gather, case.id), meaning)
    return [one.number for one in found.duplicates], [one.number for one in found.known_problem]


async def test_a_customers_second_case_finds_their_first_and_nobody_elses(office: Office) -> None:
    ana, bo = await person(office.database), await person(office.database)
    first = await office.report(PROBLEMS[0][0], contact_id=ana)
    await office.report(PROBLEMS[2][0], contact_id=ana)
    await office.report(PROBLEMS[0][1], contact_id=bo)
    second = await office.report(PROBLEMS[0][1], contact_id=ana)
    assert await numbers(office, second) == ([first.number], [])
    await office.do(merge, first.number, second.number, by=office.li.actor, at=when("Mon 09:30"))
    assert await numbers(office, second) == ([], [])


async def test_who_proved_nothing_has_what_their_conversation_opened(office: Office) -> None:
    chat = await office.chat()
    first = await office.report_in(chat, PROBLEMS[0][0])
    second = await office.report_in(chat, PROBLEMS[0][1])
    assert await numbers(office, second) == ([first.number], [])


async def test_one_problem_of_many_customers_is_noticed_and_its_parent_found(office: Office) -> None:
    cases = [await office.report(PROBLEMS[0][0], contact_id=await person(office.database)) for _ in range(3)]
    _, known = await numbers(office, cases[2])
    assert set(known) == {cases[0].number, cases[1].number}
    parent = await office.report("Card readers are offline", at="Mon 09:00", department="deliveries")
    await office.do(set_parent, cases[0].number, parent.number, by=office.mo.actor, at=when("Mon 09:30"))
    fresh = await office.report("Card readers are offline", contact_id=await person(office.database))
    assert (await numbers(office, fresh))[1][0] == parent.number


async def test_a_parent_is_not_like_itself_nor_like_what_is_below_it(office: Office) -> None:
    parent, child, other = [
        await office.report(PROBLEMS[0][0], contact_id=await person(office.database)) for _ in range(3)
    ]
    await office.do(set_parent, child.number, parent.number, by=office.li.actor, at=when("Mon 09:30"))
    fourth = await office.report(PROBLEMS[0][0], contact_id=await person(office.database))
    assert await numbers(office, parent) == ([], [other.number, fourth.number])


async def test_old_cases_and_other_departments_are_no_known_problem(office: Office) -> None:
    for day in ("Mon", "Tue"):
        await office.report(PROBLEMS[0][0], at=f"{day} 09:00", contact_id=await person(office.database))
        await office.report(PROBLEMS[0][0], at="Fri 09:00", department="deliveries")
    late = await office.report(PROBLEMS[0][1], at="Fri 10:00", contact_id=await person(office.database))
    assert await numbers(office, late) == ([], [])


async def told_by(office: Office, contact: UUID | None, **proved: Any) -> list[str]:
    """The numbers that somebody is asked about who tells of the card reader, not as a case yet."""
    told = Opening(subject=PROBLEMS[0][1], description=PROBLEMS[0][1], department="")
    level = Level.VERIFIED if contact else Level.ANONYMOUS
    viewer = Viewer(uuid4(), Assurance(uuid4(), level=level, contact_id=contact, **proved))
    return [one.number for one in (await compare(await office.see(gather_told, told, viewer))).duplicates]


async def test_what_is_told_finds_their_own_live_case_before_it_is_one_itself(office: Office) -> None:
    shop, ana = await account(office.database), await person(office.database)
    first = await office.report(PROBLEMS[0][0], contact_id=ana, account_id=shop)
    ended = await office.report(PROBLEMS[0][0], contact_id=ana)
    await office.do(merge, ended.number, first.number, by=office.li.actor, at=when("Mon 09:30"))
    assert await told_by(office, ana) == [first.number]


async def test_nobody_is_asked_about_a_case_of_somebody_else_whatever_they_may_see(office: Office) -> None:
    shop, ana, boss = await account(office.database), await person(office.database), await person(office.database)
    chat = await office.chat()
    await office.report_in(chat, PROBLEMS[0][0], contact_id=ana, account_id=shop)
    assert await told_by(office, boss, account_ids=frozenset({shop})) == []
    assert await told_by(office, None) == []


async def test_meaning_finds_what_words_do_not(office: Office) -> None:
    ana = await person(office.database)
    first = await office.report("Nobody can pay with plastic", contact_id=ana)
    second = await office.report(PROBLEMS[0][0], contact_id=ana)
    assert await numbers(office, second) == ([], [])
    assert await numbers(office, second, meaning=OneMeaning()) == ([first.number], [])


async def test_a_case_there_is_not_is_like_nothing(office: Office) -> None:
    assert await compare(await office.see(gather, uuid4())) == Found()


async def test_no_list_is_read_whole(office: Office) -> None:
    case = await office.report(PROBLEMS[0][0], contact_id=await person(office.database))
    for _ in range(3):
        await office.report(PROBLEMS[0][1])
    steps = await plan_of(office, gather, case.id)
    assert not [step for step in steps if step.startswith("SCAN ") and step.split()[1] in BIG]
    assert any("ix_cases_contact_id" in step for step in steps)


@pytest.mark.parametrize("text", ["", "   ", "?!", "\U0001f600"])
def test_texts_without_words_are_like_nothing(text: str) -> None:
    assert likeness(text, ["The till jams", text]) == [0.0, 0.0]
