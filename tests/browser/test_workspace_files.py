"""Files on the agents' screen: chosen by keyboard, dropped and pasted, seen on their way, and said with the words."""

import asyncio
import os

import pytest
from playwright.async_api import FilePayload, Locator, Request, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, SOON_MS, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.browser.test_workspace_mail import arrives
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put pictures of the screen; nowhere by default."""
UPLOADS = "**/api/cases/*/files?*"
GIVEN = """([on, kind, names]) => {
  const given = new DataTransfer();
  for (const name of names) given.items.add(new File([`in ${name}`], name, {type: "text/plain"}));
  const how = {bubbles: true, cancelable: true};
  const node = document.querySelector(on);
  const event = kind === "paste" ? new ClipboardEvent(kind, {...how, clipboardData: given})
                                 : new DragEvent(kind, {...how, dataTransfer: given});
  return !node.dispatchEvent(event);
}"""
"""Whether the page took what was pasted or dropped; left to the browser, it would leave the page."""


def named(name: str, content: bytes = b"one, two") -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def attached(screen: Screen) -> Locator:
    return screen.page.get_by_role("list", name="Attached files").get_by_role("listitem")


async def chooses(screen: Screen, *files: FilePayload, within: Locator | None = None) -> None:
    """Files of the agent's machine, by keyboard."""
    button = (within or screen.page.locator(".composer")).get_by_role("button", name="Attach files")
    await button.focus()
    async with screen.page.expect_file_chooser() as opened:
        await screen.page.keyboard.press("Enter")
    await (await opened.value).set_files(files)


async def nothing_found(screen: Screen, axe: str, picture: str) -> None:
    assert await violations(screen.page, axe) == "[]"
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURE:
        await screen.page.screenshot(path=f"{PICTURE}-{picture}.png")


