"""The demo company's files: what they promise, and that they agree with each other."""

import re
from collections import Counter
from itertools import chain
from zoneinfo import ZoneInfo

import pytest

from app.demo.files import ARTICLES, AgentRecord, Company, ContactRecord, read_company
from app.demo.load import DEMO_PASSWORD, demo_sign_ins
from customers.identities import IdentityKind, normalise
from knowledge.article import Article, Audience
from knowledge.ingest.folder import read_folder

WORDS_MIN, WORDS_MAX = 120, 300
SHARED_MAILBOX = "shop-otley@pantry-pine.example"
AMERICAN = re.compile(
    r"\b(\w*colors?|favorite\w*|center(?:s|ed)?|gray|labor|neighbor\w*|canceled|canceling|labeled|traveled|fulfill"
    r"|catalog|checks? account|licensed? plate|tire|program(?!s? takes)\w*|meters?|liters?|aluminum|mom"
    r"|(?:organ|recogn|apolog|real|author|special|emphas|final|minim|maxim|priorit|summar)iz\w+|analyz\w+)\b",
    re.IGNORECASE,
)
FREE_FOR_FICTION = re.compile(r"01632 960 ?\d{3}|07700 900 ?\d{3}")


@pytest.fixture(scope="module")
def company() -> Company:
    return read_company()


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    found, skipped = read_folder(ARTICLES)
    assert not skipped
    return found


def people(company: Company) -> list[AgentRecord | ContactRecord]:
    return [*company.agents, *company.contacts]


def body_words(article: Article) -> int:
    return len(re.findall(r"\S*\w\S*", article.body))


def all_texts(company: Company, articles: list[Article]) -> list[str]:
    records = [
        record.model_dump_json()
        for field in Company.model_fields
        if field != "calendar"
        for record in getattr(company, field)
    ]
    return [*records, *("\n".join([article.title, *article.questions, article.body]) for article in articles)]


def test_there_are_twelve_stores_in_three_groups_below_one_head_office(company: Company) -> None:
    kinds = Counter(account.kind for account in company.accounts)
    assert (kinds["head_office"], kinds["group"], kinds["store"]) == (1, 3, 12)
    stores_of = Counter(account.parent for account in company.accounts if account.kind == "store")
    assert sorted(stores_of.values()) == [4, 4, 4]


def test_every_parent_stands_before_its_children(company: Company) -> None:
    seen: set[str] = set()
    for account in company.accounts:
        assert account.parent is None or account.parent in seen, account.number
        assert normalise(IdentityKind.ACCOUNT, account.number) == account.number
        seen.add(account.number)
    assert len(seen) == len(company.accounts)


def test_six_departments_have_twelve_to_twenty_examples_and_share_none(company: Company) -> None:
    assert len(company.departments) == 6
    assert all(12 <= len(department.examples) <= 20 for department in company.departments)
    examples = Counter(
        " ".join(re.findall(r"\w+", example.lower())) for each in company.departments for example in each.examples
    )
    assert max(examples.values()) == 1


def test_eight_agents_work_for_departments_that_exist_and_each_has_one(company: Company) -> None:
    assert len(company.agents) == 8
    known = {department.id for department in company.departments}
    served = set(chain.from_iterable(agent.departments for agent in company.agents))
    assert served == known
    assert all(agent.email.endswith("@larder-lane.example") for agent in company.agents)
    assert any(agent.role == "supervisor" for agent in company.agents)


def test_every_contact_belongs_to_accounts_and_every_store_has_one_manager(company: Company) -> None:
    known = {account.number: account.kind for account in company.accounts}
    managed: Counter[str] = Counter()
    for contact in company.contacts:
        assert contact.roles.keys() <= known.keys(), contact.key
        managed.update(number for number, role in contact.roles.items() if role == "manager")
    assert managed == Counter(list(known))


def test_addresses_are_their_owners_alone_but_for_one_shared_mailbox(company: Company) -> None:
    emails = Counter(who.email for who in people(company))
    assert {email: count for email, count in emails.items() if count > 1} == {SHARED_MAILBOX: 2}
    phones = Counter(contact.phone for contact in company.contacts)
    assert max(phones.values()) == 1
    assert all(email.endswith(".example") for email in emails)
    assert all(FREE_FOR_FICTION.fullmatch(phone) for phone in phones)
    for contact in company.contacts:
        normalise(IdentityKind.EMAIL, contact.email)
        normalise(IdentityKind.PHONE, contact.phone)


