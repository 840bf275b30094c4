"""Li works at the desk and is in Teams: cards come to her, and she works from them. Nobody else does with hers."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.jobs.delivery import Delivery
from app.jobs.routing import RoutingSweep
from app.tables import teams_presses
from app.teams import agent_cards
from caseengine.agents import LOCKED, Agent, Agents, Presence
from caseengine.cases import Cases, history
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.events import CallbackEnded, OfferEnded
from caseengine.model.lifecycle import Status
from caseengine.model.notice import AgentNotice
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.notices import give_notice, tell_department
from caseengine.operations import answering, assigning, ending
from caseengine.operations.calling import book_callback, end_callback, slots_for, try_again
from caseengine.policies.agent_cards import CHANGED
from caseengine.rulebooks import Rulebook, decide
from storage.engine import Database
from storage.tables import outbox
from tests.caseengine.office import CUSTOMER, Office, agent_is
from tests.channels.teams.peer import ENGLISH, TENANT, Reply, Wire, open_wire

LI = "aaaaaaaa-3d56-4244-b585-20c8a42ed2b8"
MO = "bbbbbbbb-3d56-4244-b585-20c8a42ed2b8"
DI = "cccccccc-3d56-4244-b585-20c8a42ed2b8"
DUE = {"target": "first_response", "due_at": "2026-03-02T11:30:00+00:00"}


class TeamsOffice(Office):
    """The office of the case engine's stories; Sam alone is not in Teams, and Di works for deliveries alone."""

    li = replace(Office.li, teams=f"{TENANT}|{LI}")
    mo = replace(Office.mo, teams=f"{TENANT}|{MO}")
    di = Agent(uuid4(), "Di", "di@desk.example", "x", frozenset({"deliveries"}), teams=f"{TENANT}|{DI}")


@dataclass
class Somebody:
    """A person in Teams, in their own chat with the bot."""

    floor: "Floor"
    name: str
    object_id: str
    seen: int = 0
    last: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"a:{self.name}"

    async def does(self, kind: str, **changes: Any) -> Any:
        wire = self.floor.wire
        here = {"id": self.address, "conversationType": "personal", "tenantId": TENANT}
        them = {"id": f"29:{self.name}", "name": self.name, "aadObjectId": self.object_id}
        told = {"id": uuid4().hex, "from": them, "conversation": here, **changes}
        status, body = await wire.post(wire.activity(kind, **told))
        assert status == 200, body
        return body

    async def installs(self) -> None:
        await self.does("installationUpdate", action="add")

    async def gets(self) -> list[Any]:
        """The cards that came to this chat since they last looked."""
        await self.floor.settles()
        here = f"/{self.address.replace(':', '%3A')}/"
        calls = [call for call in self.floor.wire.microsoft.calls if here in call.path and call.method == "POST"]
        self.last = [call.body["attachments"][0]["content"] for call in calls[self.seen :]]
        self.seen = len(calls)
        return self.last

    async def sees(self) -> list[Any]:
        """The cards in this chat that were changed in their place, as they were changed."""
        await self.floor.settles()
        here = f"/{self.address.replace(':', '%3A')}/"
        calls = [call for call in self.floor.wire.microsoft.calls if here in call.path and call.method == "PUT"]
        return [call.body["attachments"][0]["content"] for call in calls]

    async def presses(self, card: Any, title: str, *, key: str = "", **filled: str) -> Any:
        """A button of a card, by its title; what the invoke was answered with."""
        action = button(card, title)
        data = {**action["data"], **filled}
        value = {"action": {"type": "Action.Execute", "verb": action["verb"], "data": data}}
        return await self.does(
            "invoke", name="adaptiveCard/action", value=value, replyToId="1", id=key or f"f:{uuid4().hex}"
        )


