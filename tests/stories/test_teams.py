"""Megan works at a store and writes in Teams: the same bot, the same cases, the same people."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from app.articles import refresh_index
from app.demo.mailbox import DemoMailbox
from app.http.teams import PATH
from app.reception import FileCabinet
from app.settings import Settings
from app.wiring import build
from bot.understanding import Understander
from caseengine.agents import Agents
from caseengine.model.actor import SYSTEM
from caseengine.model.errors import SentBefore
from caseengine.operations.assigning import assign
from caseengine.operations.opening import Opening, open_case
from caseengine.rulebooks import Rulebook, decide
from channels.teams.place import conversation_id
from channels.webchat import cards as webchat
from customers.accounts import Account, Accounts
from customers.accounts import Role as AccountRole
from customers.assurance import Assurances, Level
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from knowledge.retrieval.encoder import BackgroundEncoder
from tests.channels.teams.peer import APP_ID, MEGAN, PASSWORD, TENANT, Microsoft, Reply, activity, conversation
from tests.desk import NUMBER, Clock, Desk


class Megan:
    """In her chat with the bot, by way of Microsoft."""

    def __init__(self, desk: Desk, microsoft: Microsoft, http: ClientSession, url: str) -> None:
        self.desk, self.microsoft = desk, microsoft
        self._http, self._url = http, url
        self._seen = 0
        self.last: list[Any] = []

    async def does(self, kind: str, **changes: Any) -> Any:
        """Whatever Teams sends of her; what was answered at once."""
        document = activity(kind, self.microsoft.service_url, **{"id": uuid4().hex, **changes})
        token = self.microsoft.token(document["serviceUrl"], at=self.desk.clock())
        headers = {"Authorization": f"Bearer {token}"}
        async with self._http.post(self._url, json=document, headers=headers) as response:
            assert response.status == 200, await response.text()
            answered = await response.json() if response.content_length else None
        await self.hears()
        return answered

    async def says(self, text: str, **changes: Any) -> None:
        await self.does("message", text=text, **changes)

    async def hears(self) -> list[Any]:
        await self.desk.settle()
        self.last = self.microsoft.said[self._seen :]
        self._seen = len(self.microsoft.said)
        return self.last

    async def opens(self, department: str) -> None:
        """Whatever is asked on the way to the number."""
        for _ in range(5):
            if NUMBER.search(self.heard):
                return
            await self.says(department if "What is it about" in self.heard else "Yes, open it")

    @property
    def heard(self) -> str:
        return "\n".join(one.get("text", "") for one in self.last)

    @property
    def offered(self) -> list[str]:
        actions = [one["suggestedActions"]["actions"] for one in self.last if "suggestedActions" in one]
        cards = [card["content"]["actions"] for one in self.last for card in one.get("attachments", ())]
        return [action["title"] for listed in [*actions, *cards] for action in listed]

    @property
    def number(self) -> str:
        found = NUMBER.search(self.heard)
        assert found is not None, self.heard
        return found.group()


@pytest.fixture
async def megan(
    company: Path, encoder: BackgroundEncoder, understander: Understander, tmp_path: Path
) -> AsyncIterator[Megan]:
    folder = tmp_path / "data"
    shutil.copytree(company, folder)
    clock, mailbox, microsoft = Clock(), DemoMailbox(), Microsoft()
    await mailbox.start()
    await microsoft.server.start_server()
    teams = {
        "teams_app_id": APP_ID,
        "teams_app_password": PASSWORD,
        "teams_tenants": TENANT,
        "teams_service_hosts": microsoft.origin,
        "teams_openid_url": f"{microsoft.origin}/openid",
        "teams_token_url": f"{microsoft.origin}/token",
    }
    settings = Settings.model_validate({"data": folder, "demo": True, **teams})
    house = build(settings, now=clock, encoder=encoder, understander=understander, mailbox=mailbox)
    await house.directory.refresh()
    await refresh_index(house.database, house.index, encoder)
    server = TestServer(house.application)
    await server.start_server()
    try:
        async with ClientSession() as http:
            yield Megan(Desk(house, clock), microsoft, http, str(server.make_url(PATH)))
    finally:
        microsoft.let_go.set()
        await house.turns.stop(5.0)
        assert house.teams is not None
        await house.teams.close()
        await server.close()
        await microsoft.server.close()
        await mailbox.stop()
        await house.database.close()


async def test_she_is_greeted_once_by_name_and_no_case_is_opened(megan: Megan) -> None:
    await megan.does("conversationUpdate", membersAdded=[{"id": f"28:{APP_ID}"}, {"id": "29:megan"}])
    assert "Megan Bowen" in megan.heard
    await megan.does("installationUpdate", action="add")
    assert megan.heard == ""
    assert NUMBER.search(str(megan.microsoft.said)) is None


async def test_her_case_goes_to_a_person_who_answers_where_she_is(megan: Megan) -> None:
    marcus = await megan.desk.agent("Marcus")
    await megan.says("Please open a case: our bread delivery never came")
    await megan.opens("Deliveries")
    number = megan.number

    await megan.says("I want to talk to a person")
    await marcus.takes(number)
    await marcus.replies(number, "On my way, **do not** restart it.")
    await megan.hears()
    assert f"**{marcus.name}:** On my way, **do not** restart it." in megan.heard

    await megan.does("messageUpdate", id="7", text="All of the bread")
    assert megan.heard == "", "an edit is no turn"
    history = await megan.desk.timeline(number)
    assert history[-1].startswith("NoteAdded"), history


async def test_an_agents_file_is_offered_to_her_for_her_own_storage(megan: Megan) -> None:
    marcus = await megan.desk.agent("Marcus")
    await megan.says("Please open a case: our bread delivery never came")
    await megan.opens("Deliveries")
    await marcus.sends_file(megan.number, "Stick this on.", "label.pdf", b"%PDF")

    (said,) = await megan.hears()
    (consent,) = said["attachments"]
    assert (consent["name"], consent["content"]["sizeInBytes"]) == ("label.pdf", 4)
    file = consent["content"]["acceptContext"]["file"]
    cabinet = FileCabinet(megan.desk.house.database, megan.desk.clock)
    found = await cabinet.get(conversation_id("a:megan"), file)
    assert found is not None, "what she agrees to is found in her conversation"
    assert found[1] == b"%PDF"


async def test_she_asks_for_her_cases_without_a_code_and_a_stranger_does_not_get_them(megan: Megan) -> None:
    await megan.says("Our freezer alarm does not stop, please open a case")
    await megan.opens("Store support")
    number = megan.number
    megan.desk.clock.passes(hours=2)
    await megan.says("Where does my case stand?")
    assert number in megan.heard

    group = {"id": "19:all@thread.v2", "conversationType": "groupChat", "isGroup": True, "tenantId": TENANT}
    await megan.says(f"What is the status of {number}?", conversation=group)
    assert "freezer" not in megan.heard.lower()


async def test_who_manages_a_store_is_offered_a_proof_and_then_sees_what_its_people_reported(megan: Megan) -> None:
    desk, address = megan.desk, "megan@corner.test"
    on_file = [
        Identity(IdentityKind.TEAMS, f"{TENANT}|{MEGAN}", "test", desk.clock()),
        Identity(IdentityKind.EMAIL, address, "test", desk.clock()),
    ]
    store = Account(uuid4(), None, "store", "Corner shop", "S-1")
    manager = Contact(uuid4(), "Megan Bowen", "en", tuple(on_file), roles=((store.id, AccountRole.MANAGER),))
    member = Contact(uuid4(), "Col", "en", (), roles=((store.id, AccountRole.MEMBER),))
    async with desk.house.database.unit_of_work() as work:
        Accounts(work).add(store)
    async with desk.house.database.unit_of_work() as work:
        Contacts(work).add(manager)
        Contacts(work).add(member)
        about: dict[str, Any] = {"subject": "Freezer warm", "description": "It thaws", "department": "store-support"}
        opening = Opening(**about, contact_id=member.id, account_id=store.id)
        theirs = (await open_case(work, opening, by=SYSTEM, at=desk.clock())).number

    await megan.says("What are my cases?")
    assert "no cases of your own" in megan.heard
    assert theirs not in str(megan.last)
    assert "Show who I am" in megan.offered

    await megan.says("Please open a case: our bread delivery never came")
    await megan.opens("Deliveries")
    hers = megan.number
    await megan.says("What are my cases?")
    assert hers in megan.heard
    assert theirs not in str(megan.last)
    assert "stores or accounts you manage" in megan.heard

    await megan.says("Show who I am")
    await megan.says(address)
    await megan.says(desk.code_sent_to(address))
    assert hers in megan.heard
    shown = [one for one in megan.last if theirs in str(one)]
    assert "Freezer warm" in str(shown)
    assert [one for one in shown if one.get("attachments")], "as a card"
    assert "stores or accounts you manage" not in megan.heard, "all is shown"


async def test_when_she_blocked_the_bot_the_agent_reads_it_on_the_case(megan: Megan) -> None:
    li = await megan.desk.agent("Li")
    await megan.says("I want to talk to a person about my delivery")
    number = megan.number
    await li.takes(number)
    await megan.hears()
    megan.microsoft.replies.append(Reply(403, {"error": {"code": "MessageWritesBlocked"}}))
    await li.replies(number, "Hello?")
    view = await megan.desk.timeline(number)
    assert [line.split()[0] for line in view[-2:]] == ["NoteAdded", "DeliveryGivenUp"], view


async def test_what_may_not_have_reached_her_is_seen_and_an_agent_sends_it_again_once(megan: Megan) -> None:
    li = await megan.desk.agent("Li")
    await megan.says("I want to talk to a person about my delivery")
    number = megan.number
    await li.takes(number)
    await megan.hears()
    megan.microsoft.replies.append(Reply(502))
    await li.replies(number, "It comes at **noon**.")
    view = await megan.desk.timeline(number)
    assert view[-1].startswith("DeliveryDoubted"), view
    await megan.hears()
    before = len(megan.microsoft.said)

    await li.sends_again(number, len(view))
    await megan.hears()
    assert len(megan.microsoft.said) == before + 1
    assert "It comes at **noon**." in megan.heard
    assert (await megan.desk.timeline(number))[-1].startswith("SentAgain")
    with pytest.raises(SentBefore):
        await li.sends_again(number, len(view))


class TestTheBoard:
    """Megan has two jobs: in these stories her company put her down as an agent, too."""

    async def works_as(self, megan: Megan, name: str) -> None:
        worker = await megan.desk.agent(name, there=False)
        async with megan.desk.house.database.unit_of_work() as work:
            Agents(work).change(replace(worker.agent, teams=f"{TENANT}|{MEGAN}"))

    def board(self, megan: Megan) -> dict[str, str]:
        cards = [card["content"] for one in megan.last for card in one.get("attachments", ())]
        sets = [part for card in cards for part in card["body"] if part["type"] == "FactSet"]
        return {fact["title"]: fact["value"] for listed in sets for fact in listed["facts"]}

    async def test_a_supervisor_asks_for_all_or_one(self, megan: Megan) -> None:
        await megan.says("board")
        assert self.board(megan) == {}, "so far she is a customer"
        await self.works_as(megan, "Grace")
        await megan.says("board")
        before = self.board(megan)
        await megan.says("Please open a case: our bread delivery never came")
        await megan.opens("Deliveries")
        await megan.says("Board deliveries")
        deliveries = self.board(megan)
        await megan.says("board")
        after = self.board(megan)
        for name in ("Open", "With nobody"):
            assert int(after[name]) == int(before[name]) + 1
        each = [deliveries[name] for name in ("Open", "Overdue", "Due within two hours", "With nobody")]
        assert after["Deliveries"] == " · ".join(each)
        await megan.says("board of directors")
        assert 'no department "of directors"' in megan.heard
        group = {"id": "19:all@thread.v2", "conversationType": "groupChat", "isGroup": True, "tenantId": TENANT}
        await megan.says("board", conversation=group)
        assert self.board(megan) == {}, "several read along"

    async def test_an_agent_sees_their_own_departments_alone(self, megan: Megan) -> None:
        await self.works_as(megan, "Fiona")
        await megan.says("board")
        tills = self.board(megan)
        await megan.says("Please open a case: our bread delivery never came")
        await megan.opens("Deliveries")
        await megan.says("board")
        assert self.board(megan) == tills
        assert "Deliveries" not in tills
        await megan.says("board deliveries")
        assert 'no department "deliveries"' in megan.heard

    async def test_an_agent_of_the_whole_desk_gets_a_card(self, megan: Megan) -> None:
        customer = await megan.desk.visitor()
        await customer.says("I want to talk to a person about my delivery")
        await self.works_as(megan, "Grace")
        assert megan.desk.house.teams is not None
        cards = megan.desk.house.teams.cards
        assert cards is not None
        await cards.run()
        await megan.does("installationUpdate", action="add")
        li, grace = await megan.desk.agent("Li"), await megan.desk.agent("Grace", there=False)
        number = customer.number
        for by in (grace, li):
            async with megan.desk.house.database.unit_of_work() as work:
                await assign(work, number, grace.agent.id, by=by.agent.actor, at=megan.desk.clock())
            async with megan.desk.house.database.unit_of_work() as work:
                await assign(work, number, li.agent.id, by=grace.agent.actor, at=megan.desk.clock())
        async with megan.desk.house.database.unit_of_work() as work:
            await assign(work, number, grace.agent.id, by=li.agent.actor, at=megan.desk.clock())
        await cards.run()
        sent = await megan.hears()
        assert len(sent) == 2, "one for each time somebody else gave it to her"
        assert all(number in str(one["attachments"][0]) for one in sent)


async def test_an_agent_accepts_by_card_what_routing_offers_and_the_customer_hears_who_has_joined(megan: Megan) -> None:
    desk = megan.desk
    await megan.does("installationUpdate", action="add")
    house, cards = desk.house, desk.house.teams.cards if desk.house.teams else None
    assert cards is not None
    await cards.run()
    marcus = await desk.agent("Marcus")
    async with house.database.unit_of_work() as work:
        Agents(work).change(replace(marcus.agent, teams=f"{TENANT}|{MEGAN}"))
        offered = {"departments": {"deliveries": {"mode": "offer", "offer_s": 600}}}
        await decide(work, Rulebook.ROUTING, offered, by=SYSTEM, at=desk.clock())
    customer = await desk.visitor()
    await customer.says("I want to talk to a person about my bread delivery")
    number = customer.number
    await house.routing.run()
    await cards.run()
    await megan.hears()
    came = [one["attachments"][0]["content"] for one in megan.last]  # of older cases that wait, too
    card = next(one for one in came if number in one["body"][0]["text"].replace("\\", ""))
    accept = next(action for action in card["actions"] if action["title"] == "Accept")
    value = {"action": {"verb": accept["verb"], "data": accept["data"]}}
    answered = await megan.does("invoke", name="adaptiveCard/action", value=value, replyToId="1")
    assert "It is yours now" in str(answered["value"]["body"])
    assert (await desk.case(number)).row.agent_id == marcus.agent.id
    await customer.hears()
    assert f"{marcus.name} has joined" in customer.heard
    put = megan.microsoft.calls[-1]
    assert put.method == "PUT"
    assert "It is yours now" in str(put.body)


class TestCasesAsCards:
    def card(self, megan: Megan, title: str) -> tuple[Any, Any]:
        """The card that has such a button, and the button."""
        found = [card["content"] for one in megan.last for card in one.get("attachments", ())]
        return next((one, act) for one in found for act in one["actions"] if act["title"] == title)

    async def presses(self, megan: Megan, title: str) -> Any:
        _, action = self.card(megan, title)
        value = {"action": {"verb": action["verb"], "data": action["data"]}}
        return await megan.does("invoke", name="adaptiveCard/action", value=value, replyToId="1")

    async def test_a_retailers_staff_add_confirm_and_reopen_from_their_cards(self, megan: Megan) -> None:
        await megan.says("Our freezer alarm does not stop, please open a case")
        await megan.opens("Store support")
        number = megan.number
        await megan.says("Where does my case stand?")
        assert number in megan.heard

        answered = await self.presses(megan, "Add to my case")
        assert "Add to my case" in str(answered["value"]["body"])
        assert answered["value"]["actions"] == []
        assert [call.method for call in megan.microsoft.calls].count("PUT") == 1, "it is changed for everybody"
        assert "What shall I add" in megan.heard
        await megan.says("It rings since seven in the morning.")
        assert "is on case" in megan.heard

        grace = await megan.desk.agent("Grace")
        await grace.takes(number)
        await grace.resolves(number, "Reset the sensor")
        await megan.hears()
        await megan.says("Where do my cases stand?")
        await self.presses(megan, "Take it up again")
        assert (await megan.desk.case(number)).row.status == "open"

        await grace.resolves(number, "A new sensor")
        await megan.hears()
        await megan.says("Status of my cases")
        await self.presses(megan, "It is solved")
        await megan.says("Yes")
        assert (await megan.desk.case(number)).row.status == "closed"

    def facts(self, megan: Megan) -> list[dict[str, str]]:
        """What the cards tell, one after another."""
        cards = [card["content"] for one in megan.last for card in one.get("attachments", ())]
        sets = [part["facts"] for card in cards for part in card["body"] if part["type"] == "FactSet"]
        return [{fact["title"]: fact["value"] for fact in listed} for listed in sets]

    async def test_her_cases_come_as_cards_a_page_at_a_time_and_one_is_opened(self, megan: Megan) -> None:
        await megan.says("Hello")
        numbers = []
        for name in "ABCDEFG":
            megan.desk.clock.passes(minutes=1)
            async with megan.desk.house.database.unit_of_work() as work:
                proved = await Assurances(work).of(conversation(), at=megan.desk.clock())
                told: Any = {"subject": f"Shop {name} has no bread", "description": "-", "department": "deliveries"}
                wanted = Opening(**told, contact_id=proved.contact_id)
                numbers.append((await open_case(work, wanted, by=SYSTEM, at=megan.desk.clock())).number)
        await megan.says("Where do my cases stand?")
        assert "(5 of 7)" in megan.heard
        shown = self.facts(megan)
        assert [one["Case"].replace("\\", "") for one in shown] == numbers[:1:-1]
        assert set(shown[0]) == {"Case", "Status", "With", "Next update by"}
        assert (shown[0]["Status"], shown[0]["With"]) == ("New, waiting for a colleague", "Deliveries")
        assert megan.offered.count("Open") == 5
        said = await megan.desk.history.after(str(conversation()), 0)
        in_web_chat = [webchat.content(one.card)["body"] for one in said if one.card is not None]
        assert next(fact["value"] for part in in_web_chat[0] for fact in part["facts"]) == numbers[-1]

        await megan.says(self.says(megan, "More of my cases"))
        assert "Your cases 6 to 7 of 7" in megan.heard
        assert [one["Case"].replace("\\", "") for one in self.facts(megan)] == numbers[1::-1]
        assert "More of my cases" not in megan.offered

        await self.presses(megan, "Open")
        [whole] = self.facts(megan)
        assert whole["Case"] == numbers[1]
        assert whole["Opened"].startswith("today at")
        assert "Add to my case" in megan.offered
        assert "Open" not in megan.offered
        await megan.says(f"More of my cases after {numbers[0]}")
        assert "(5 of 7)" in megan.heard, "there is nothing behind the last: the list begins anew"

    def says(self, megan: Megan, title: str) -> str:
        suggested = [one["suggestedActions"]["actions"] for one in megan.last if "suggestedActions" in one]
        return next(str(action["value"]) for listed in suggested for action in listed if action["title"] == title)


GROUP: dict[str, Any] = {
    "id": "19:all@thread.v2",
    "conversationType": "groupChat",
    "isGroup": True,
    "tenantId": TENANT,
}
LI: dict[str, Any] = {"id": "29:li", "name": "Li Eve", "aadObjectId": "11111111-3d56-4244-b585-20c8a42ed2b8"}


@pytest.mark.bar
async def test_s10_where_others_read_along_nobody_is_served_as_the_one_who_proved_it(megan: Megan) -> None:
    await megan.says("Our freezer alarm does not stop, please open a case")
    await megan.opens("Store support")
    number, database = megan.number, megan.desk.house.database
    async with database.unit_of_work() as work:
        proved = await Assurances(work).of(conversation(), at=megan.desk.clock())
    assert proved.contact_id is not None
    ana = "ana@known.test"
    async with database.unit_of_work() as work:
        on_file = Identity(IdentityKind.EMAIL, ana, "test", megan.desk.clock())
        Contacts(work).add(Contact(uuid4(), "Ana Known", "en", (on_file,)))

    await megan.says("What are my cases?", conversation=GROUP)
    assert "in a chat of our own" in megan.heard
    for words in (ana, f"What is the status of {number}?", "Close my case", "My phone number is 020 7946 0000 now"):
        await megan.says(words, conversation=GROUP)
        assert megan.desk.mails_to(ana) == [], "no code leaves"

    # Proved there nonetheless: by an older release, or by a message that was on its way.
    async with database.unit_of_work() as work:
        await Assurances(work).verify(conversation(GROUP["id"]), proved.contact_id, "code", at=megan.desk.clock())
    for speaker in (None, LI):
        await megan.says("What are my cases?", conversation=GROUP, **({"from": speaker} if speaker else {}))
        shown = str(megan.last)
        assert number not in shown
        assert "freezer" not in shown.lower()
    async with database.unit_of_work() as work:
        left = await Assurances(work).of(conversation(GROUP["id"]), at=megan.desk.clock())
    assert (left.level, left.contact_id) == (Level.ANONYMOUS, None)


async def test_a_case_that_is_reported_in_a_group_is_opened_all_the_same(megan: Megan) -> None:
    await megan.says("Please open a case: our bread delivery never came", conversation=GROUP)
    for _ in range(6):
        if NUMBER.search(megan.heard):
            break
        says = "Deliveries" if "What is it about" in megan.heard else "Yes, open it"
        says = "megan@store.test" if "reach" in megan.heard.lower() else says
        await megan.says(says, conversation=GROUP)
    assert NUMBER.search(megan.heard), megan.heard
