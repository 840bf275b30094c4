"""One received activity becomes one unit of work: understood, answered or acted upon, all or nothing.

The model runs before any write. A conflict with another writer reruns the decision, at most `ATTEMPTS_MAX` times. A
fault in a dialog still ends in a case with a number and a time. Source: docs/decisions/0001-receive-and-turn.md
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from bot.activity import Activity, Kind, Reply, Role, Sender
from bot.agent_board import agent_board
from bot.dialogs.choices import START_CHOICES, as_pressed, pressed_choice
from bot.dialogs.desk import Answers, Desk
from bot.dialogs.engine import Walk
from bot.dialogs.report_problem import subject_of
from bot.dialogs.state import DialogState, load_state, save_state
from bot.dialogs.steps import Dialog, Line
from bot.handover import hear_with_people, start_handover
from bot.letter_proof import hear_proof
from bot.letters import LETTERS, answer_letter, as_sent, judge_sender, tell_beside
from bot.notice_wishes import hear_notice_wish
from bot.replies.catalogue import Catalogue
from bot.understanding import Intent, Understander, Understanding
from caseengine.activities import Activities
from caseengine.cases import Cases
from caseengine.conversations import Conversations
from caseengine.model.conversation import Mode, Outcome
from caseengine.operations.handover import hand_back, hear_customer
from caseengine.operations.opening import Opening, open_case
from customers.assurance import Assurance, Assurances, Level
from customers.contacts import Contacts
from storage.engine import Database
from storage.errors import Conflict, StorageUnavailable
from storage.inbox import Inbox, InboxRow
from storage.refusal import Refusal
from storage.transaction import UnitOfWork

log = structlog.get_logger()
ATTEMPTS_MAX = 3
UNDERSTAND_TIMEOUT_S = 3.0
PROBLEMS_MAX = 4
"""Problems of one message that become cases of their own."""


@dataclass(frozen=True, slots=True)
class Bot:
    """What the bot is made of; put together by app/wiring.

    Attributes:
        origin: scheme and host of our own pages, for links that are read elsewhere.
    """

    database: Database
    understander: Understander
    answers: Answers
    dialogs: Mapping[str, Dialog]
    catalogue: Catalogue
    departments: Callable[[], dict[str, str]]
    secret: bytes
    fallback_department: str
    clock: Callable[[], datetime]
    origin: str = ""


async def take_turn(bot: Bot, row: InboxRow) -> None:
    """Handle one input of the inbox.

    Raises:
        Conflict: other writers were faster every time.
        StorageUnavailable: nothing was written; the input stays pending.
    """
    activity = Activity.from_json(row.payload)
    heard = await understand(bot, activity)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            await _answer(bot, row, activity, heard)
            return
        except Conflict:
            if attempt == ATTEMPTS_MAX:
                raise
        except StorageUnavailable:
            raise
        except Refusal as refusal:
            await _refuse(bot, row, activity, refusal)
            return
        except Exception:
            log.exception("turn_failed", inbox_id=row.id, conversation=activity.conversation)
            await _rescue(bot, row, activity)
            return


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood before anything is decided."""

    said: Understanding
    parts: tuple[Understanding, ...]
    pressed: str


UNHEARD = Heard(Understanding("", Intent.SOMETHING_ELSE, 0.0), (), "")


async def understand(bot: Bot, activity: Activity) -> Heard:
    """Run the model, with a limit; a model that hangs or fails leaves the plain words."""
    text = words_of(activity)
    if activity.subject not in ("", activity.text) and not (activity.details or {}).get("answers"):
        text = f"{activity.subject}\n{text}"  # the subject of a first letter is half of what it says
    async with bot.database.snapshot() as snapshot:
        state = await load_state(snapshot, UUID(activity.conversation))
    said = await _understand(bot, text, state.expecting)
    said = replace(said, problems=_at_most(said.problems, PROBLEMS_MAX))
    parts = [await _understand(bot, problem, "") for problem in said.problems] if len(said.problems) > 1 else []
    pressed = pressed_choice(text, bot.catalogue.words)
    return Heard(as_pressed(said, pressed), tuple(parts), pressed)


