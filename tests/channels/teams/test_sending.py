"""What goes to Teams: once, in order, at the pace it is taken, to allowed hosts alone; and what failing is told as."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.jobs.forgetting import Forgetting
from app.tables import teams_conversations
from bot.activity import Activity, Attachment, Card, Choice, Input, Kind, Link, Role, Sender
from channels import leaving
from channels.protocol import DeliveryFailed, DeskUnavailable
from channels.teams import render
from channels.teams.account import SERVICE_HOSTS, AccountInvalid, TeamsAccount
from channels.teams.adapter import NothingSent
from channels.teams.cards import card_document, pressed_face, spoken_face
from channels.teams.connector import Unreachable
from channels.teams.pace import PER_CONVERSATION, Pace
from channels.teams.place import conversation_id
from channels.teams.received import Person, Place, Scope
from channels.teams.sdk import TeamsPipeline, wire_activity
from storage.engine import Database
from tests.channels.teams.peer import APP_ID, BOT, PASSWORD, TENANT, Reply, Wire, open_wire
from tests.contracts.channel import ChannelContract, ChannelRig

WHERE = conversation_id("a:megan")


def says(text: str = "hello", *, key: str = "turn:1:0", **more: Any) -> Activity:
    values = {"kind": Kind.MESSAGE, "sender": Sender(Role.BOT), **more}
    return Activity(channel="teams", conversation=WHERE, key=key, text=text, **values)


async def met(wire: Wire) -> Wire:
    """Megan has written, so that the desk knows where she is."""
    assert (await wire.post(wire.message(key="0")))[0] == 200
    return wire


@pytest.fixture
async def known(wire: Wire) -> Wire:
    return await met(wire)


class TeamsRig(ChannelRig):
    """Megan's chat; what she reads is what a Markdown reader makes of the wire."""

    def __init__(self, wire: Wire) -> None:
        self.adapter = wire.house.adapter
        self._microsoft = wire.microsoft

    async def activity(self, key: str, text: str) -> Activity:
        return says(text, key=key)

    async def delivered(self) -> Sequence[str]:
        return [unescape(one["text"].replace("  \n", "\n")) for one in self._microsoft.said]

    async def break_far_side(self) -> None:
        await self._microsoft.server.close()


class TestTeams(ChannelContract):
    @pytest.fixture
    async def rig(self, known: Wire) -> TeamsRig:
        return TeamsRig(known)


async def test_it_speaks_unasked_where_somebody_wrote_before(known: Wire) -> None:
    receipt = await known.house.adapter.send(says("Your case is open"), key="turn:1:0")
    [call] = known.microsoft.calls
    assert call.path == "/conversations/a%3Amegan/activities"
    assert call.authorization == "Bearer ours-1"
    assert (call.body["from"], call.body["recipient"]["id"]) == ({**BOT, "role": "bot"}, "29:megan")
    assert receipt.proof["id"] == "sent-1"


async def test_an_address_with_a_thread_is_quoted_whole(wire: Wire) -> None:
    address = "19:abc@thread.tacv2;messageid=148"
    await wire.post(wire.message(key="0", conversation={"id": address, "conversationType": "channel"}))
    said = replace(says(), conversation=conversation_id(address))
    await wire.house.adapter.send(said, key="k")
    assert wire.microsoft.calls[0].path == "/conversations/19%3Aabc%40thread.tacv2%3Bmessageid%3D148/activities"


async def test_to_a_conversation_nobody_told_of_nothing_is_sent(wire: Wire) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        await wire.house.adapter.send(says(), key="k")
    assert (failed.value.retry, failed.value.ambiguous) == (False, False)


async def test_what_was_said_is_changed_in_its_place(known: Wire) -> None:
    await known.house.adapter.send(says("queue: 3"), key="k")
    await known.house.adapter.edit(says("queue: 2"), of="k")
    assert [(call.method, call.path) for call in known.microsoft.calls][1] == (
        "PUT", "/conversations/a%3Amegan/activities/sent-1",
    )  # fmt: skip
    assert known.microsoft.calls[1].body["text"] == "queue: 2"
    with pytest.raises(DeliveryFailed):
        await known.house.adapter.edit(says("?"), of="never said")