@dataclass
class Floor:
    """A desk whose agents are in Teams."""

    wire: Wire
    office: TeamsOffice
    delivery: Delivery

    def __post_init__(self) -> None:
        self.li, self.mo, self.di = (Somebody(self, *who) for who in (("li", LI), ("mo", MO), ("di", DI)))

    async def settles(self) -> None:
        assert self.wire.house.cards is not None
        await self.wire.house.cards.run()
        await self.delivery.run()

    async def case(self, case: Case) -> Case:
        return await self.office.case(case)

    async def offers(self, subject: str = "No bread", **opening: Any) -> Case:
        """A case of the department whose cases are offered, and routing has looked."""
        case = await self.office.report(subject, department="deliveries", **opening)
        await self.routes()
        return case

    async def routes(self) -> None:
        for agent in (self.office.mo, self.office.di):
            await self.office.do(agent_is, agent, Presence.AVAILABLE, at=self.wire.clock())
        await RoutingSweep(self.office.database, ENGLISH.words, self.wire.clock).run()

    async def asked(self, case: Case) -> tuple[Somebody, Somebody]:
        """Whom the case is offered to, and the other one."""
        offered_to = (await self.case(case)).offered_to
        return (self.mo, self.di) if offered_to == self.office.mo.id else (self.di, self.mo)

    async def gives(self, case: Case, agent: Agent) -> None:
        await self.office.do(assigning.assign, case.number, agent.id, by=self.office.sam.actor, at=self.wire.clock())

    async def warns(
        self, case: Case, *agents: Agent, kind: str = "target_warned", data: Mapping[str, str] = DUE
    ) -> None:
        async with self.office.database.unit_of_work() as work:
            known = await Cases(work).by_id(case.id)
            give_notice(work, known, [agent.id for agent in agents], AgentNotice(kind), data, at=self.wire.clock())

    async def warns_department(self, case: Case) -> None:
        async with self.office.database.unit_of_work() as work:
            known = await Cases(work).by_id(case.id)
            tell_department(work, known, AgentNotice.TARGET_WARNED, DUE, at=self.wire.clock())


@pytest.fixture
async def floor(database: Database) -> AsyncIterator[Floor]:
    async with open_wire(database) as wire:
        office = TeamsOffice(database)
        await office.furnish()
        async with database.unit_of_work() as work:
            Agents(work).add(office.di)
        assert wire.house.cards is not None
        offered = {"departments": {"deliveries": {"mode": "offer", "offer_s": 60}}}
        await office.do(decide, Rulebook.ROUTING, offered, by=office.sam.actor, at=wire.clock())
        opened = Floor(wire, office, Delivery(database, wire.clock, wire.house.sends))
        await wire.house.cards.run()
        for one in (opened.li, opened.mo, opened.di):
            await one.installs()
        yield opened


def button(card: Any, title: str) -> Any:
    for action in card["actions"]:
        if action["title"].removesuffix(" …") == title:
            return action["card"]["actions"][0] if action["type"] == "Action.ShowCard" else action
    raise AssertionError(f"no {title} among {buttons(card)}")


def buttons(card: Any) -> list[str]:
    return [action["title"].removesuffix(" …") for action in card["actions"]]


def words(card: Any) -> str:
    return str(card["body"])


def face(answered: Any) -> Any:
    assert answered["type"] == "application/vnd.microsoft.card.adaptive", answered
    return answered["value"]