def _at_most(problems: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Many problems in one message: the last of those taken apart keeps the rest, so that nothing is lost."""
    return problems if len(problems) <= most else (*problems[: most - 1], "\n".join(problems[most - 1 :]))


async def _understand(bot: Bot, text: str, expecting: str) -> Understanding:
    try:
        understanding = bot.understander.understand(text, expecting=expecting or None, at=bot.clock())
        return await asyncio.wait_for(understanding, UNDERSTAND_TIMEOUT_S)
    except Exception:
        log.exception("understanding_failed")
        return Understanding(text, Intent.SOMETHING_ELSE, 0.0, degraded=True)


def words_of(activity: Activity) -> str:
    """The customer's words, whether typed, pressed or filled in; files speak by their names."""
    filled = [str(value) for value in (activity.value or {}).values() if isinstance(value, str | int)]
    words = [activity.text] if activity.text.strip() else filled
    return "\n".join([*words, *(f"[{file.name}]" for file in activity.attachments)])


async def _answer(bot: Bot, row: InboxRow, activity: Activity, heard: Heard) -> None:
    async with bot.database.unit_of_work() as work:
        desk = await _open_desk(bot, work, row, activity, heard)
        lines = await _lines(bot, desk, activity, heard.said)
        replies = [bot.catalogue.reply(line, at=desk.at) for line in lines]
        _say(work, row, activity, as_sent(activity, replies), about=desk.about, at=desk.at)
        save_state(work, desk.conversation.id, desk.state, at=desk.at)
        desk.conversation.changed = True  # so that a person who takes over at this moment makes this a conflict
        Inbox(work).done(row, at=desk.at)


async def _open_desk(bot: Bot, work: UnitOfWork, row: InboxRow, activity: Activity, heard: Heard) -> Desk:
    conversation = await Conversations(work).get(UUID(activity.conversation))
    at = bot.clock()
    await judge_sender(work, activity, conversation.visitor, at=at)
    assurance = await _assurance(work, conversation.id, at, shared=activity.shared)
    return Desk(
        work=work,
        conversation=conversation,
        assurance=assurance,
        retailer=await _is_retailer(work, assurance),
        state=await load_state(work, conversation.id),
        answers=bot.answers,
        at=at,
        received_at=row.received_at,
        key=activity.key,
        said=words_of(activity),
        pressed=heard.pressed,
        files=tuple(file.name for file in activity.attachments),
        departments=bot.departments(),
        secret=bot.secret,
        fallback_department=bot.fallback_department,
        source=activity.source,
        language=conversation.locale.partition("-")[0].lower() or "en",
        parts=heard.parts,
        subject=activity.subject,
        details=activity.details or {},
        origin=bot.origin,
        words=bot.catalogue.words,
        shared=activity.shared,
        speaker=activity.sender.id,
        speaker_name=activity.sender.name,
        about=UUID(activity.about) if activity.about else None,
    )


async def _assurance(work: UnitOfWork, conversation: UUID, at: datetime, *, shared: bool) -> Assurance:
    """What was proved; where others read along nothing, whatever one of them proved or claimed a turn ago."""
    assurances = Assurances(work)
    assurance = await assurances.of(conversation, at=at)
    if shared:
        if assurance.level is not Level.ANONYMOUS or assurance.cases:
            await assurances.drop(conversation)
        return await assurances.of(conversation, at=at)
    await assurances.touch(conversation, at=at)
    return assurance


async def _is_retailer(work: UnitOfWork, assurance: Assurance) -> bool:
    """They act for an account: articles for retailers are theirs to read."""
    if assurance.contact_id is None:
        return False
    return bool((await Contacts(work).get(assurance.contact_id)).roles)


async def _lines(bot: Bot, desk: Desk, activity: Activity, said: Understanding) -> list[Line]:
    if activity.kind in (Kind.JOINED, Kind.PROVED):
        return await _without_words(activity.kind, desk)
    if (board := await agent_board(activity, desk)) is not None:
        return board
    if activity.channel not in LETTERS:
        told = await hear_notice_wish(desk, zone=bot.catalogue.zone.key)
        if told is not None:
            if desk.conversation.mode is Mode.AGENT:
                await _with_people(desk, said)  # they read along, and are told what their customer says
            return told
    if desk.conversation.outcome is Outcome.NOTHING:
        desk.conversation.came_to(Outcome.TALKED)
    if activity.channel in LETTERS:
        return await answer_letter(said, desk)
    if desk.conversation.mode is not Mode.BOT:
        return await _with_people(desk, said)
    walk = Walk(bot.dialogs, desk.state, desk)
    await walk.hear(said)
    if walk.handover is not None:
        return [*walk.lines, *await start_handover(walk.handover, walk.told, said, desk)]
    return walk.lines


async def _without_words(kind: Kind, desk: Desk) -> list[Line]:
    if kind is Kind.PROVED:
        return await hear_proof(desk)
    return await _greeting(desk) if desk.conversation.mode is Mode.BOT else []


async def _greeting(desk: Desk) -> list[Line]:
    """A word of welcome, by name where it is known; and to whom English may be foreign, what the bot can do."""
    hello = Line("greet.hello", choices=START_CHOICES)
    if desk.assurance.contact_id is not None:
        contact = await Contacts(desk.work).get(desk.assurance.contact_id)
        hello = Line("greet.hello_name", {"name": contact.name}, choices=START_CHOICES)
    locale = desk.conversation.locale
    return [hello] if not locale or locale.startswith("en") else [Line("greet.language"), hello]


async def _with_people(desk: Desk, said: Understanding) -> list[Line]:
    """A person has the conversation, or is on the way: the bot passes words on and keeps its own short."""
    if desk.conversation.mode is Mode.QUEUED:
        if said.intent in (Intent.CANCEL, Intent.START_OVER):
            return [await _leave_queue(desk)]
        if said.intent is Intent.THANK:
            return [Line("thanks.welcome")]
    return await hear_with_people(desk)


async def _leave_queue(desk: Desk) -> Line:
    """The customer does not want to wait; their cases stay open."""
    number = ""
    for case_id in desk.conversation.live_cases:
        number = (await Cases(desk.work).by_id(case_id)).number
        await hand_back(desk.work, number, by=desk.customer, at=desk.at)
    return Line("handover.left", {"number": number}, choices=START_CHOICES)


def _say(
    work: UnitOfWork,
    row: InboxRow,
    heard: Activity,
    replies: Sequence[Reply],
    *,
    about: UUID | None = None,
    at: datetime,
) -> None:
    log_of_conversation = Activities(work)
    for place, reply in enumerate(replies):
        said = replace(
            heard,
            kind=reply.kind,
            sender=Sender(Role.BOT),
            key=f"turn:{row.id}:{place}",
            at=at,
            text=reply.text,
            choices=reply.choices if place == len(replies) - 1 else (),
            card=reply.card,
            value=None,
            attachments=(),
            reply_to=heard.key,
            source="",
            subject="",
            details=None,
            vouched="",
            agent="",
            shared=False,
            about=str(about) if about is not None else "",
        )
        log_of_conversation.append(
            UUID(heard.conversation), key=said.key, body=said.to_json(), at=at, channel=heard.channel, deliver=True
        )


async def _refuse(bot: Bot, row: InboxRow, activity: Activity, refusal: Refusal) -> None:
    """An operation said no: its words are of the catalogue, nothing was written, and the dialog is over.

    A refusal without words of its own is a fault of ours.
    """
    key = f"refusal.{refusal.code.replace('.', '_')}"
    if key not in bot.catalogue.words:
        log.error("refusal_without_words", code=refusal.code)
        await _rescue(bot, row, activity)
        return
    async with bot.database.unit_of_work() as work:
        desk = await _open_desk(bot, work, row, activity, UNHEARD)
        line = Line(key, choices=("choice.prove", "choice.report", "choice.person"))
        _say(work, row, activity, [bot.catalogue.reply(line, at=desk.at)], about=desk.about, at=desk.at)
        save_state(work, desk.conversation.id, DialogState(version=desk.state.version), at=desk.at)
        Inbox(work).done(row, at=desk.at)


async def _rescue(bot: Bot, row: InboxRow, activity: Activity) -> None:
    """A fault of ours is no dead end: the message becomes a case, and the conversation starts afresh.

    Where a person has the conversation, the words go to them, and the bot stays silent.
    """
    async with bot.database.unit_of_work() as work:
        desk = await _open_desk(bot, work, row, activity, UNHEARD)
        if desk.conversation.mode is not Mode.BOT:
            await hear_customer(work, desk.conversation.id, text=desk.said, key=desk.key, at=desk.at, by=desk.customer)
            Inbox(work).done(row, at=desk.at)
            return
        opening = Opening(
            subject=subject_of(desk.said),
            description=desk.said,
            department=desk.fallback_department,
            conversation=desk.conversation.id,
            contact_id=desk.assurance.contact_id,
        )
        case = await open_case(work, opening, by=desk.customer, at=desk.at)
        await tell_beside(desk, case)
        line = Line("fallback.case", {"number": case.number, "next_update": case.due_at})
        _say(work, row, activity, [bot.catalogue.reply(line, at=desk.at)], about=case.id, at=desk.at)
        save_state(work, desk.conversation.id, DialogState(version=desk.state.version), at=desk.at)
        Inbox(work).done(row, at=desk.at)