async def test_what_was_sent_is_remembered_a_month_after_it_was_last_changed(known: Wire) -> None:
    for key in ("k1", "k2"):
        await known.house.adapter.send(says(key=key), key=key)
    forgetting = Forgetting(known.database, b"secret", known.clock)
    known.clock.passes(days=29)
    await known.house.adapter.edit(says("Better", key="k1"), of="k1")
    known.clock.passes(days=2)
    await forgetting.run()
    await known.house.adapter.edit(says("Best", key="k1"), of="k1")
    with pytest.raises(NothingSent):
        await known.house.adapter.edit(says("Gone", key="k2"), of="k2")


async def test_typing_is_shown_and_not_remembered(known: Wire) -> None:
    for _ in range(2):
        await known.house.adapter.send(says("", kind=Kind.TYPING), key="t")
    assert [body["type"] for body in known.microsoft.said] == ["typing", "typing"]


async def test_an_agent_who_writes_is_shown_every_few_seconds(known: Wire) -> None:
    for _ in range(5):
        await known.house.typing.show(WHERE, Sender(Role.AGENT, "li", "Li"))
    await known.house.typing.show(conversation_id("elsewhere"), Sender(Role.AGENT, "li", "Li"))
    await asyncio.gather(*known.house.typing._tasks)
    assert [body["type"] for body in known.microsoft.said] == ["typing"]


class TestWhatFails:
    @pytest.mark.parametrize("status", [408, 412, 500, 502, 503, 504])
    async def test_what_may_have_been_taken_is_ambiguous_and_never_sent_again(self, known: Wire, status: int) -> None:
        known.microsoft.replies.append(Reply(status))
        for _ in range(3):
            with pytest.raises(DeliveryFailed) as failed:
                await known.house.adapter.send(says(), key="k")
            assert (failed.value.retry, failed.value.ambiguous) == (False, True)
        assert known.microsoft.calls == []

    async def test_so_is_a_connection_cut_after_the_words_left(self, known: Wire) -> None:
        known.microsoft.replies.append(Reply(cut=True))
        with pytest.raises(DeliveryFailed) as failed:
            await known.house.adapter.send(says(), key="k")
        assert failed.value.ambiguous

    async def test_too_many_is_waited_for_as_long_as_asked_and_sent_once(self, known: Wire) -> None:
        waited: list[float] = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)

        known.house.connector._sleep = sleep
        known.microsoft.replies += [Reply(429, headers={"Retry-After": "2"}), Reply(429)]
        await known.house.adapter.send(says(), key="k")
        assert len(known.microsoft.calls) == 1
        assert len(waited) == 2
        assert waited[0] >= 2

    @pytest.mark.parametrize(
        ("headers", "after_s"),
        [({"Retry-After": "600"}, 600), ({"Retry-After": "4"}, 4), ({"Retry-After": "1e9"}, 3_600),
         ({"Retry-After": "nan"}, 0), ({}, 0)],
    )  # fmt: skip
    async def test_too_many_for_too_long_goes_back_to_the_outbox_with_the_time_that_is_asked_for(
        self, known: Wire, headers: dict[str, str], after_s: int
    ) -> None:
        async def sleep(_: float) -> None: ...

        known.house.connector._sleep = sleep
        known.microsoft.replies += [Reply(429, headers=headers)] * 4
        with pytest.raises(DeliveryFailed) as failed:
            await known.house.adapter.send(says(), key="k")
        assert (failed.value.retry, failed.value.after) == (True, timedelta(seconds=after_s))
        known.microsoft.replies.clear()
        await known.house.adapter.send(says(), key="k")
        assert len(known.microsoft.calls) == 1

    @pytest.mark.parametrize("status", [400, 405, 413, 415])
    async def test_a_refusal_for_good_is_final(self, known: Wire, status: int) -> None:
        known.microsoft.replies.append(Reply(status, {"error": {"code": "BadSyntax", "message": "hello, Megan"}}))
        with pytest.raises(DeliveryFailed) as failed:
            await known.house.adapter.send(says(), key="k")
        assert (failed.value.retry, failed.value.ambiguous) == (False, False)
        assert "Megan" not in str(failed.value)

    @pytest.mark.parametrize("status", [403, 404])
    async def test_who_blocked_the_bot_is_unreachable_until_they_write_again(self, known: Wire, status: int) -> None:
        known.microsoft.replies.append(Reply(status, {"error": {"code": "MessageWritesBlocked"}}))
        with pytest.raises(Unreachable):
            await known.house.adapter.send(says(), key="k")
        assert await unreachable_at(known) == known.clock()
        await known.post(known.message(key="1"))
        assert await unreachable_at(known) is None
        await known.house.adapter.send(says(), key="k")
        assert len(known.microsoft.calls) == 1

    async def test_so_is_who_took_the_bot_away(self, known: Wire) -> None:
        await known.post(known.activity("installationUpdate", action="remove", id="f:9"))
        assert await unreachable_at(known) is not None

    async def test_nobody_at_the_address_is_tried_again(self, known: Wire) -> None:
        await known.house.adapter.send(says(key="first"), key="first")
        await known.microsoft.server.close()
        with pytest.raises(DeliveryFailed) as failed:
            await known.house.adapter.send(says(), key="k")
        assert not (failed.value.retry and failed.value.ambiguous)

    async def test_a_token_that_is_not_taken_is_renewed_once(self, known: Wire) -> None:
        known.microsoft.replies.append(Reply(401))
        await known.house.adapter.send(says(), key="k")
        assert known.microsoft.calls[0].authorization == "Bearer ours-2"

    async def test_without_a_token_nothing_is_sent_and_it_is_tried_again(self, known: Wire) -> None:
        known.microsoft.token_status = 401
        with pytest.raises(DeliveryFailed) as failed:
            await known.house.adapter.send(says(), key="k")
        assert failed.value.retry
        assert "invalid_client" in str(failed.value)
        assert PASSWORD not in str(failed.value)
        known.microsoft.token_status = 200
        await known.house.adapter.send(says(), key="k")

    async def test_a_redirect_is_not_followed_with_our_token(self, known: Wire) -> None:
        known.microsoft.replies.append(Reply(307, headers={"Location": "https://evil.example/"}))
        with pytest.raises(DeliveryFailed):
            await known.house.adapter.send(says(), key="k")


