"""One customer's way through the real desk, in steps that tests and pictures share."""

import re
from pathlib import Path
from typing import Protocol

from playwright.async_api import Locator, Page, expect

from tests.browser.chat import Chat
from tests.browser.desk_agent import DeskAgent
from tests.slow.process import DeskProcess

NUMBER = re.compile(r"CAS-\d{5,}-[0-9A-Z]{4}")
CODE = re.compile(r"\b\d{4} \d{4}\b")
GREETED = "What can I do for you?"
ASKED = "Where do my cases stand?"
CUSTOMER = "priya@harvest-corner.example"


class Talk(Protocol):
    """A chat with the desk, whichever client shows it."""

    page: Page
    log: Locator

    async def say(self, text: str) -> None: ...

    async def press(self, title: str) -> None: ...

    async def reads(self, text: str, times: int = 1, *, notice: bool = False) -> None: ...

    async def answered(self) -> None: ...

    def button(self, title: str) -> Locator: ...

    def last(self, side: str) -> Locator: ...


class Reachable(Protocol):
    """A desk whose pages can be opened."""

    @property
    def origin(self) -> str: ...


def whole_desk(folder: Path) -> DeskProcess:
    """The demo desk with the bundled model, not yet started."""
    return DeskProcess(folder / "data", encoder="true")


async def said_by_start_page(page: Page, desk: DeskProcess) -> tuple[str, str, str]:
    """The customer's address, the agent's, and the password, as a newcomer reads them."""
    await page.goto(f"{desk.origin}/")
    customer, agent, password = await page.locator(".play code").all_inner_texts()
    return customer, agent, password


async def enter(page: Page, desk: DeskProcess) -> Chat:
    """The shop's page with the chat open and greeted."""
    chat = await Chat(page).visit_address(f"{desk.origin}/demo/shop")
    await chat.open()
    await chat.reads(GREETED)
    return chat


async def late_freezer_delivery(chat: Talk) -> None:
    """Asks, reads the article's answer."""
    await chat.say("My freezer delivery is late")
    await expect(chat.last("theirs")).to_contain_text("freezer delivery is late", timeout=20_000)
    await expect(chat.button("Yes, that solved it")).to_be_visible()


async def reads_the_whole_article(chat: Chat) -> None:
    """Follows the link under the answer, in a tab of its own."""
    async with chat.page.context.expect_page() as opening:
        await chat.frame.get_by_role("link", name="Read the whole article").click()
    article = await opening.value
    await expect(article.get_by_role("heading", level=1)).to_have_text("Your frozen or freezer delivery is late")
    await article.close()


async def opens_a_case(chat: Talk, contact: str = CUSTOMER) -> str:
    """From "that did not solve it" to the number of the case, whatever the desk asks on the way."""
    await chat.press("No, open a case")
    await answers_until(chat, "colleague takes it from here", contact)
    return await number_in(chat)


async def answers_until(chat: Talk, words: str, contact: str = CUSTOMER) -> None:
    """Answers whatever the desk asks until it says these words."""
    for _ in range(6):
        await chat.answered()
        if words in await chat.last("theirs").inner_text():
            return
        await answer_question(chat, contact)
    raise AssertionError(f"never said: {words}")


async def answer_question(chat: Talk, contact: str) -> None:
    asked = await chat.last("theirs").inner_text()
    if "reach you" in asked:
        await chat.say(contact)
    elif "open the case" in asked:
        await chat.press("Yes, open it")
    else:
        await chat.press("Deliveries")
    await expect(chat.last("theirs")).not_to_have_text(asked, timeout=20_000)


async def number_in(chat: Talk) -> str:
    """The number named last."""
    numbers = NUMBER.findall(await chat.log.inner_text())
    assert numbers, "no case number was said"
    return str(numbers[-1])


async def proves(chat: Talk, desk: Reachable, contact: str = CUSTOMER) -> None:
    """Asks for the status, says who it is, reads the code in a second tab, types it."""
    await chat.say(ASKED)
    prove = chat.button("Show who I am")
    await expect(prove.or_(chat.log.get_by_text("Which e-mail address do we have")).first).to_be_visible(timeout=20_000)
    if await prove.count():
        await chat.press("Show who I am")
    question = chat.log.get_by_text("Which e-mail address do we have")
    sent = chat.log.get_by_text("a code with 8 digits is on its way")
    await expect(question.or_(sent).first).to_be_visible(timeout=20_000)
    if not await sent.count():  # an address that was given before is not asked for again
        await chat.say(contact)
    await chat.reads("a code with 8 digits is on its way")
    await chat.say(await code_from_mailbox(chat.page, desk, contact))
    await chat.reads("I know now that it's you")


async def sees_all_cases(chat: Talk) -> None:
    """Asks once more, proved by now: the list that followed the proof comes again."""
    await chat.say(ASKED)
    await chat.reads("These are your cases", times=2)


async def code_from_mailbox(page: Page, desk: Reachable, contact: str) -> str:
    """Read as a person reads it: in a second tab, from the newest mail."""
    tab = await page.context.new_page()
    await tab.goto(f"{desk.origin}/demo/mailbox")
    newest = tab.locator(".mail", has_text=contact).first
    await expect(newest).to_contain_text(
        CODE, use_inner_text=True
    )  # what comes while one looks has no gaps in its text
    found = CODE.search(await newest.inner_text())
    await tab.close()
    assert found is not None
    return found.group()


async def asks_for_a_person(chat: Talk) -> str:
    """The number of the case the colleague will find."""
    await chat.say("I want to talk to a person, please")
    return await number_in_answer(chat)


async def number_in_answer(chat: Talk) -> str:
    """The number in the answer to who asked for a person."""
    answer = chat.log.locator("article", has_text="everything you wrote is on it").last
    await expect(answer).to_be_visible(timeout=20_000)
    return str(NUMBER.findall(await answer.inner_text())[-1])


async def is_heard(agent: DeskAgent, chat: Chat, number: str, text: str) -> None:
    """The agent takes the case and answers; the customer reads it under the agent's name."""
    await agent.take(number)
    await chat.reads(f"{agent.name} has joined", notice=True)
    await agent.reply(number, text)
    await chat.reads(text)
    await expect(chat.last("theirs").locator(".shown")).to_have_text(agent.name)
