"""Messages understood: before anything is learnt, by words alone, with an encoder, and when things fail."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from bot.understanding import Intent, Mood, Name, Names, Understander
from bot.understanding.learning import Vectors
from bot.understanding.understander import TEXT_MAX

NAMES = Names(
    products=(Name("fx200", "Frostline FX200 chest freezer", ("FX200",)),),
    stores=(Name("harbour", "Kestrel Harbour Street"),),
)
DEPARTMENTS = {
    "deliveries": [
        "the delivery is late",
        "pallets are missing",
        "the driver did not come",
        "crates were damaged on arrival",
    ],
    "tills": ["the till is frozen", "the receipt printer jams", "the card reader is offline", "the scanner is dead"],
    "accounts": ["the invoice is wrong", "I was charged twice", "our credit note is missing", "payment terms"],
}
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


class WordEncoder:
    """Vectors of hashed words: near when words are shared. It can be told to fail."""

    def __init__(self, *, ready: bool = True) -> None:
        self.ready = ready
        self.broken = False

    async def encode(self, texts: Sequence[str]) -> Vectors:
        if self.broken:
            raise RuntimeError("the model fails")
        return np.stack([self._vector(text) for text in texts])

    @staticmethod
    def _vector(text: str) -> Vectors:
        vector = np.zeros(384, np.float32)
        for word in text.casefold().split():
            vector[int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big") % 384] += 1
        return vector / max(float(np.linalg.norm(vector)), 1e-6)


@pytest.fixture(scope="module")
def by_words() -> Understander:
    async def taught() -> Understander:
        understander = Understander(None, lambda: NAMES, departments=DEPARTMENTS)
        understander.start()
        assert await understander.wait_learnt(60)
        return understander

    return asyncio.run(taught())


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Yes please!", Intent.AFFIRM),
        ("nope", Intent.DENY),
        ("that fixed it", Intent.AFFIRM),
        ("agent", Intent.TALK_TO_PERSON),
        ("human!", Intent.TALK_TO_PERSON),
        ("forget it", Intent.CANCEL),
        ("back", Intent.GO_BACK),
        ("thnaks", Intent.THANK),
        ("\N{THUMBS UP SIGN}", Intent.AFFIRM),
        ("Hi there", Intent.GREET),
        ("please can I talk to a real person", Intent.TALK_TO_PERSON),
        ("call me back on 020 7946 0018", Intent.CALL_ME_BACK),
        ("any update on CAS-01041-V9D3", Intent.CASE_STATUS),
        ("please open a case", Intent.REPORT_PROBLEM),
        ("my freezer is not cold", Intent.REPORT_PROBLEM),
        ("start over please", Intent.START_OVER),
    ],
)
async def test_understood_before_anything_was_learnt(text: str, intent: Intent) -> None:
    understood = await Understander(None, Names).understand(text)

    assert (understood.intent, understood.degraded) == (intent, True)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("how long do credit notes take", Intent.ASK_QUESTION),
        ("the till prints every receipt twice", Intent.REPORT_PROBLEM),
        ("whats the staus of my case", Intent.CASE_STATUS),
        ("I'd like to add somthing to my case", Intent.ADD_TO_CASE),
        ("our phone number has changed", Intent.CHANGE_DETAILS),
        ("please close my case, it works again", Intent.CLOSE_CASE),
        ("please reopen the case, it broke again", Intent.REOPEN_CASE),
        ("when will my order arrive", Intent.ORDER_STATUS),
        ("I don't want to talk to an agent", Intent.DENY),
        ("zzgl blorp frrn", Intent.SOMETHING_ELSE),
    ],
)
async def test_understood_by_words_alone(by_words: Understander, text: str, intent: Intent) -> None:
    understood = await by_words.understand(text)

    assert (understood.intent, understood.degraded) == (intent, False)


async def test_everything_in_one_sentence(by_words: Understander) -> None:
    understood = await by_words.understand(
        "This is Ana from the Harbor Street shop, our whole shop is down because the FX200 is leaking, it's urgent, "
        "mail me at ana@shop.example about order 204417",
        at=NOON,
    )

    assert {str(found.kind): found.value for found in understood.entities} == {
        "name": "Ana",
        "store": "harbour",
        "product": "fx200",
        "email": "ana@shop.example",
        "order_number": "ORD-204417",
    }
    assert (understood.intent, understood.impact, understood.urgency) == (Intent.REPORT_PROBLEM, 1, 1)


async def test_a_department_and_two_problems(by_words: Understander) -> None:
    understood = await by_words.understand("the delivery is late and also till 3 prints double receipts")

    assert understood.problems == ("the delivery is late", "till 3 prints double receipts")
    assert [(await by_words.understand(text)).department for text in understood.problems[:1]] == ["deliveries"]


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("the delivery never came", "deliveries"),
        ("the till is frozen", "tills"),
        ("our invoice is wrong", "accounts"),
    ],
)
async def test_a_place_does_not_lower_the_department(by_words: Understander, text: str, department: str) -> None:
    plain = await by_words.understand(text)

    for way in (f"{text} at Kestrel Harbour Street", f"Kestrel Harbour Street: {text}"):
        placed = await by_words.understand(way)
        assert (placed.department, placed.value("store")) == (department, "harbour")
        assert placed.department_confidence == plain.department_confidence


async def test_a_product_does_not_hide_the_department(by_words: Understander) -> None:
    understood = await by_words.understand("the driver did not bring the Frostline FX200 chest freezer")

    assert understood.department == "deliveries"


@pytest.mark.parametrize(
    ("text", "expecting", "question"),
    [
        ("how long do credit notes take?", "order_number", True),
        ("where do I find that number", "order_number", True),
        ("do you deliver on sundays?", None, True),
        ("204417?", "order_number", False),
        ("is it ORD-204417?", "order_number", False),
        ("can you call me tomorrow?", None, False),
        ("could you open a case?", None, False),
        ("the till prints double receipts", "description", False),
        ("why does the till not print, it's broken?", "description", False),
        ("Harbour Street", "store", False),
        ("yes?", "yes_no", False),
    ],
)
async def test_a_question_is_told_from_an_answer(
    by_words: Understander, text: str, expecting: str | None, question: bool
) -> None:
    assert (await by_words.understand(text, expecting=expecting)).question is question


async def test_hints(by_words: Understander) -> None:
    calm = await by_words.understand("no rush, just one item is wrong on the invoice")
    angry = await by_words.understand("this is ridiculous, the delivery is late for the third time")

    assert (calm.impact, calm.urgency, calm.mood) == (3, 3, Mood.NEUTRAL)
    assert angry.mood is Mood.ANGRY


@pytest.mark.parametrize(
    "text",
    ["", " ", "?", "\x00\ud800\u202e", "a" * 500_000, "@" * 50_000, "1 " * 50_000, "and also " * 9_000, "\n" * 50_000],
)
async def test_anything_is_read(by_words: Understander, text: str) -> None:
    understood = await by_words.understand(text, expecting="phone", at=NOON)

    assert len(understood.text) <= TEXT_MAX


async def test_the_model_fails_and_words_go_on() -> None:
    encoder = WordEncoder()
    understander = Understander(encoder, lambda: NAMES)
    understander.start()
    assert await understander.wait_learnt(60)
    encoder.broken = True

    understood = await understander.understand("the till prints every receipt twice")

    assert (understood.intent, understood.degraded) == (Intent.REPORT_PROBLEM, False)
    await understander.close()


async def test_the_encoder_comes_late() -> None:
    encoder = WordEncoder(ready=False)
    understander = Understander(encoder, lambda: NAMES)
    understander.start()
    assert not await understander.wait_learnt(0.01)
    encoder.ready = True

    assert await understander.wait_learnt(60)
    await understander.close()


async def test_names_that_cannot_be_had_do_no_harm() -> None:
    def broken() -> Names:
        raise RuntimeError("no names")

    understood = await Understander(None, broken).understand("talk to a person")

    assert understood.intent is Intent.TALK_TO_PERSON


async def test_many_at_once() -> None:
    understander = Understander(None, lambda: NAMES)

    understood = await asyncio.gather(*(understander.understand("agent") for _ in range(50)))

    assert {found.intent for found in understood} == {Intent.TALK_TO_PERSON}