class TestADeskThatStops:
    async def test_what_waits_for_its_turn_has_not_begun(self, known: Wire) -> None:
        waits = asyncio.Event()

        async def sleep(_: float) -> None:
            waits.set()
            await asyncio.Event().wait()

        known.house.connector._per_conversation = Pace(((1, 10.0),), elapsed=lambda: 0.0, sleep=sleep)
        await known.house.adapter.send(says(), key="k1")
        await cancelled(known, waits, key="k2")
        assert await known.house.adapter._sendings.of(WHERE, "k2") is None

    async def test_what_teams_put_off_has_not_begun_either(self, known: Wire) -> None:
        waits = asyncio.Event()

        async def sleep(_: float) -> None:
            waits.set()
            await asyncio.Event().wait()

        known.house.connector._sleep = sleep
        known.microsoft.replies.append(Reply(429))
        await cancelled(known, waits, key="k")
        await known.house.adapter.send(says(), key="k")
        assert len(known.microsoft.calls) == 1

    async def test_what_has_left_is_in_doubt(self, known: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leaving, "ENDS_WITHIN_S", 0.01)
        known.microsoft.replies.append(Reply(hang=True))
        sending = asyncio.create_task(known.house.adapter.send(says(), key="k"))
        await asyncio.wait_for(known.microsoft.hangs.wait(), 10)
        sending.cancel()
        for again in (sending, known.house.adapter.send(says(), key="k")):
            with pytest.raises(DeliveryFailed) as failed:
                await again
            assert failed.value.ambiguous


