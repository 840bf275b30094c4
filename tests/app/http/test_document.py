"""The OpenAPI document and the page that shows it."""

import re
from collections import Counter
from html.parser import HTMLParser

from openapi_spec_validator import validate

from app.http.openapi import examples
from app.http.problems import PROBLEMS
from caseengine.agents import AgentRole, Presence
from caseengine.model.actor import ActorKind
from caseengine.model.case_type import CaseType
from caseengine.model.conversation import Mode
from caseengine.model.lifecycle import Status, Verb
from customers.accounts import Role
from customers.assurance import Level
from customers.identities import IdentityKind
from knowledge.article import Audience
from tests.app.house import Served


async def test_the_document_is_valid_openapi_3_1(served: Served) -> None:
    answered = await served.peer().asks("GET", "/api/openapi.json")
    assert answered.json["openapi"].startswith("3.1")
    validate(answered.json)


async def test_every_body_and_answer_has_an_example_of_its_shape(served: Served) -> None:
    for endpoint in served.endpoints:
        for model in filter(None, (endpoint.body, endpoint.answer)):
            example = examples()[model.__name__]
            model.model_validate(example)
            served.validate({"$ref": f"#/components/schemas/{model.__name__}"}, example)


async def test_no_example_is_left_over(served: Served) -> None:
    used = {model.__name__ for one in served.endpoints for model in (one.body, one.answer) if model is not None}
    assert used == set(examples())


async def test_every_operation_has_a_name_of_its_own(served: Served) -> None:
    names = Counter(one["operationId"] for methods in served.document["paths"].values() for one in methods.values())
    assert set(names.values()) == {1}


async def test_what_is_one_of_a_list_says_so(served: Served) -> None:
    shapes = served.document["components"]["schemas"]
    for kind in (Status, Verb, Presence, AgentRole, Mode, ActorKind, CaseType, IdentityKind, Role):
        assert shapes[kind.__name__]["enum"] == [str(one) for one in kind]
    assert shapes["AssuranceAnswer"]["properties"]["level"]["enum"] == [level.label for level in Level]
    audience = shapes["SuggestedArticleAnswer"]["properties"]["audience"]
    assert audience["enum"] == [one.label for one in Audience]


class Page(HTMLParser):
    """Ids, links and what must not be there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        named = dict(attrs)
        self.ids += [str(named["id"])] if "id" in named else []
        self.links += [str(named["href"])] if "href" in named else []


async def test_the_page_shows_every_operation_and_every_problem(served: Served) -> None:
    answered = await served.peer().asks("GET", "/api/docs")
    page = Page(answered.raw.decode())
    names = {one["operationId"] for methods in served.document["paths"].values() for one in methods.values()}
    assert names | set(PROBLEMS) | set(served.document["components"]["schemas"]) <= set(page.ids)


async def test_the_page_is_sound_html_without_script(served: Served) -> None:
    answered = await served.peer().asks("GET", "/api/docs")
    page = Page(answered.raw.decode())
    assert page.tags["script"] == 0
    assert page.tags["h1"] == page.tags["main"] == page.tags["nav"] == 1
    assert [name for name, times in Counter(page.ids).items() if times > 1] == []
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert page.tags["table"] == page.tags["caption"]
    assert "undefined" not in answered.raw.decode().lower()


async def test_the_page_allows_its_own_style_and_nothing_else(served: Served) -> None:
    answered = await served.peer().asks("GET", "/api/docs")
    policy = answered.headers["Content-Security-Policy"]
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/]+='; .*frame-ancestors 'none'", policy)


async def test_a_problems_type_leads_to_its_explanation(served: Served) -> None:
    peer = served.peer()
    refused = await peer.asks("GET", "/api/session")
    address, _, anchor = refused.json["type"].partition("#")
    page = Page((await peer.asks("GET", address)).raw.decode())
    assert anchor in page.ids
