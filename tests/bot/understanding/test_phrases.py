"""Short messages that mean one thing: yes, no, goodbye, who are you."""

import pytest

from bot.dialogs.agreeing import agrees
from bot.understanding import Intent, Names, Understander
from bot.understanding.phrases import english_phrases

ASKED = [None, "yes_no", "email", "phone", "order_number", "code"]


@pytest.mark.parametrize("expecting", ASKED)
@pytest.mark.parametrize(
    "text",
    [
        "yeah go on then",
        "Sure, fire away!",
        "go ahead",
        "yes that's right",
        "correct",
        "ok do it",
        "yes, yes, please do",
        "alright, go for it then",
        "Yes, thank you!",
        "Works now, cheers",
    ],
)
async def test_yes_however_it_is_said(text: str, expecting: str | None) -> None:
    assert (await Understander(None, Names).understand(text, expecting=expecting)).intent is Intent.AFFIRM


@pytest.mark.parametrize("expecting", ASKED)
@pytest.mark.parametrize(
    "text",
    [
        "don't want to give one",
        "I'd rather not",
        "rather not",
        "no thanks",
        "I have no email",
        "no address",
        "I have no address",
        "No adress",
        "sorry, I don\u2019t have an address",
        "no, I don't have one",
        "sorry, I have no e-mail",
        "skip",
        "none",
        "no, not now thanks",
        "No, thank you",
    ],
)
async def test_no_however_it_is_said(text: str, expecting: str | None) -> None:
    assert (await Understander(None, Names).understand(text, expecting=expecting)).intent is Intent.DENY


@pytest.mark.parametrize(
    "text", ["no it works now", "yes no", "thank you, thanks a lot", "ok", "right wrong", "then now please"]
)
def test_yes_and_no_together_are_neither(text: str) -> None:
    assert english_phrases().intent(text) is (Intent.AFFIRM if text == "ok" else None)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("bye", Intent.FAREWELL),
        ("Goodbye!", Intent.FAREWELL),
        ("ok bye then", Intent.FAREWELL),
        ("thanks, bye", Intent.THANK),
        ("have a nice day", Intent.FAREWELL),
        ("who are you?", Intent.ABOUT),
        ("Are you a robot?", Intent.ABOUT),
        ("hi, are you a real person?", Intent.ABOUT),
        ("help", Intent.ABOUT),
        ("what can you do?", Intent.ABOUT),
        ("can you help me", Intent.ASK_QUESTION),
        ("real person", Intent.TALK_TO_PERSON),
    ],
)
async def test_small_talk(text: str, intent: Intent) -> None:
    understood = await Understander(None, Names).understand(text)

    assert (understood.intent, understood.confidence, understood.question) == (intent, 1.0, False)
    assert understood.wants.person is (intent is Intent.TALK_TO_PERSON)


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        ("Yes thanks, all working again.", True),
        ("It works again, thank you", True),
        ("thanks, that did the trick", True),
        ("No thanks, all good", True),
        ("Yes", True),
        ("all good?", False),
        ("Resolved?", False),
        ("no, it still fails", False),
    ],
)
async def test_what_is_well_now_is_solved_and_no_yes_to_anything_else(text: str, solved: bool) -> None:
    assert agrees(await Understander(None, Names).understand(text)) is solved
    assert (english_phrases().intent(text) is Intent.AFFIRM) is (text == "Yes")


def test_a_phrase_stands_in_one_list_only() -> None:
    import yaml

    from bot.understanding.phrases import data_text, plain

    lists = {**yaml.safe_load(data_text("phrases.en.yaml")), "solved": yaml.safe_load(data_text("solved.en.yaml"))}
    seen: dict[str, str] = {}
    for name, texts in lists.items():
        for text in texts:
            assert seen.setdefault(plain(text), name) == name, text