async def cancelled(wire: Wire, when: asyncio.Event, *, key: str) -> None:
    """The desk stops when a message has come that far."""
    sending = asyncio.create_task(wire.house.adapter.send(says(), key=key))
    await asyncio.wait_for(when.wait(), 10)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


class Forgetful:
    """The desk's own list of what was sent, whose disk is full for some calls."""

    def __init__(self, sendings: Any, *fails: str) -> None:
        self._sendings, self._fails = sendings, fails

    def __getattr__(self, name: str) -> Any:
        if name in self._fails:
            return self._no
        return getattr(self._sendings, name)

    async def _no(self, *_: Any) -> None:
        raise DeskUnavailable


class TestADiskThatIsFull:
    async def test_before_the_words_leave_is_tried_again(self, known: Wire) -> None:
        adapter = known.house.adapter
        adapter._sendings = Forgetful(adapter._sendings, "begin")
        with pytest.raises(DeliveryFailed) as failed:
            await adapter.send(says(), key="k")
        assert (failed.value.retry, known.microsoft.calls) == (True, [])

    async def test_after_they_left_leaves_them_sent_once(self, known: Wire) -> None:
        adapter = known.house.adapter
        adapter._sendings = Forgetful(adapter._sendings, "done")
        assert (await adapter.send(says(), key="k")).proof["id"] == "sent-1"
        with pytest.raises(DeliveryFailed) as failed:
            await adapter.send(says(), key="k")
        assert failed.value.ambiguous
        assert len(known.microsoft.calls) == 1

    async def test_that_cannot_note_a_refusal_asks_a_person_next(self, known: Wire) -> None:
        adapter = known.house.adapter
        adapter._sendings = Forgetful(adapter._sendings, "undo")
        known.microsoft.replies.append(Reply(400))
        for ambiguous in (False, True):
            with pytest.raises(DeliveryFailed) as failed:
                await adapter.send(says(), key="k")
            assert failed.value.ambiguous is ambiguous


async def unreachable_at(wire: Wire) -> Any:
    async with wire.database.snapshot() as snapshot:
        return await snapshot.scalar(sa.select(teams_conversations.c.unreachable_at))


async def test_many_who_need_a_token_at_once_fetch_one(known: Wire) -> None:
    header = known.house.connector._bearer.header
    assert {one["Authorization"] for one in await asyncio.gather(*(header() for _ in range(30)))} == {"Bearer ours-1"}
    assert known.microsoft.token_fetches == 1


async def test_a_token_is_renewed_before_it_ends(known: Wire) -> None:
    known.microsoft.expires_in = 299
    for _ in range(2):
        await known.house.connector._bearer.header()
    assert known.microsoft.token_fetches == 2


@pytest.mark.bar
async def test_s33_the_token_goes_to_no_other_host_whatever_the_place_says(wire: Wire) -> None:
    place = Place("", "a:1", Scope.PERSONAL, TENANT, "https://evil.trafficmanager.net/", "28:b", "", Person("29:x"))
    with pytest.raises(DeliveryFailed) as failed:
        await wire.house.connector.post(place, {})
    assert (failed.value.retry, failed.value.ambiguous) == (False, False)
    assert wire.microsoft.token_fetches == 0


async def test_the_sdks_own_sending_takes_our_way(known: Wire) -> None:
    pipeline: TeamsPipeline = known.house.intake._pipeline
    document = known.message("hi")
    authorization = f"Bearer {known.microsoft.token(known.microsoft.service_url, at=known.clock())}"
    from botbuilder.core import TurnContext

    sent = []

    async def turn(context: TurnContext) -> None:
        sent.append(await context.send_activity("through the library"))

    from channels.teams.sdk import wire_activity

    await pipeline.process_activity(authorization, wire_activity(document), turn)
    assert [one.id for one in sent] == ["sent-1"]
    assert known.microsoft.calls[0].authorization == "Bearer ours-1"


PLACE = Place("", "a:1", Scope.PERSONAL, TENANT, "https://x/", "28:b", "Desk", Person("29:x", "Megan"))
SHARED = Place("", "19:1", Scope.CHANNEL, TENANT, "https://x/", "28:b", "Desk", Person("29:x", "Megan"))
CHOICES = tuple(Choice(f"Choice {n}", f"I say {n}") for n in range(3))


