"""What is asked for in so many words, slips of the keys and all."""

import pytest

from bot.understanding import Intent, Names, Understander, Wants
from bot.understanding.examples import english_examples
from bot.understanding.wishes import wants


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("plese opne a case", Wants(case=True)),
        ("tlak to a persn", Wants(person=True)),
        ("can I speek to a persn plese", Wants(person=True)),
        ("pleas cal me bakc", Wants()),
        ("rnig me back tomorow, or phoen me", Wants(callback=True)),
        ("dont opne a caes", Wants(no_case=True)),
        ("I need CAS-01041-V9D3 reopened", Wants()),
        ("I don't want to talk to a machine, get me a person", Wants(person=True)),
        ("I don\u2019t want to talk to an agent", Wants(no_person=True)),
    ],
)
async def test_a_wish_with_slips(text: str, wish: Wants) -> None:
    assert (await Understander(None, Names).understand(text)).wants == wish


async def test_spelling_makes_no_wish_of_a_sentence_without_one() -> None:
    understander = Understander(None, Names)
    for sentences in english_examples().values():
        for text in sentences:
            assert (await understander.understand(text)).wants.person == wants(text).person, text
            assert (await understander.understand(text)).wants.case == wants(text).case, text
            assert (await understander.understand(text)).wants.callback == wants(text).callback, text


NO_CODE = [
    "I didn't get it",
    "i didnt get anything",
    "it has not arrived",
    "It hasn\u2019t come yet",
    "no code came",
    "no email",
    "send it again",
    "send me another one please",
    "can you resend the code?",
    "I need a new code",
    "nothing came",
    "where is the code?",
    "never got it",
    "the code has expired",
    "didn't recieve a code",
]


@pytest.mark.parametrize("text", NO_CODE)
async def test_another_code_is_wanted_where_one_was_asked_for(text: str) -> None:
    understander = Understander(None, Names)
    asked = await understander.understand(text, expecting="code")

    assert asked.wants.new_code
    assert (asked.intent in (Intent.SOMETHING_ELSE, Intent.DENY), asked.question, asked.problems) == (True, False, ())
    assert not (await understander.understand(text)).wants.new_code


@pytest.mark.parametrize(
    "text", ["12345678", "it is 1234 5678", "talk to a person", "cancel", "yes", "that's my code", "what is this for?"]
)
async def test_no_other_code_is_wanted(text: str) -> None:
    assert not (await Understander(None, Names).understand(text, expecting="code")).wants.new_code