class TestCardsCome:
    async def test_for_a_case_that_is_given_to_her_once(self, floor: Floor) -> None:
        case = await floor.office.report("The till jams")
        await floor.gives(case, floor.office.li)
        [card] = await floor.li.gets()
        assert card["body"][0]["text"] == f"{case.number} The till jams"
        assert "This case is yours" in words(card)
        assert buttons(card) == ["Reply", "Resolve", "Open in the workspace"]
        assert card["actions"][-1]["url"] == f"https://desk.example/workspace/cases/{case.number}"
        assert card["refresh"]["userIds"] == ["29:li"]
        assert await floor.li.gets() == []
        assert await floor.mo.gets() == []

    async def test_not_for_what_she_took_herself(self, floor: Floor) -> None:
        case = await floor.office.report()
        await floor.office.do(assigning.take, case.number, by=floor.office.li.actor, at=floor.wire.clock())
        assert await floor.li.gets() == []

    @pytest.mark.parametrize(("kind", "said"), [("target_warned", "Soon due"), ("target_breached", "Overdue")])
    async def test_for_a_target_at_risk(self, floor: Floor, kind: str, said: str) -> None:
        case = await floor.office.report()
        await floor.warns(case, floor.office.li, floor.office.sam, kind=kind)
        [card] = await floor.li.gets()
        assert f"{said}: first answer, today at 11:30" in words(card)
        assert buttons(card) == ["Take it", "Open in the workspace"]

    async def test_for_one_that_nobody_holds_to_its_department_up_to_a_bound(
        self, floor: Floor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = await floor.office.report()
        await floor.warns_department(case)
        assert ["Soon due" in words((await one.gets())[0]) for one in (floor.li, floor.mo)] == [True, True]
        assert await floor.di.gets() == []

        monkeypatch.setattr(agent_cards, "OF_DEPARTMENT_MAX", 1)
        await floor.office.do(agent_is, floor.office.mo, Presence.AVAILABLE, at=floor.wire.clock())
        await floor.warns_department(await floor.office.report())
        assert [len(await one.gets()) for one in (floor.li, floor.mo)] == [0, 1], "who was seen last comes first"

    @pytest.mark.parametrize(("kind", "said"), [("delivery_doubted", "may not have"), ("delivery_given_up", "did not")])
    async def test_for_words_that_did_not_arrive(self, floor: Floor, kind: str, said: str) -> None:
        case = await floor.office.report()
        await floor.warns(case, floor.office.li, kind=kind)
        [card] = await floor.li.gets()
        assert f"What we said {said} reach" in words(card)

    async def test_for_what_a_rule_says_without_a_link_that_lies(self, floor: Floor) -> None:
        case = await floor.office.report()
        told = {"rule": "A recall", "text": "Read [the plan](https://elsewhere.example)"}
        await floor.warns(case, floor.office.li, kind="rule_notify", data=told)
        [card] = await floor.li.gets()
        assert "A recall: Read [the plan] (https://elsewhere.example)" in words(card)

    async def test_for_words_of_hers_that_reached_the_customer_nowhere(self, floor: Floor) -> None:
        case = await floor.office.report()
        await floor.warns(case, floor.office.li, kind="customer_not_told", data={"why": "unproved"})
        [card] = await floor.li.gets()
        assert "What we said did not reach the customer" in words(card)

    async def test_not_for_a_department_she_has_left_nor_to_whom_is_locked_out(self, floor: Floor) -> None:
        case = await floor.office.report(department="deliveries")
        await floor.warns(case, floor.office.li, floor.office.di)
        async with floor.office.database.unit_of_work() as work:
            Agents(work).set_password(floor.office.di.id, LOCKED)
        assert await floor.li.gets() == []
        assert await floor.di.gets() == []

    async def test_a_second_desk_that_follows_the_same_facts_sends_nothing_twice(self, floor: Floor) -> None:
        case = await floor.office.report()
        await floor.gives(case, floor.office.li)
        assert floor.wire.house.cards is not None
        await floor.wire.house.cards.run()
        await floor.wire.house.cards.run()
        assert len(await floor.li.gets()) == 1

    async def test_what_is_the_next_agents_by_now_is_not_sent(self, floor: Floor) -> None:
        case = await floor.office.report()
        await floor.gives(case, floor.office.li)
        await floor.gives(case, floor.office.mo)
        assert await floor.li.gets() == []
        assert len(await floor.mo.gets()) == 1


class TestSheActs:
    async def test_takes_replies_and_resolves_in_one_card(self, floor: Floor) -> None:
        chat, case = await floor.office.handed_over()
        await floor.warns(case, floor.office.li)
        [card] = await floor.li.gets()

        card = face(await floor.li.presses(card, "Take it"))
        assert "It is yours now" in words(card)
        card = face(await floor.li.presses(card, "Reply", reply="Try the *other* cable."))
        assert "Your reply was sent" in words(card)
        card = face(await floor.li.presses(card, "Resolve", code="solved", done="Another cable."))
        assert "Resolved" in words(card)
        assert buttons(card) == ["Open in the workspace"]

        ended = await floor.case(case)
        assert ended.status is Status.RESOLVED
        assert ended.agent_id == floor.office.li.id
        said = [row.body for row in await floor.office.log(chat)]
        assert [one["text"] for one in said if one["sender"]["name"] == "Li"][1] == "Try the *other* cable."
        told = await floor.office.told(case)
        assert told[-3:] == ["CaseAssigned by Li", "AgentReplied by Li", "CaseResolved by Li"]

    @pytest.mark.bar
    async def test_r11_a_press_sent_again_under_another_id_is_one_press(self, floor: Floor) -> None:
        chat, case = await floor.office.handed_over()
        await floor.gives(case, floor.office.li)
        [card] = await floor.li.gets()
        for _ in range(3):
            assert "was sent" in words(face(await floor.li.presses(card, "Reply", reply="Hello")))
        shown = face(await floor.li.presses(card, "Reply", reply="Hello"))
        for _ in range(2):
            assert "Resolved" in words(face(await floor.li.presses(shown, "Resolve", code="solved", done="Done")))
        told = await floor.office.told(case)
        assert told.count("AgentReplied by Li") == 1
        assert told.count("CaseResolved by Li") == 1
        assert [row.body["text"] for row in await floor.office.log(chat)].count("Hello") == 1

    async def test_what_has_changed_since_is_refused_and_her_words_stay(self, floor: Floor) -> None:
        _, case = await floor.office.handed_over()
        await floor.gives(case, floor.office.li)
        [card] = await floor.li.gets()
        await floor.office.do(answering.note, case.number, "News", by=floor.office.mo.actor, at=floor.wire.clock())

        card = face(await floor.li.presses(card, "Reply", reply="My long answer"))
        assert "Somebody changed this case" in words(card)
        assert "My long answer" in str(card["actions"])
        assert "AgentReplied by Li" not in await floor.office.told(case)

        assert "was sent" in words(face(await floor.li.presses(card, "Reply", reply="My long answer")))

    @pytest.mark.parametrize(
        ("title", "filled", "said"),
        [
            ("Reply", {"reply": "   "}, "Write what is to be said"),
            ("Resolve", {"code": "", "done": "Done"}, "A resolution needs a code"),
            ("Resolve", {"code": "magic", "done": "Done"}, "A resolution needs a code"),
            ("Resolve", {"code": "solved"}, "A resolution needs a code"),
        ],
    )
    async def test_what_the_workspace_refuses_is_refused(
        self, floor: Floor, title: str, filled: dict[str, str], said: str
    ) -> None:
        _, case = await floor.office.handed_over()
        await floor.gives(case, floor.office.li)
        [card] = await floor.li.gets()
        assert said in words(face(await floor.li.presses(card, title, **filled)))
        assert (await floor.case(case)).status is Status.OPEN

    async def test_the_card_is_looked_at_again(self, floor: Floor) -> None:
        case = await floor.office.report()
        await floor.gives(case, floor.office.li)
        [card] = await floor.li.gets()
        await floor.gives(case, floor.office.mo)
        again = {"action": card["refresh"]["action"], "trigger": "automatic"}
        shown = face(await floor.li.does("invoke", name="adaptiveCard/action", value=again, replyToId="1"))
        assert "'value': 'Mo'" in words(shown)
        assert buttons(shown) == ["Open in the workspace"]


class TestAnOffer:
    """Deliveries are offered: to Mo or to Di, whoever has less to do."""

    async def test_comes_as_a_card_and_is_accepted_by_it(self, floor: Floor) -> None:
        chat = await floor.office.chat()
        case = await floor.offers(conversation=chat)
        asked, other = await floor.asked(case)
        [card] = await asked.gets()
        assert "You are asked to take this case, until today at" in words(card)
        assert buttons(card) == ["Accept", "Decline", "Open in the workspace"]
        assert await other.gets() == []

        shown = face(await asked.presses(card, "Accept"))
        assert "It is yours now" in words(shown)
        assert buttons(shown) == ["Reply", "Resolve", "Open in the workspace"]
        assert (await floor.case(case)).agent_id is not None
        told = await floor.office.told(case)
        assert told[-2:] == ["CaseOffered by system", f"CaseAssigned by {asked.name.title()}"]
        assert await asked.gets() == [], "what they took themselves they know"

    async def test_is_declined_with_a_reason_and_the_next_is_asked(self, floor: Floor) -> None:
        case = await floor.offers()
        asked, other = await floor.asked(case)
        [card] = await asked.gets()
        refused = face(await asked.presses(card, "Decline", reason="  "))
        assert "Write what is to be said" in words(refused)
        assert "Accept" in buttons(refused)

        shown = face(await asked.presses(card, "Decline", reason="I am on the phone"))
        assert "You declined it" in words(shown)
        for _ in range(2):
            assert "You declined it" in words(face(await asked.presses(card, "Decline", reason="I am on the phone")))
        await floor.routes()
        [theirs] = await other.gets()
        assert "You are asked to take this case" in words(theirs)
        told = await floor.office.told(case)
        assert told.count(f"OfferEnded by {asked.name.title()}") == 1
        events = await floor.office.see(history, case.id)
        assert [(one.how, one.reason) for one in events if isinstance(one, OfferEnded)] == [
            ("declined", "I am on the phone")
        ]
        assert "It is yours now" in words(face(await other.presses(theirs, "Accept")))

    async def test_a_press_that_comes_too_late_is_told_where_it_went(self, floor: Floor) -> None:
        case = await floor.offers()
        asked, other = await floor.asked(case)
        [card] = await asked.gets()
        floor.wire.clock.passes(minutes=2)
        await floor.routes()
        late = face(await asked.presses(card, "Accept"))
        assert "You are not asked any more. Nobody has it yet." in words(late)
        for title in ("Accept", "Decline"):
            assert title not in buttons(late)

        [theirs] = await other.gets()
        await other.presses(theirs, "Accept")
        for title, filled in (("Accept", {}), ("Decline", {"reason": "Busy"})):
            late = face(await asked.presses(card, title, **filled))
            assert f"It went to {other.name.title()}." in words(late)
            assert buttons(late) == ["Open in the workspace"]
        again = {"action": card["refresh"]["action"], "trigger": "automatic"}
        looked = face(await asked.does("invoke", name="adaptiveCard/action", value=again, replyToId="1"))
        assert f"It went to {other.name.title()}." in words(looked)
        assert "until ." not in words(looked)
        assert (await floor.office.told(case))[-1] == f"CaseAssigned by {other.name.title()}"

    async def test_of_a_case_that_has_ended_says_so(self, floor: Floor) -> None:
        case = await floor.offers()
        asked, _ = await floor.asked(case)
        [card] = await asked.gets()
        found = await floor.office.case(case)
        how = Resolution(ResolutionCode.WITHDRAWN, "They found it")
        await floor.office.do(ending.resolve, found.number, how, by=floor.office.mo.actor, at=floor.wire.clock())
        await floor.office.do(ending.close, case.number, by=CUSTOMER, at=floor.wire.clock())
        assert "The case has ended." in words(face(await asked.presses(card, "Accept")))

    @pytest.mark.bar
    async def test_s2_is_theirs_alone_to_answer(self, floor: Floor) -> None:
        """The other one's own card, bent to the offer; and an agent who does not work for the department."""
        case = await floor.offers()
        asked, other = await floor.asked(case)
        [card] = await asked.gets()
        await self.forbidden_to(other, card)
        await floor.warns(await floor.office.report("Their own"), floor.office.li)
        await floor.warns(await floor.office.report("Their own", department="deliveries"), *self.agent(floor, other))
        for somebody in (floor.li, other):
            [theirs] = await somebody.gets()
            action = button(theirs, "Take it")
            action["data"]["nightdesk"]["about"]["case"] = case.number
            for verb in ("accept", "decline"):
                value = {"action": {"verb": f"nightdesk/do/{verb}", "data": action["data"] | {"reason": "No"}}}
                shown = face(await somebody.does("invoke", name="adaptiveCard/action", value=value))
                assert "It is yours now" not in words(shown)
        assert (await floor.case(case)).offered_to is not None

    def agent(self, floor: Floor, somebody: Somebody) -> list[Agent]:
        return [floor.office.mo if somebody is floor.mo else floor.office.di]

    async def forbidden_to(self, somebody: Somebody, card: Any) -> None:
        assert (await somebody.presses(card, "Accept"))["statusCode"] == 403


class TestTheCardThatStands:
    """What the invoke answers its presser alone sees at once; the posted card is changed for everybody."""

    async def test_is_changed_in_its_place_when_something_was_done(self, floor: Floor) -> None:
        _, case = await floor.office.handed_over()
        await floor.warns(case, floor.office.li)
        [card] = await floor.li.gets()
        await floor.li.presses(card, "Take it")
        [stands] = await floor.li.sees()
        assert "It is yours now" in words(stands)
        assert buttons(stands) == ["Reply", "Resolve", "Open in the workspace"]
        assert stands["refresh"] == card["refresh"] | {"action": stands["refresh"]["action"]}
        put = floor.wire.microsoft.calls[-1]
        assert (put.method, put.path.rpartition("/")[2]) == ("PUT", put.body["id"])

        await floor.li.presses(stands, "Resolve", code="solved", done="Another cable")
        stands = (await floor.li.sees())[-1]
        assert "Resolved" in words(stands)
        assert buttons(stands) == ["Open in the workspace"]

    async def test_is_not_when_nothing_was_done(self, floor: Floor) -> None:
        _, case = await floor.office.handed_over()
        await floor.gives(case, floor.office.li)
        [card] = await floor.li.gets()
        await floor.li.presses(card, "Reply", reply="  ")
        again = {"action": card["refresh"]["action"], "trigger": "automatic"}
        await floor.li.does("invoke", name="adaptiveCard/action", value=again, replyToId="1")
        assert await floor.li.sees() == []

    @pytest.mark.parametrize("broken", [Reply(503), Reply(cut=True), Reply(412)])
    async def test_is_changed_by_trying_again_and_is_never_in_doubt(self, floor: Floor, broken: Reply) -> None:
        case = await floor.office.report()
        await floor.warns(case, floor.office.li)
        [card] = await floor.li.gets()
        await floor.li.presses(card, "Take it")
        floor.wire.microsoft.replies.append(broken)
        await floor.settles()
        floor.wire.clock.passes(seconds=5)
        assert len(await floor.li.sees()) == 1
        async with floor.office.database.snapshot() as snapshot:
            states = await snapshot.rows(sa.select(outbox.c.state).where(outbox.c.topic == CHANGED))
        assert [row.state for row in states] == ["done"]

    async def test_tells_nothing_of_a_case_they_may_not_see_any_more(self, floor: Floor) -> None:
        case = await floor.office.report("The safe is open")
        await floor.warns(case, floor.office.li)
        [card] = await floor.li.gets()
        await floor.li.presses(card, "Take it")
        await floor.office.do(
            assigning.move, case.number, "deliveries", reason="x", by=floor.office.mo.actor, at=floor.wire.clock()
        )
        [stands] = await floor.li.sees()
        assert "safe" not in str(stands)
        assert stands["actions"] == []


class TestNobodyElse:
    async def forbidden(self, answered: Any) -> None:
        assert answered["statusCode"] == 403
        assert answered["type"] == "application/vnd.microsoft.error"
        assert "CAS-" not in str(answered)

    @pytest.mark.bar
    async def test_s2_a_customer_who_presses_her_card_gets_nothing(self, floor: Floor) -> None:
        _, case = await floor.office.handed_over()
        await floor.gives(case, floor.office.li)
        [card] = await floor.li.gets()
        megan = Somebody(floor, "megan", "7faf8ab2-3d56-4244-b585-20c8a42ed2b8")
        here = {"id": floor.li.address, "conversationType": "personal", "tenantId": TENANT}
        for place in ({}, {"conversation": here}):
            action = button(card, "Reply")
            value = {"action": {"verb": action["verb"], "data": {**action["data"], "reply": "Ha"}}}
            await self.forbidden(await megan.does("invoke", name="adaptiveCard/action", value=value, **place))
        assert "AgentReplied by Li" not in await floor.office.told(case)

    async def test_a_colleague_does_not_act_by_a_card_that_was_not_sent_to_him(self, floor: Floor) -> None:
        case = await floor.office.report()
        await floor.warns(case, floor.office.li)
        [card] = await floor.li.gets()
        await self.forbidden(await floor.mo.presses(card, "Take it"))
        assert (await floor.case(case)).agent_id is None

    @pytest.mark.bar
    async def test_s1_an_agent_of_another_department_is_refused_and_reads_nothing(self, floor: Floor) -> None:
        """Di's own card, whose data she bent to a case that is not hers to see."""
        theirs = await floor.office.report("The safe is open")
        own = await floor.office.report("No bread", department="deliveries")
        await floor.warns(own, floor.office.di)
        [card] = await floor.di.gets()
        action = button(card, "Take it")
        action["data"]["nightdesk"]["about"]["case"] = theirs.number
        refused = face(await floor.di.presses(card, "Take it"))
        assert "no case with this number that you may see" in words(refused)
        assert "safe" not in str(refused)
        assert (await floor.case(theirs)).agent_id is None

    async def test_in_a_group_nothing_is_shown_or_done(self, floor: Floor) -> None:
        case = await floor.office.report()
        await floor.warns(case, floor.office.li)
        [card] = await floor.li.gets()
        action = button(card, "Take it")
        group = {"id": floor.li.address, "conversationType": "groupChat", "isGroup": True, "tenantId": TENANT}
        value = {"action": {"verb": action["verb"], "data": action["data"]}}
        await self.forbidden(await floor.li.does("invoke", name="adaptiveCard/action", value=value, conversation=group))

    async def test_who_is_locked_out_acts_no_more(self, floor: Floor) -> None:
        case = await floor.office.report()
        await floor.warns(case, floor.office.li)
        [card] = await floor.li.gets()
        async with floor.office.database.unit_of_work() as work:
            Agents(work).set_password(floor.office.li.id, LOCKED)
        await self.forbidden(await floor.li.presses(card, "Take it"))
        async with floor.office.database.snapshot() as snapshot:
            assert await snapshot.rows(sa.select(teams_presses)) == []

    @pytest.mark.parametrize(
        "about", [None, 7, {}, {"case": 7}, {"case": "CAS-1", "version": "x", "why": []}, {"case": "x" * 9_000}]
    )
    async def test_a_press_that_makes_no_sense_is_answered(self, floor: Floor, about: Any) -> None:
        case = await floor.office.report()
        await floor.warns(case, floor.office.li)
        [card] = await floor.li.gets()
        for verb in ("take", "reply", "resolve", "show", "nonsense"):
            data = {"nightdesk": {"key": button(card, "Take it")["data"]["nightdesk"]["key"], "about": about}}
            value = {"action": {"verb": f"nightdesk/do/{verb}", "data": data}}
            answered = await floor.li.does("invoke", name="adaptiveCard/action", value=value, id=uuid4().hex)
            assert answered["statusCode"] in (200, 403)
        assert (await floor.case(case)).agent_id is None


async def test_where_no_token_is_checked_nobody_is_an_agent(database: Database) -> None:
    async with open_wire(database, anonymous=True, app_id="", app_password="", tenants=frozenset()) as wire:
        office = TeamsOffice(database)
        await office.furnish()
        assert wire.house.cards is None
        data = {"nightdesk": {"key": "agent-card:1", "about": {"case": (await office.report()).number}}}
        value = {"action": {"verb": "nightdesk/do/show", "data": data}}
        told = {"from": {"id": "29:li", "name": "Li", "aadObjectId": LI}, "name": "adaptiveCard/action"}
        _, answered = await wire.post(wire.activity("invoke", value=value, **told), authorization="")
        assert answered["statusCode"] == 403


class TestCalls:
    async def calls(self, floor: Floor) -> tuple[Case, Agent]:
        """A call that is booked for the next free time; whose time it is."""
        takes = {"departments": {"tills": {"mode": "pull", "callbacks": True}}}
        await floor.office.do(decide, Rulebook.ROUTING, takes, by=SYSTEM, at=floor.wire.clock())
        case = await floor.office.report("Ring me up", claimed={"phone": "+447700900212"})
        async with floor.office.database.unit_of_work() as work:
            known = await Cases(work).by_id(case.id)
            [slot] = await slots_for(work, known, at=floor.wire.clock(), limit=1)
            booked = await book_callback(work, known, slot.starts_at, by=SYSTEM, at=floor.wire.clock())
        return case, floor.office.li if booked.agent_id == floor.office.li.id else floor.office.mo

    async def comes(self, floor: Floor) -> tuple[Case, Somebody]:
        """Its time; who has it then, in Teams."""
        case, agent = await self.calls(floor)
        floor.wire.clock.passes(minutes=31)
        await floor.office.do(agent_is, agent, Presence.AVAILABLE, at=floor.wire.clock())
        await RoutingSweep(floor.office.database, ENGLISH.words, floor.wire.clock).run()
        return case, floor.li if agent is floor.office.li else floor.mo

    async def test_who_is_to_call_learns_when_and_whom(self, floor: Floor) -> None:
        case, agent = await self.calls(floor)
        somebody, other = (floor.li, floor.mo) if agent is floor.office.li else (floor.mo, floor.li)
        [card] = await somebody.gets()
        assert "Your time is kept free to call this customer." in words(card)
        assert "+447700900212" in words(card)
        assert buttons(card) == ["Take it", "Open in the workspace"]
        assert await other.gets() == []
        async with floor.office.database.unit_of_work() as work:
            known = await Cases(work).by_id(case.id)
            await end_callback(work, known, "cancelled", by=SYSTEM, at=floor.wire.clock())
        again = {"action": card["refresh"]["action"], "trigger": "automatic"}
        looked = await somebody.does("invoke", name="adaptiveCard/action", value=again, replyToId="1")
        assert "This call was made, or is off." in words(face(looked))

    async def test_what_came_of_it_is_said_from_the_card(self, floor: Floor) -> None:
        case, somebody = await self.comes(floor)
        card = next(one for one in await somebody.gets() if "It is time to call" in words(one))
        assert buttons(card) == ["Reached", "Not reached", "Reply", "Resolve", "Open in the workspace"]
        done = face(await somebody.presses(card, "Reached"))
        assert "✓ Noted: the customer was reached." in words(done)
        assert buttons(done) == ["Reply", "Resolve", "Open in the workspace"]
        ended = [one for one in await floor.office.see(history, case.id) if isinstance(one, CallbackEnded)]
        assert [(one.how, one.actor.name.lower()) for one in ended] == [("kept", somebody.name)]

    async def test_a_card_of_an_earlier_call_ends_no_later_one(self, floor: Floor) -> None:
        case, somebody = await self.comes(floor)
        card = next(one for one in await somebody.gets() if "It is time to call" in words(one))
        async with floor.office.database.unit_of_work() as work:
            known = await Cases(work).by_id(case.id)
            later = (await slots_for(work, known, at=floor.wire.clock()))[3].starts_at
            await try_again(work, known, later, by=floor.office.sam.actor, at=floor.wire.clock())
        await somebody.presses(card, "Not reached")
        assert (await floor.case(case)).callback_at == later

    async def test_a_call_that_is_off_before_its_card_leaves_makes_none(self, floor: Floor) -> None:
        case, _ = await self.calls(floor)
        async with floor.office.database.unit_of_work() as work:
            known = await Cases(work).by_id(case.id)
            await end_callback(work, known, "cancelled", by=SYSTEM, at=floor.wire.clock())
        assert (await floor.li.gets(), await floor.mo.gets()) == ([], [])

    async def test_a_ladder_that_finds_no_time_asks_to_call(self, floor: Floor) -> None:
        case = await floor.office.report()
        await floor.warns(case, floor.office.li, kind="ladder_callback")
        [card] = await floor.li.gets()
        assert "Call this customer: first answer, due today at 11:30." in words(card)