class TestRendering:
    @pytest.mark.parametrize(
        ("text", "wire"),
        [
            ("**bold** and _so_", "**bold** and _so_"),
            ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
            ("<at>everybody</at>", "&lt;at>everybody&lt;/at>"),
            ("a &lt; b & c", "a &amp;lt; b & c"),
            ("one\ntwo", "one  \ntwo"),
            ("one\n\ntwo", "one\n\ntwo"),
            ("- a\n- b", "- a\n- b"),
            ("1. a\n2. b", "1. a\n2. b"),
            ("`a < b`", "`a < b`"),
            ("```\na < b\nc\n```", "```\na < b\nc\n```"),
        ],
    )
    def test_text(self, text: str, wire: str) -> None:
        assert render.markdown(text) == wire

    @given(st.text(alphabet="<>&;`a \n*-", max_size=80))
    def test_no_tag_leaves_but_in_code(self, text: str) -> None:
        outside = render.CODE.sub("", text)
        assert "<" not in render.markdown(outside)

    def test_an_agent_speaks_under_their_name_and_the_bot_does_not(self) -> None:
        by_li = says("On my way", sender=Sender(Role.AGENT, "li", "Li <b>"))
        assert render.message(by_li, PLACE)["text"] == "**Li &lt;b>:** On my way"
        assert render.message(says("Hello"), PLACE)["text"] == "Hello"

    def test_a_few_choices_are_suggested_to_one_person(self) -> None:
        document = render.message(says("Which?", choices=CHOICES), PLACE)
        assert [one["value"] for one in document["suggestedActions"]["actions"]] == ["I say 0", "I say 1", "I say 2"]
        assert document["suggestedActions"]["to"] == ["29:x"]
        assert "attachments" not in document

    @pytest.mark.parametrize(
        ("place", "choices"), [(SHARED, CHOICES), (PLACE, tuple(Choice(str(n), str(n)) for n in range(7)))]
    )
    def test_many_choices_or_many_readers_get_buttons_on_a_card(
        self, place: Place, choices: tuple[Choice, ...]
    ) -> None:
        document = render.message(says("Which?", choices=choices), place)
        assert "suggestedActions" not in document
        actions = document["attachments"][0]["content"]["actions"]
        assert [one["data"]["msteams"] for one in actions] == [
            {"type": "imBack", "value": choice.says} for choice in choices
        ]

    def test_a_form_is_executed_with_the_key_of_its_activity(self) -> None:
        card = Card("T", "x", (("a", "b"),), (Input("email", "E-mail", "email"),), Choice("Send", "Sent"),
                    (Link("Go", "https://a.example"), Link("No", "javascript:alert(1)")))  # fmt: skip
        [attachment] = render.message(says("", card=card), PLACE)["attachments"]
        execute, link = attachment["content"]["actions"]
        assert (execute["type"], execute["verb"], execute["fallback"]["type"]) == (
            "Action.Execute", "nightdesk/say", "Action.Submit",
        )  # fmt: skip
        assert execute["data"] == {"says": "Sent", "nightdesk": {"key": "turn:1:0"}}
        assert link == {"type": "Action.OpenUrl", "title": "Go", "url": "https://a.example"}

    def test_a_file_is_offered_to_one_person_and_named_to_several(self) -> None:
        said = says("Here", attachments=(Attachment("f-1", "label.pdf", "application/pdf", 4),))
        [consent] = render.message(said, PLACE)["attachments"]
        assert consent["content"]["acceptContext"] == {"file": "f-1", "key": "turn:1:0"}
        shared = render.message(said, SHARED)
        assert (shared["text"], "attachments" in shared) == ("Here\n\n[label.pdf]", False)