async def case_at(
    mailing: tuple[DeskProcess, int], new_page: NewPage, width: int = 1440, scheme: str = "light"
) -> tuple[Screen, str]:
    desk, port = mailing
    number = await arrives(desk, port)
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}", width=width, **dress)
    grace.page.on("filechooser", lambda _chooser: None)  # listened for from now on: the first may come at once
    await grace.shows(number)
    await grace.pane("Conversation")
    return grace, number


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
async def test_files_are_seen_on_their_way_and_go_with_the_words(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    grace, number = await case_at(mailing, new_page, width, scheme)
    await grace.writes("Here is the drawing.")
    let_go = asyncio.Event()

    async def slowly(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await grace.page.route(UPLOADS, slowly)
    await chooses(grace, named("drawing of the till.txt"), named("empty.txt", b""))
    await expect(attached(grace)).to_have_count(2)
    await expect(grace.page.get_by_role("progressbar", name="drawing of the till.txt")).to_be_visible()
    await expect(attached(grace).nth(1)).to_contain_text("There is nothing in this file.")
    await expect(grace.page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    await grace.box.press("Control+Enter")  # neither by keyboard
    await nothing_found(grace, axe, f"{width}-leaving")

    await grace.page.get_by_role("button", name="Remove empty.txt").focus()
    await grace.page.keyboard.press("Enter")
    await expect(grace.page.get_by_role("button", name="Remove drawing of the till.txt")).to_be_focused()
    await expect(grace.box).to_have_value("Here is the drawing.")
    let_go.set()
    await grace.page.unroute_all(behavior="wait")
    await expect(grace.page.get_by_role("progressbar")).to_have_count(0)
    told = grace.page.locator(".composer [role=status]")
    await expect(told.first).to_have_text("drawing of the till.txt is attached.")
    await nothing_found(grace, axe, f"{width}-there")

    await grace.page.reload()  # words and files are still there
    await grace.is_live()
    await grace.pane("Conversation")
    await expect(attached(grace)).to_have_count(1)
    await grace.box.press("Control+Enter")
    await grace.hears("Here is the drawing.")
    await expect(attached(grace)).to_have_count(0)
    async with grace.page.expect_download() as saved:
        await grace.log.get_by_role("link", name="drawing of the till.txt").click()
    assert (await saved.value).suggested_filename == "drawing of the till.txt"
    assert (await (await saved.value).path()).read_bytes() == b"one, two"
    await nothing_found(grace, axe, f"{width}-said")
    async with DeskAgent(grace.origin, GRACE, PASSWORD) as desk:
        said = [one for one in await desk.conversation(number) if one.get("text") == "Here is the drawing."]
    assert [[file["name"] for file in one["attachments"]] for one in said] == [["drawing of the till.txt"]]


async def test_a_file_that_does_not_arrive_is_tried_again(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str
) -> None:
    grace, _number = await case_at(mailing, new_page)
    await grace.writes("For colleagues.", "Note")
    await grace.page.route(UPLOADS, lambda route: route.abort())
    await chooses(grace, named("plan.txt"))
    await expect(attached(grace)).to_have_class("failed")
    await grace.is_told("plan.txt is not attached.")
    await expect(grace.page.get_by_role("button", name="Keep note")).to_be_disabled()
    await nothing_found(grace, axe, "failed")
    await grace.page.unroute_all()
    await grace.presses("Try again: plan.txt")
    await expect(attached(grace)).to_have_class("there")
    await grace.page.locator(".composer").get_by_role("tab", name="Reply", exact=True).click()
    await expect(attached(grace)).to_have_count(0)  # what is for colleagues goes to no customer
    await grace.page.locator(".composer").get_by_role("tab", name="Note", exact=True).click()
    await grace.box.press("Control+Enter")
    await grace.hears("For colleagues.")
    note = grace.log.locator(".message.note", has_text="For colleagues.")
    await expect(note.get_by_role("link", name="plan.txt")).to_be_visible()


async def test_what_is_taken_back_on_its_way_never_arrives(mailing: tuple[DeskProcess, int], new_page: NewPage) -> None:
    grace, _number = await case_at(mailing, new_page)
    let_go, sent = asyncio.Event(), list[str]()

    async def slowly(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    def answered(request: Request) -> None:
        if request.method == "POST" and "/files?" in request.url:
            sent.append(request.url.rpartition("=")[2])

    await grace.page.route(UPLOADS, slowly)
    grace.page.on("requestfinished", answered)
    await chooses(grace, named("wrong.txt"), named("second.txt"), named("right.txt"))
    await grace.presses("Remove wrong.txt")
    await grace.presses("Remove second.txt")  # it waits behind the first
    let_go.set()
    await expect(attached(grace)).to_have_class("there")
    await expect(attached(grace)).to_contain_text("right.txt")
    assert sent == ["right.txt"]
    await grace.presses("Remove right.txt")
    await expect(grace.page.locator(".composer").get_by_role("button", name="Attach files")).to_be_focused()


async def test_files_are_dropped_anywhere_and_pasted(mailing: tuple[DeskProcess, int], new_page: NewPage) -> None:
    grace, _number = await case_at(mailing, new_page)
    await expect(grace.log).to_be_visible()
    assert await grace.page.evaluate(GIVEN, [".log", "dragover", ["a.txt"]])
    assert await grace.page.evaluate(GIVEN, [".log", "drop", ["a.txt"]])
    assert await grace.page.evaluate(GIVEN, [".composer textarea", "paste", ["b.txt", "c.txt"]])
    await expect(attached(grace)).to_have_text([f"{name}.txt 8 byte" for name in "abc"])
    await expect(grace.page.locator(".enclosed .there")).to_have_count(3)
    too_many = [named(f"{count}.txt") for count in range(8)]
    await chooses(grace, *too_many, named("great.bin", bytes(10 * 1024 * 1024 + 1)))
    await expect(grace.page.locator(".enclosed .there")).to_have_count(10, timeout=SOON_MS)
    late = grace.page.locator(".enclosed .failed")
    await expect(late).to_have_count(2)
    await expect(late.first).to_contain_text("At most 10 files go together.")
    await expect(late.last).to_contain_text("Larger than 10 MB")


async def test_a_mail_to_somebody_outside_takes_files_along(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str
) -> None:
    grace, number = await case_at(mailing, new_page)
    await grace.says("I ask its maker.")
    await grace.hears("I ask its maker.")
    await grace.chooses("Ask somebody outside by mail")
    dialog = grace.page.get_by_role("dialog")
    await chooses(grace, named("part list.txt"), within=dialog)
    await expect(dialog.locator(".enclosed .there")).to_have_count(1)
    await nothing_found(grace, axe, "outside")
    await dialog.get_by_label("To", exact=True).fill("maker@tills.example")
    await grace.answers("Send mail", What_you_write_to_them="Which of these do you have?")
    await expect(dialog).to_have_count(0)
    async with DeskAgent(grace.origin, GRACE, PASSWORD) as desk:
        timeline = await desk.timeline(number)
    assert [file["name"] for entry in timeline for file in entry["data"].get("files", [])] == ["part list.txt"]


async def test_words_the_desk_refused_come_back_with_their_files(
    mailing: tuple[DeskProcess, int], new_page: NewPage
) -> None:
    grace, number = await case_at(mailing, new_page)
    await chooses(grace, named("plan.txt"))
    await expect(attached(grace)).to_have_class("there")

    async def refused(route: Route) -> None:
        await route.fulfill(status=422, json={"code": "case.file_not_of_case", "detail": "gone", "status": 422})

    await grace.page.route(f"**/api/cases/{number}/replies", refused)
    await grace.says("See the plan.")
    await grace.presses("Edit")
    await expect(grace.box).to_have_value("See the plan.")
    await expect(attached(grace)).to_contain_text("plan.txt")
    await grace.page.unroute_all()
    await grace.box.press("Control+Enter")
    await grace.hears("See the plan.")
    await expect(grace.log.get_by_role("link", name="plan.txt")).to_have_count(1)


async def test_what_is_removed_on_one_page_goes_with_no_words_of_another(
    mailing: tuple[DeskProcess, int], new_page: NewPage
) -> None:
    grace, number = await case_at(mailing, new_page)
    await chooses(grace, named("for another customer.txt"))
    await expect(attached(grace)).to_have_count(1)
    beside = Screen(await grace.page.context.new_page(), grace.origin)
    beside.page.on("filechooser", lambda _chooser: None)
    await beside.visit(f"/cases/{number}")
    await beside.shows(number)
    await expect(attached(beside)).to_have_count(1)

    await grace.page.get_by_role("button", name="Remove for another customer.txt").click()
    await expect(attached(beside)).to_have_count(0)
    await chooses(beside, named("for this one.txt"))
    for screen in (beside, grace):
        await expect(attached(screen)).to_have_count(1)
        await expect(attached(screen)).to_contain_text("for this one.txt")
