"""The gateway of docs/how-to/write-a-channel.md, as it stands there."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook

from bot.activity import Act, Activity, Card, Choice, Kind, Link, Role, Sender
from channels.http.render import render
from tests.channels.http.far_side import NEW, present

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "write-a-channel.md"
PHONE = "+44 7700 900 212"


class Gateway:
    """The code of the page; `sent` is what would leave as text messages."""

    def __init__(self) -> None:
        code = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        self.sent: list[tuple[str, str]] = []
        self.posted: list[tuple[str, str, dict[str, str]]] = []
        self.names: dict[str, Any] = {
            "taken": set(),
            "send_sms": lambda phone, text: self.sent.append((phone, text)),
            "post": lambda url, body, headers: self.posted.append((url, body, headers)),
        }
        exec(code[0], self.names)

    def gets(self, activity: Activity, key: str = "msg_1") -> int:
        body, at = orjson.dumps(render(activity, PHONE)), present()
        headers = {"webhook-id": key, "webhook-timestamp": str(int(at.timestamp()))}
        headers["webhook-signature"] = Webhook(NEW).sign(key, at.replace(tzinfo=None), body.decode())
        return int(self.names["on_post"](body, headers))


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.setenv("SECRET", NEW)
    return Gateway()


def said(**more: Any) -> Activity:
    return Activity(
        kind=Kind.MESSAGE,
        channel="sms",
        conversation="11111111-1111-1111-1111-111111111111",
        sender=Sender(Role.BOT),
        key="reply:1",
        at=present(),
        **more,
    )


def test_what_can_be_answered_is_told_in_words(gateway: Gateway) -> None:
    choices = (Choice("I'll come back here", "I'll come back here"), Choice("5", "5, very happy"))

    assert gateway.gets(said(text="How can we reach you?", choices=choices)) == 200
    assert gateway.sent == [(PHONE, "How can we reach you?\nYou can answer: I'll come back here / 5, very happy")]


def test_a_card_is_told_in_words(gateway: Gateway) -> None:
    card = Card(
        title="Your case",
        facts=(("Shop", "4"),),
        links=(Link("The article", "https://shop.example/a"),),
        acts=(Act("Show", says="Show me case 7"), Act("Close", verb="close")),
    )

    gateway.gets(said(text="Shall I?", card=card))

    (_, text) = gateway.sent[0]
    assert text.split("\n") == [
        *("Shall I?", "Your case", "Shop: 4", "The article: https://shop.example/a"),
        "You can answer: Show me case 7",
    ]


def test_what_comes_twice_is_passed_on_once(gateway: Gateway) -> None:
    assert [gateway.gets(said(text="Hello")) for _ in range(2)] == [200, 200]
    assert gateway.sent == [(PHONE, "Hello")]


def test_what_a_customer_writes_is_signed_as_the_desk_wants_it(gateway: Gateway) -> None:
    gateway.names["heard"]("msg_7", PHONE, "no address")

    ((url, body, headers),) = gateway.posted
    assert url.endswith("/channels/sms/activities")
    assert Webhook(NEW).verify(body, headers) == {"type": "message", "conversation": PHONE, "text": "no address"}