class Waited:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pace = Pace(PER_CONVERSATION, elapsed=lambda: self.now, sleep=self.sleep, wait_max_s=float("inf"))

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.lists(st.floats(0, 3), min_size=1, max_size=150))
def test_in_no_window_is_more_said_than_allowed(pauses: list[float]) -> None:
    waited, times = Waited(), []

    async def talk() -> None:
        for pause in pauses:
            waited.now += pause
            await waited.pace.turn("a")
            times.append(waited.now)

    asyncio.run(talk())
    for count, window_s in PER_CONVERSATION:
        for first, beyond in zip(times, times[count:], strict=False):
            assert beyond - first >= window_s - 1e-6


async def test_an_hours_worth_of_words_goes_back_to_the_outbox() -> None:
    pace = Pace(((2, 3_600.0),), elapsed=lambda: 0.0)
    await pace.turn("a")
    await pace.turn("a")
    with pytest.raises(DeliveryFailed) as failed:
        await pace.turn("a")
    assert (failed.value.retry, failed.value.after) == (True, timedelta(hours=1))
    await pace.turn("b")


class TestAccounts:
    @pytest.mark.parametrize(
        "values",
        [
            {"app_id": ""},
            {"app_id": APP_ID},
            {"app_id": APP_ID, "app_password": "x"},
            {"app_id": APP_ID, "app_password": "x", "tenants": frozenset({TENANT}),
             "service_hosts": frozenset({"https://evil.example"})},
        ],
    )  # fmt: skip
    def test_half_an_account_is_none(self, values: dict[str, Any]) -> None:
        with pytest.raises(AccountInvalid):
            TeamsAccount(**values)

    def test_no_secret_is_shown(self) -> None:
        assert PASSWORD not in repr(whole_account())

    @pytest.mark.parametrize("host", SERVICE_HOSTS)
    def test_teams_own_hosts_are_called(self, host: str) -> None:
        assert whole_account().may_call(f"https://{host}/amer/")

    async def test_without_tokens_only_the_loopback_is_spoken_to(self, database: Database) -> None:
        async with open_wire(database, anonymous=True, app_id="", app_password="", tenants=frozenset()) as wire:
            await wire.post(wire.message("hi"), authorization="")
            await wire.house.adapter.send(says(), key="k")
            assert wire.microsoft.calls[0].authorization == ""
            assert not wire.house.account.may_call("http://192.0.2.1/")


def whole_account() -> TeamsAccount:
    return TeamsAccount(app_id=APP_ID, app_password=PASSWORD, tenants=frozenset({TENANT}))


async def test_a_token_is_asked_for_in_the_words_of_the_cloud_it_is_for(database: Database) -> None:
    scope = "https://api.botframework.us/.default"
    async with open_wire(database, scope=scope) as wire:
        await wire.post(wire.message())
        await wire.house.adapter.send(says(), key="a")
        assert wire.microsoft.scopes == [scope]
        authentication = wire.house.intake._pipeline.bot_framework_authentication
        result = await authentication.authenticate_request(
            wire_activity(wire.message()), f"Bearer {wire.microsoft.token(wire.microsoft.service_url, at=wire.clock())}"
        )
        assert result.audience == scope


class TestWhatPeopleWroteIsNoMarkup:
    HOSTILE = "[click](https://evil.example) *now* _or_ `never`"
    SHOWN = r"\[click\]\(https://evil.example\) \*now\* \_or\_ \`never\`"

    def test_in_titles_and_facts(self) -> None:
        card = Card(title=self.HOSTILE, text="**Ours**", facts=((self.HOSTILE, self.HOSTILE),))
        heading, text, facts = card_document(card, key="k")["body"]
        assert heading["text"] == self.SHOWN
        assert text["text"] == "**Ours**"
        assert facts["facts"] == [{"title": self.SHOWN, "value": self.SHOWN}]
        assert self.HOSTILE in card_document(card, key="k")["speak"], "what is read aloud has no marks"

    def test_nor_in_what_was_typed_into_a_form(self) -> None:
        card = Card(title="", inputs=(Input("name", "Name"),), submit=Choice("Send", "Send"))
        face = pressed_face(card, {"name": self.HOSTILE})
        assert face["body"][1]["facts"] == [{"title": "Name", "value": self.SHOWN}]
        assert self.SHOWN in spoken_face(self.HOSTILE)["body"][0]["text"]
