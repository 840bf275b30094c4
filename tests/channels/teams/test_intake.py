"""What comes from Teams is durable before it is acknowledged, once however often it comes, and answered in time."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.jobs.delivery import Delivery
from app.jobs.forgetting import Forgetting
from app.reception import FileCabinet
from app.tables import teams_arrivals, teams_conversations
from bot.activity import Activity, Card, Choice, Input, Kind, Role, Sender
from caseengine.activities import Activities
from caseengine.departments import Department, Departments
from caseengine.files import read_file
from caseengine.model.actor import SYSTEM
from caseengine.operations.handover import hand_over
from caseengine.operations.opening import Opening, open_case
from caseengine.tables import case_events, files
from channels.teams.crowding import PER_PERSON
from channels.teams.place import conversation_id
from channels.teams.received import Place
from customers.assurance import Assurances, Level
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from storage.engine import Database
from storage.tables import inbox
from tests.channels.teams.peer import APP_ID, LOOPBACK_FILES, MEGAN, TENANT, Reply, Wire, conversation, open_wire

MEGANS = f"{TENANT}|{MEGAN}"
GROUP: dict[str, Any] = {
    "id": "19:meeting@thread.v2",
    "conversationType": "groupChat",
    "isGroup": True,
    "tenantId": TENANT,
}
LI: Any = {"id": "29:li", "name": "Li", "aadObjectId": "aaaaaaaa-3d56-4244-b585-20c8a42ed2b8"}
DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"


async def inputs(wire: Wire) -> list[Any]:
    async with wire.database.snapshot() as snapshot:
        return list(await snapshot.rows(sa.select(inbox).order_by(inbox.c.id)))


async def assurance(wire: Wire, address: str = "a:megan") -> Any:
    async with wire.database.unit_of_work() as work:
        return await Assurances(work).of(conversation(address), at=wire.clock())


async def test_a_message_is_kept_with_its_raw_bytes_and_noticed(wire: Wire) -> None:
    assert await wire.post(wire.message("My till is down")) == (200, None)
    [row] = await inputs(wire)
    assert (row.source, row.stream, row.state) == ("teams", conversation_id("a:megan"), "pending")
    assert b"My till is down" in row.raw
    assert wire.noticed == [conversation_id("a:megan")]


@pytest.mark.bar
async def test_r11_a_message_sent_again_is_one_message(wire: Wire) -> None:
    for _ in range(3):
        assert (await wire.post(wire.message("Hello", key="7")))[0] == 200
    answers = await asyncio.gather(*(wire.post(wire.message("Hello", key="7")) for _ in range(8)))
    assert {status for status, _ in answers} == {200}
    assert await wire.texts() == ["Hello"]
    assert len(await inputs(wire)) == 1


@pytest.mark.bar
async def test_r11_first_messages_that_come_at_once_are_all_kept_and_one_person_speaks(wire: Wire) -> None:
    answers = await asyncio.gather(*(wire.post(wire.message(f"line {n}", key=str(n))) for n in range(12)))
    assert {status for status, _ in answers} == {200}
    assert sorted(await wire.texts()) == sorted(f"line {n}" for n in range(12))
    async with wire.database.snapshot() as snapshot:
        assert len(await Contacts(snapshot).by_identity(IdentityKind.TEAMS, MEGANS)) == 1


@pytest.mark.bar
async def test_r11_what_comes_late_or_out_of_order_stands_where_it_came(wire: Wire) -> None:
    await wire.post(wire.message("second", key="2", timestamp="2026-03-02T10:00:02Z"))
    wire.clock.passes(hours=3)
    await wire.post(wire.message("first", key="1", timestamp="2026-03-02T10:00:01Z"))
    await wire.post(wire.message("second", key="2", timestamp="2026-03-02T10:00:02Z"))
    assert await wire.texts() == ["second", "first"]


async def test_the_same_id_in_two_conversations_is_two_messages(wire: Wire) -> None:
    await wire.post(wire.message("Hello", key="1"))
    await wire.post(wire.message("Hello too", key="1", conversation=GROUP))
    assert await wire.texts() == ["Hello"]
    assert await wire.texts(GROUP["id"]) == ["Hello too"]


async def test_who_joins_is_one_input_whichever_activity_tells(wire: Wire) -> None:
    await wire.post(wire.activity("conversationUpdate", membersAdded=[{"id": "28:bot"}], id="f:1"))
    await wire.post(wire.activity("installationUpdate", action="add", id="f:2"))
    assert [row.payload["kind"] for row in await inputs(wire)] == ["joined"]


@pytest.mark.parametrize("kind", ["event", "endOfConversation", "nonsense"])
async def test_what_the_desk_takes_no_part_in_is_accepted_and_forgotten(wire: Wire, kind: str) -> None:
    assert await wire.post(wire.activity(kind)) == (200, None)
    assert await inputs(wire) == []


@pytest.mark.bar
@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"\xff", b'{"type":7}', b'{"type":"message"}', b"[" * 100_000, b"x" * 300_000]
)
async def test_b12_what_is_no_activity_is_a_4xx(wire: Wire, raw: bytes) -> None:
    status, _ = await wire.post(None, token=wire.microsoft.token("", at=wire.clock()), raw=raw)
    assert 400 <= status < 500


@pytest.mark.bar
@pytest.mark.parametrize(
    "changes",
    [{"from": None}, {"conversation": {"tenantId": TENANT}}, {"id": None}, {"text": 7}, {"text": "x" * 40_000}],
)
async def test_b12_an_incomplete_activity_of_teams_own_is_a_400(wire: Wire, changes: dict[str, Any]) -> None:
    status, body = await wire.post(wire.message(**changes))
    assert status == 400
    assert body["error"]["code"].isidentifier()


class TestWhoSpeaks:
    async def test_a_newcomer_is_a_contact_with_their_name_and_vouched_for(self, wire: Wire) -> None:
        await wire.post(wire.message())
        known = await assurance(wire)
        async with wire.database.snapshot() as snapshot:
            [contact] = await Contacts(snapshot).by_identity(IdentityKind.TEAMS, MEGANS)
        assert (known.level, known.contact_id) == (Level.CHANNEL, contact.id)
        assert (contact.name, contact.language) == ("Megan Bowen", "en")

    async def test_who_is_on_file_is_recognised(self, wire: Wire) -> None:
        known = Identity(IdentityKind.TEAMS, MEGANS, "import", wire.clock())
        megan = Contact(UUID(int=7), "Megan of the store", "en", (known,))
        async with wire.database.unit_of_work() as work:
            Contacts(work).add(megan)
        await wire.post(wire.message())
        assert (await assurance(wire)).contact_id == megan.id

    @pytest.mark.bar
    async def test_s10_neither_name_nor_address_nor_another_tenants_id_is_the_person(self, wire: Wire) -> None:
        theirs = (
            Identity(IdentityKind.EMAIL, "megan@shop.example", "import", wire.clock()),
            Identity(IdentityKind.TEAMS, f"{'1' * 8}-1111-4111-8111-{'1' * 12}|{MEGAN}", "import", wire.clock()),
        )
        victim = Contact(UUID(int=7), "Megan Bowen", "en", theirs)
        async with wire.database.unit_of_work() as work:
            Contacts(work).add(victim)
        speaker: Any = {"id": "29:x", "name": "Megan Bowen", "aadObjectId": MEGAN, "email": "megan@shop.example"}
        await wire.post(wire.message(**{"from": speaker | {"userPrincipalName": "megan@shop.example"}}))
        assert (await assurance(wire)).contact_id != victim.id

    async def test_a_stronger_proof_of_somebody_else_is_not_undone_by_the_next_message(self, wire: Wire) -> None:
        ana = Contact(UUID(int=9), "Ana", "en")
        await wire.post(wire.message(key="1"))
        async with wire.database.unit_of_work() as work:
            Contacts(work).add(ana)
            await Assurances(work).verify(conversation(), ana.id, "code", at=wire.clock())
        await wire.post(wire.message(key="2"))
        assert (await assurance(wire)).contact_id == ana.id

    async def test_where_several_read_along_nobody_is_vouched_for(self, wire: Wire) -> None:
        await wire.post(wire.message(conversation=GROUP))
        assert (await assurance(wire, GROUP["id"])).level is Level.ANONYMOUS

    async def test_who_was_away_for_an_hour_is_known_again_at_once(self, wire: Wire) -> None:
        await wire.post(wire.message(key="1"))
        wire.clock.passes(hours=1)
        await wire.post(wire.message(key="2"))
        assert (await assurance(wire)).level is Level.CHANNEL


async def test_the_place_follows_the_service(wire: Wire) -> None:
    await wire.post(wire.message(key="1"))
    moved = f"{wire.microsoft.origin}/emea/"
    await wire.post(wire.message(key="2", serviceUrl=moved))
    async with wire.database.snapshot() as snapshot:
        [row] = await snapshot.rows(sa.select(teams_conversations))
    place = Place.from_json(row.place)
    assert (place.service_url, place.zone, place.tenant) == (moved, "Europe/London", TENANT)


class TestHappenings:
    async def test_they_are_notices_in_the_log_and_no_turn(self, wire: Wire) -> None:
        await wire.post(wire.message("My til is down", key="5"))
        for _ in range(2):
            await wire.post(wire.activity("messageUpdate", id="5", text="My till is down", timestamp="t1"))
            await wire.post(wire.activity("messageReaction", id="r", replyToId="5", reactionsAdded=[{"type": "like"}]))
            await wire.post(wire.activity("messageDelete", id="5", timestamp="t2"))
        log = await wire.log()
        assert [(one.kind, one.text) for one in log[1:]] == [
            (Kind.NOTICE, "Edited to: My till is down"),
            (Kind.NOTICE, "Reaction: like"),
            (Kind.NOTICE, "A message was deleted."),
        ]
        assert [one.value and one.value["of"] for one in log[1:]] == ["teams:5"] * 3
        assert len(await inputs(wire)) == 1

    async def test_two_edits_are_two_facts(self, wire: Wire) -> None:
        await wire.post(wire.message("a", key="5"))
        await wire.post(wire.activity("messageUpdate", id="5", text="b", timestamp="t1"))
        await wire.post(wire.activity("messageUpdate", id="5", text="c", timestamp="t2"))
        await wire.post(wire.activity("messageUpdate", id="5", text="b", timestamp="t3"))
        assert await wire.texts() == ["a", "Edited to: b", "Edited to: c", "Edited to: b"]

    async def test_about_a_conversation_nobody_knows_nothing_is_kept(self, wire: Wire) -> None:
        assert await wire.post(wire.activity("messageDelete", id="5")) == (200, None)
        assert await wire.log() == []

    async def test_that_somebody_writes_is_passed_on_and_not_kept(self, wire: Wire) -> None:
        assert await wire.post(wire.activity("typing")) == (200, None)
        assert [where for where, _ in wire.typed] == [conversation_id("a:megan")]
        assert await inputs(wire) == []


FORM = Card(
    title="Your address",
    inputs=(Input("email", "E-mail"), Input("when", "When", "choice", (Choice("Morning", "am"), Choice("Noon", "pm")))),
    submit=Choice("Send", "Here is my address"),
)


class TestInvokes:
    async def asked(self, wire: Wire, card: Card) -> None:
        """The bot has shown a card."""
        await wire.post(wire.message(key="0"))
        shown = Activity(
            kind=Kind.MESSAGE, channel="teams", conversation=conversation_id("a:megan"), sender=Sender(Role.BOT),
            key="turn:1:0", card=card,
        )  # fmt: skip
        async with wire.database.unit_of_work() as work:
            Activities(work).append(
                conversation(), key=shown.key, body=shown.to_json(), at=wire.clock(), channel="teams", deliver=False
            )

    def press(self, wire: Wire, key: str, **filled: str) -> dict[str, Any]:
        data = {"says": "Here is my address", "nightdesk": {"key": "turn:1:0"}, **filled}
        value = {"action": {"type": "Action.Execute", "verb": "nightdesk/say", "data": data}, "trigger": "manual"}
        return wire.activity("invoke", id=key, name="adaptiveCard/action", value=value, replyToId="card-1")

    @pytest.mark.bar
    async def test_r11_a_press_is_heard_once_and_the_card_shows_what_was_sent(self, wire: Wire) -> None:
        await self.asked(wire, FORM)
        for key in ("f:1", "f:1", "f:2"):  # Teams sends it again, at last under a new id
            status, body = await wire.post(self.press(wire, key, email="m@shop.example", when="pm"))
            assert status == 200
            assert (body["statusCode"], body["type"]) == (200, "application/vnd.microsoft.card.adaptive")
            assert body["value"]["actions"] == []
            assert {"title": "When", "value": "Noon"} in body["value"]["body"][-1]["facts"]
        [_, _, heard] = await wire.log()
        assert heard.value == {"says": "Here is my address", "email": "m@shop.example", "when": "pm"}

    @pytest.mark.parametrize("where", [None, GROUP])
    async def test_a_card_that_was_pressed_is_changed_for_everybody(self, wire: Wire, where: Any) -> None:
        """In a chat of two with what was filled in; where others read along, without."""
        at, told = ("a:megan", {}) if where is None else (GROUP["id"], {"conversation": where})
        await wire.post(wire.message(key="0", **told))
        shown = Activity(
            kind=Kind.MESSAGE, channel="teams", conversation=conversation_id(at), sender=Sender(Role.BOT),
            key="turn:1:0", card=FORM, choices=(Choice("Skip", "Skip it"),),
        )  # fmt: skip
        async with wire.database.unit_of_work() as work:
            body = shown.to_json()
            Activities(work).append(
                conversation(at), key=shown.key, body=body, at=wire.clock(), channel="teams", deliver=False
            )
        await wire.house.adapter.send(shown, key=shown.key)
        for key in ("f:1", "f:2"):
            await wire.post(self.press(wire, key, email="m@shop.example") | told)
        await Delivery(wire.database, wire.clock, wire.house.sends).run()
        [put] = [call for call in wire.microsoft.calls if call.method == "PUT"]
        card = put.body["attachments"][0]["content"]
        assert put.body["id"] == "sent-1"
        assert card["actions"] == []
        assert "✓ Send" in str(card["body"])
        assert ("m@shop.example" in str(card)) is (where is None)

    async def test_a_press_that_names_a_card_which_never_was_there_changes_none(self, wire: Wire) -> None:
        await self.asked(wire, FORM)
        await wire.post(self.press(wire, "f:1", email="m@shop.example"))
        await Delivery(wire.database, wire.clock, wire.house.sends).run()
        assert [call.method for call in wire.microsoft.calls] == []

    async def test_a_card_nobody_remembers_is_answered_all_the_same(self, wire: Wire) -> None:
        press = self.press(wire, "f:1")
        status, body = await wire.post(press)
        assert (status, body["statusCode"]) == (200, 200)
        assert await wire.texts() == ["Here is my address"]

    async def test_another_apps_verb_is_refused_in_the_protocols_words(self, wire: Wire) -> None:
        press = self.press(wire, "f:1")
        press["value"]["action"]["verb"] = "delete everything"
        status, body = await wire.post(press)
        assert (status, body["statusCode"], body["type"]) == (200, 400, "application/vnd.microsoft.error")
        assert await inputs(wire) == []

    @pytest.mark.parametrize(
        ("name", "status"),
        [
            ("task/fetch", 200),
            ("task/submit", 200),
            ("signin/verifyState", 200),
            ("signin/tokenExchange", 412),
            ("composeExtension/query", 200),
            ("composeExtension/submitAction", 200),
            ("message/submitAction", 200),
            ("fileConsent/invoke", 200),
            ("nobody/knows", 404),
        ],
    )
    async def test_every_other_invoke_has_its_answer(self, wire: Wire, name: str, status: int) -> None:
        document = wire.activity("invoke", id="f:1", name=name, value={"id": "x", "data": {"comments": "done"}})
        answered, body = await wire.post(document)
        assert answered == status
        assert isinstance(body, dict)

    async def test_an_invoke_without_a_name_is_malformed(self, wire: Wire) -> None:
        assert (await wire.post(wire.activity("invoke", id="f:1")))[0] == 400


def with_file(wire: Wire, name: str, *, key: str = "1", url: str = "") -> dict[str, Any]:
    content = {"downloadUrl": url or f"{wire.microsoft.origin}/files/{name}", "fileType": "txt", "uniqueId": "u"}
    return wire.message("see this", key=key, attachments=[{"contentType": DOWNLOAD, "name": name, "content": content}])


class TestFiles:
    async def test_a_file_is_fetched_after_the_answer_and_comes_with_its_message(self, wire: Wire) -> None:
        wire.microsoft.files["photo.html"] = (200, b"<script>", {"Content-Type": "text/html"})
        assert await wire.post(with_file(wire, "photo.html")) == (200, None)
        await wire.house.rounds.idle()
        [heard] = await wire.log()
        [file] = heard.attachments
        assert (heard.text, file.name, file.size) == ("see this", "photo.html", 8)
        async with wire.database.snapshot() as snapshot:
            stored = await read_file(snapshot, conversation(), UUID(file.id))
        assert stored is not None
        assert stored[1] == b"<script>"
        assert wire.microsoft.seen == [("photo.html", "")], "the address is good by itself: no token goes there"

    async def test_what_is_said_next_stands_behind_it(self, wire: Wire) -> None:
        wire.microsoft.files["slow.txt"] = (500, b"", {})
        await wire.post(with_file(wire, "slow.txt", key="1"))
        await asyncio.sleep(0.2)
        await wire.post(wire.message("and then", key="2"))
        assert await wire.texts() == []

        wire.microsoft.files["slow.txt"] = (200, b"here", {})
        wire.clock.passes(seconds=2)
        await wire.house.rounds.sweep()
        await wire.house.rounds.idle()
        assert await wire.texts() == ["see this", "and then"]
        await wire.post(wire.message("later", key="3"))
        assert await wire.texts() == ["see this", "and then", "later"]

    async def test_a_file_that_is_not_to_be_had_is_a_name_among_the_words(self, wire: Wire) -> None:
        await wire.post(with_file(wire, "gone.txt"))
        await wire.house.rounds.idle()
        [heard] = await wire.log()
        assert (heard.text, heard.attachments) == ("see this\n[gone.txt]", ())

    async def test_a_server_that_never_recovers_costs_the_file_and_not_the_message(self, wire: Wire) -> None:
        wire.microsoft.files["down.txt"] = (503, b"", {})
        await wire.post(with_file(wire, "down.txt"))
        for _ in range(6):
            await wire.house.rounds.idle()
            wire.clock.passes(seconds=30)
            await wire.house.rounds.sweep()
        await wire.house.rounds.idle()
        assert await wire.texts() == ["see this\n[down.txt]"]

    @pytest.mark.bar
    async def test_r11_a_message_with_a_file_sent_again_is_one_message(self, wire: Wire) -> None:
        wire.microsoft.files["a.txt"] = (200, b"a", {})
        for _ in range(3):
            await wire.post(with_file(wire, "a.txt"))
        await wire.house.rounds.idle()
        await wire.post(with_file(wire, "a.txt"))
        await wire.house.rounds.idle()
        assert await wire.texts() == ["see this"]

    async def test_what_waited_when_the_desk_died_is_taken_up_after_it(self, wire: Wire) -> None:
        wire.microsoft.files["a.txt"] = (200, b"a", {})
        wire.house.rounds.notice = lambda conversation: None  # type: ignore[method-assign]
        await wire.post(with_file(wire, "a.txt"))
        assert await wire.log() == []
        del wire.house.rounds.notice
        await wire.house.rounds.sweep()
        await wire.house.rounds.idle()
        assert await wire.texts() == ["see this"]
        async with wire.database.snapshot() as snapshot:
            assert await snapshot.rows(sa.select(teams_arrivals)) == []

    async def test_a_picture_of_teams_own_is_fetched_with_our_token_and_no_other(self, wire: Wire) -> None:
        wire.microsoft.files["mine"] = (200, b"png", {"Content-Type": "image/png"})
        elsewhere = wire.microsoft.origin.replace("127.0.0.1", "localhost")
        pictures = [
            {"contentType": "image/*", "contentUrl": f"{origin}/files/mine"}
            for origin in (wire.microsoft.origin, elsewhere)
        ]
        await wire.post(wire.message("look", attachments=pictures))
        await wire.house.rounds.idle()
        [heard] = await wire.log()
        assert [file.content_type for file in heard.attachments] == ["image/png"] * 2
        assert wire.microsoft.seen == [("mine", "Bearer ours-1"), ("mine", "")]

    async def test_a_file_of_ours_goes_where_they_said_yes_to_once(self, wire: Wire) -> None:
        await wire.post(wire.message(key="0"))
        cabinet = FileCabinet(wire.database, wire.clock)
        where = conversation_id("a:megan")
        file = await cabinet.put(where, name="label.pdf", content_type="application/pdf", content=b"%PDF")
        upload = {
            "uploadUrl": f"{wire.microsoft.origin}/upload/label.pdf", "contentUrl": "https://contoso.example/label.pdf",
            "name": "label.pdf", "uniqueId": "u1", "fileType": "pdf",
        }  # fmt: skip
        value = {"type": "fileUpload", "action": "accept", "context": {"file": file.id}, "uploadInfo": upload}
        for key in ("f:1", "f:2"):
            assert (await wire.post(wire.activity("invoke", id=key, name="fileConsent/invoke", value=value)))[0] == 200
            await wire.house.rounds.idle()
        assert wire.microsoft.uploads == {"label.pdf": b"%PDF"}
        [shown] = wire.microsoft.said
        assert shown["attachments"][0]["content"] == {"uniqueId": "u1", "fileType": "pdf"}

    async def test_somebody_elses_file_goes_nowhere(self, wire: Wire) -> None:
        await wire.post(wire.message(key="0", conversation=GROUP))
        cabinet = FileCabinet(wire.database, wire.clock)
        theirs = await cabinet.put(conversation_id(GROUP["id"]), name="a", content_type="a/b", content=b"secret")
        value = {
            "action": "accept", "context": {"file": theirs.id},
            "uploadInfo": {"uploadUrl": f"{wire.microsoft.origin}/upload/stolen"},
        }  # fmt: skip
        await wire.post(wire.activity("invoke", id="f:1", name="fileConsent/invoke", value=value))
        await wire.house.rounds.idle()
        assert wire.microsoft.uploads == {}


def with_files(wire: Wire, *names: str, **changes: Any) -> dict[str, Any]:
    each = [with_file(wire, name)["attachments"][0] for name in names]
    return wire.message("see these", attachments=each, **changes)


class TestFilesAreHadOneByOne:
    async def test_never_more_at_once_than_allowed_over_all_conversations(self, database: Database) -> None:
        async with open_wire(database, fetch=replace(LOOPBACK_FILES, at_once_max=3)) as wire:
            wire.microsoft.files["a.txt"] = (200, b"a", {})
            wire.microsoft.files_go.clear()
            for number in range(10):
                here = {"conversationType": "personal", "id": f"a:{number}", "tenantId": TENANT}
                await wire.post(with_files(wire, "a.txt", "a.txt", conversation=here))
            while wire.microsoft.files_under_way[-1] < 3:  # noqa: ASYNC110 (the far side counts)
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)  # the others had their chance
            wire.microsoft.files_go.set()
            await wire.house.rounds.idle()
            assert max(wire.microsoft.files_under_way) == 3
            for number in range(10):
                [heard] = await wire.log(f"a:{number}")
                assert len(heard.attachments) == 2

    async def test_one_message_has_room_for_so_much_and_the_rest_are_names(self, database: Database) -> None:
        async with open_wire(database, fetch=replace(LOOPBACK_FILES, total_max=150_000)) as wire:
            for name, size in (("a", 80_000), ("b", 80_000), ("c", 10)):
                wire.microsoft.files[name] = (200, b"x" * size, {})
            await wire.post(with_files(wire, "a", "b", "c"))
            await wire.house.rounds.idle()
            [heard] = await wire.log()
            assert [file.name for file in heard.attachments] == ["a", "c"]
            assert heard.text == "see these\n[b]"

    async def test_what_is_had_is_not_asked_for_again_when_the_next_one_fails(self, wire: Wire) -> None:
        wire.microsoft.files |= {"a": (200, b"a", {}), "b": (503, b"", {})}
        await wire.post(with_files(wire, "a", "b"))
        await given_up(wire)
        assert [name for name, _ in wire.microsoft.seen].count("a") == 1
        [heard] = await wire.log()
        assert ([file.name for file in heard.attachments], heard.text) == (["a"], "see these\n[b]")
        async with wire.database.snapshot() as snapshot:
            assert len(await snapshot.rows(sa.select(files.c.id))) == 1


class TestNobodyFloodsTheDesk:
    """Messages, edits, reactions and deletions count alike, by person."""

    async def sends(self, wire: Wire, kinds: int) -> list[int]:
        answers = []
        for number in range(kinds):
            document = [
                wire.message(f"line {number}", key=f"m{number}"),
                wire.activity("messageUpdate", id="m0", text=f"new {number}", timestamp=str(number)),
                wire.activity("messageReaction", id=f"r{number}", replyToId="m0", reactionsAdded=[{"type": "like"}]),
                wire.activity("messageDelete", id="m0", timestamp=str(number)),
            ][number % 4]
            answers.append((await wire.post(document))[0])
        return answers

    async def test_beyond_the_share_it_is_429_until_there_is_room_again(self, wire: Wire) -> None:
        answers = await self.sends(wire, PER_PERSON.burst + 8)
        assert answers == [200] * PER_PERSON.burst + [429] * 8
        kept = len(await wire.log())
        document = wire.activity("messageUpdate", id="m0", text="once more", timestamp="later")
        status, body = await wire.post(document)
        assert (status, body["error"]["code"]) == (429, "TooManyRequests")
        assert len(await wire.log()) == kept

        li = {"id": "29:li", "name": "Li", "aadObjectId": "aaaaaaaa-3d56-4244-b585-20c8a42ed2b8"}
        here = {"conversationType": "personal", "id": "a:li", "tenantId": TENANT}
        assert (await wire.post(wire.message("Hello", **{"from": li, "conversation": here})))[0] == 200
        wire.clock.passes(seconds=1)
        assert (await wire.post(document))[0] == 200


async def given_up(wire: Wire) -> None:
    """All the tries there are."""
    for _ in range(6):
        await wire.house.rounds.idle()
        wire.clock.passes(seconds=30)
        await wire.house.rounds.sweep()
    await wire.house.rounds.idle()


async def waiting(wire: Wire) -> list[Any]:
    async with wire.database.snapshot() as snapshot:
        return list(await snapshot.rows(sa.select(teams_arrivals)))


class TestNothingSilencesAConversation:
    @pytest.mark.parametrize("location", ["https://[", "http://[::1", "//[x"])
    async def test_a_file_that_is_sent_on_to_nowhere_is_a_name(self, wire: Wire, location: str) -> None:
        wire.microsoft.files["r"] = (302, b"", {"Location": location})
        await wire.post(with_file(wire, "r"))
        await wire.house.rounds.idle()
        assert await wire.texts() == ["see this\n[r]"], "and at once: trying again would change nothing"

    @pytest.mark.parametrize("url", ["http://a..b/", "http://exa mple/", "http://℀.com/", f"http://{'a' * 70}.com/"])
    async def test_nor_does_an_address_that_is_none(self, wire: Wire, url: str) -> None:
        await wire.post(with_file(wire, "odd.txt", url=url))
        await given_up(wire)
        await wire.post(wire.message("and then", key="2"))
        assert await wire.texts() == ["see this\n[odd.txt]", "and then"]

    async def test_nor_a_fault_of_ours(self, wire: Wire) -> None:
        wire.microsoft.files["a.txt"] = (200, b"a", {})

        async def broken(*_: Any, **__: Any) -> Any:
            raise RuntimeError("a fault")

        wire.house.rounds._files.put = broken  # type: ignore[method-assign]
        await wire.post(with_file(wire, "a.txt"))
        await wire.house.rounds.idle()
        await wire.post(wire.message("and then", key="2"))
        await given_up(wire)
        assert await wire.texts() == ["see this\n[a.txt]", "and then"]
        assert await waiting(wire) == []

    async def test_nor_a_yes_to_no_file(self, wire: Wire) -> None:
        value = {"type": "fileUpload", "action": "accept", "context": {"file": "not-a-file"}, "uploadInfo": {}}
        assert (await wire.post(wire.activity("invoke", id="f", name="fileConsent/invoke", value=value)))[0] == 200
        assert await waiting(wire) == []
        assert await FileCabinet(wire.database, wire.clock).get(conversation_id("a:megan"), "not-a-file") is None


class TestAFileOfOurs:
    async def yes(self, wire: Wire, where: str = "label.pdf") -> None:
        await wire.post(wire.message(key="0"))
        cabinet = FileCabinet(wire.database, wire.clock)
        here = conversation_id("a:megan")
        file = await cabinet.put(here, name="label.pdf", content_type="application/pdf", content=b"%PDF")
        async with wire.database.unit_of_work() as work:
            Departments(work).add(Department("store-support", "Store support"))
        async with wire.database.unit_of_work() as work:
            asked = Opening(subject="Label", description="Label", department="store-support", conversation=UUID(here))
            case = await open_case(work, asked, by=SYSTEM, at=wire.clock())
            await hand_over(work, UUID(here), case, reason="asked_for_person", summary={}, by=SYSTEM, at=wire.clock())
        upload = {"uploadUrl": f"{wire.microsoft.origin}/{where}", "contentUrl": "https://contoso.example/l"}
        value = {"type": "fileUpload", "action": "accept", "context": {"file": file.id}, "uploadInfo": upload}
        await wire.post(wire.activity("invoke", id="f:1", name="fileConsent/invoke", value=value))
        await given_up(wire)

    async def notes(self, wire: Wire) -> list[str]:
        async with wire.database.snapshot() as snapshot:
            events = await snapshot.rows(sa.select(case_events))
        return [str(row.data) for row in events if row.kind == "NoteAdded"]

    @pytest.mark.parametrize("status", [408, 500, 502, 504])
    async def test_a_card_that_may_have_arrived_is_not_sent_again(self, wire: Wire, status: int) -> None:
        wire.microsoft.replies.append(Reply(status))
        await self.yes(wire, "upload/label.pdf")
        assert wire.microsoft.uploads == {"label.pdf": b"%PDF"}
        assert wire.microsoft.said == []

    async def test_a_file_that_cannot_be_left_is_told_to_who_works_on_the_case(self, wire: Wire) -> None:
        await self.yes(wire, "nowhere")
        [note] = await self.notes(wire)
        assert "could not be left" in note
        assert await waiting(wire) == []


async def test_what_waits_is_asked_of_the_database_and_not_of_memory(database: Database) -> None:
    """After a restart, or by another process, nobody remembers that a file is under way."""
    async with open_wire(database) as before:
        before.house.rounds.notice = lambda conversation: None  # type: ignore[method-assign]
        before.microsoft.files["slow.txt"] = (200, b"here", {})
        await before.post(with_file(before, "slow.txt"))
        async with open_wire(database) as after:
            await after.post(after.message("and then", key="2"))
            await after.house.rounds.idle()
            assert await after.texts() in (["see this"], ["see this", "and then"])
            await after.house.rounds.sweep()
            await after.house.rounds.idle()
            assert await after.texts() == ["see this", "and then"]


class TestTakenAwayAndGivenAgain:
    async def row(self, wire: Wire) -> Any:
        async with wire.database.snapshot() as snapshot:
            [row] = await snapshot.rows(sa.select(teams_conversations))
        return row

    async def test_they_are_reachable_where_they_are_now_and_greeted_once_more(self, wire: Wire) -> None:
        joined = wire.activity("conversationUpdate", membersAdded=[{"id": f"28:{APP_ID}"}])
        for _ in range(2):
            await wire.post(joined)
            await wire.post(wire.activity("installationUpdate", action="remove"))
            await wire.post(wire.activity("conversationUpdate", membersRemoved=[{"id": f"28:{APP_ID}"}]))
            assert (await self.row(wire)).unreachable_at is not None
            await wire.post(wire.activity("installationUpdate", action="add", locale="de-DE"))
            await wire.post({**joined, "locale": "de-DE"})
            row = await self.row(wire)
            assert (row.unreachable_at, row.place["locale"]) == (None, "de-DE")
        assert [row.key for row in await inputs(wire)] == ["joined", "joined:1", "joined:2"]

    async def test_a_new_package_greets_nobody_anew_also_when_the_greeting_is_long_forgotten(self, wire: Wire) -> None:
        await wire.post(wire.activity("installationUpdate", action="add"))
        wire.clock.passes(days=40)
        await Forgetting(wire.database, b"secret", wire.clock).run()
        async with wire.database.unit_of_work() as work:
            work.write(sa.delete(inbox))  # as if it had been answered, and forgotten with the rest
        for _ in range(2):
            assert await wire.post(wire.activity("installationUpdate", action="remove-upgrade")) == (200, None)
            assert (await self.row(wire)).unreachable_at is None
            moved = wire.activity("installationUpdate", action="add-upgrade", locale="de-DE")
            assert await wire.post(moved) == (200, None)
            row = await self.row(wire)
            assert (row.place["locale"], row.place.get("removals", 0)) == ("de-DE", 0)
        assert await inputs(wire) == []

    async def test_a_late_word_of_it_moves_the_place_as_well(self, wire: Wire) -> None:
        added = wire.activity("installationUpdate", action="add")
        await wire.post(added)
        await wire.post({**added, "locale": "de-DE"})
        assert (await self.row(wire)).place["locale"] == "de-DE"
        assert len(await inputs(wire)) == 1