def test_no_two_products_answer_to_the_same_name(company: Company) -> None:
    names = Counter(
        name.lower()
        for product in company.products
        for name in {product.name.lower(), *map(str.lower, product.aliases)}
    )
    assert max(names.values()) == 1


def test_the_calendar_names_seven_days_of_a_real_zone(company: Company) -> None:
    weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    assert list(company.calendar.windows) == weekdays
    assert ZoneInfo(company.calendar.zone)
    assert len(company.calendar.own_days) == 1


def test_articles_are_many_distinct_and_neither_thin_nor_long(articles: list[Article]) -> None:
    assert 60 <= len(articles) <= 80
    assert max(Counter(article.title.lower() for article in articles).values()) == 1
    lengths = {article.slug: body_words(article) for article in articles}
    assert {slug: words for slug, words in lengths.items() if not WORDS_MIN <= words <= WORDS_MAX} == {}


def test_articles_say_how_else_people_ask_and_nobody_asks_two_articles_the_same(articles: list[Article]) -> None:
    assert all(2 <= len(article.questions) <= 4 for article in articles)
    asked = Counter(question.lower() for article in articles for question in (article.title, *article.questions))
    assert max(asked.values()) == 1


def test_every_audience_is_written_for(articles: list[Article]) -> None:
    audiences = Counter(article.audience for article in articles)
    assert set(audiences) == set(Audience)
    assert audiences[Audience.PUBLIC] >= 50
    internal = {article.slug for article in articles if article.audience is Audience.INTERNAL}
    assert internal == {article.slug for article in articles if article.slug.endswith("-internal")}


def test_articles_and_past_cases_name_products_that_exist(company: Company, articles: list[Article]) -> None:
    known = {product.id for product in company.products}
    named = [article.products for article in articles] + [case.products for case in company.past_cases]
    assert set(chain.from_iterable(named)) <= known


def test_titles_that_articles_refer_to_exist(articles: list[Article]) -> None:
    titles = {article.title for article in articles}
    for article in articles:
        flowing = " ".join(article.body.split())
        referred = re.findall(r"(?:see|read) \"([^\"]+)\"", flowing)
        assert set(referred) <= titles, article.slug


def test_the_spelling_is_british_and_the_telephone_numbers_are_nobodys(
    company: Company, articles: list[Article]
) -> None:
    for text in all_texts(company, articles):
        assert not AMERICAN.findall(text), text[:80]
        for number in re.findall(r"\b0\d{4} ?\d{3} ?\d{3}\b", text):
            assert FREE_FOR_FICTION.fullmatch(number), number


def test_forty_past_cases_fit_the_people_and_departments(company: Company) -> None:
    assert len(company.past_cases) == 40
    assert max(Counter(case.key for case in company.past_cases).values()) == 1
    agents = {agent.key: agent.departments for agent in company.agents}
    accounts = {account.number for account in company.accounts}
    contacts = {contact.key for contact in company.contacts}
    for case in company.past_cases:
        assert case.contact in contacts, case.key
        assert case.account is None or case.account in accounts, case.key
        assert case.agent is None or case.department in agents[case.agent], case.key
        assert (case.resolution is not None) == (case.state in {"resolved", "closed"}), case.key
        assert (case.agent is None) == (case.state == "new"), case.key
        assert case.takes <= case.replies_after, case.key
        assert case.resolution is None or case.replies_after <= case.resolves_after, case.key


def test_past_cases_stand_in_the_order_in_which_they_were_opened(company: Company) -> None:
    openings = [
        (-(case.opened.workdays or 0), case.opened.clock, -(case.opened.minutes or 0)) for case in company.past_cases
    ]
    assert openings == sorted(openings)


def test_the_sign_ins_are_the_agents_with_the_password_and_the_contacts_without(company: Company) -> None:
    sign_ins = demo_sign_ins()
    assert [sign_in.email for sign_in in sign_ins] == [who.email for who in people(company)]
    assert [sign_in.password for sign_in in sign_ins] == [DEMO_PASSWORD] * 8 + [None] * len(company.contacts)
