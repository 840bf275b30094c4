"""Everything put together by plain functions: storage, channels, knowledge, bot, HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiohttp import web

from app.article_links import ArticleLinks
from app.articles import make_index
from app.clock import now as present
from app.demo.mailbox import DemoMailbox
from app.directory import Directory
from app.http.site import HttpParts, make_application
from app.http_channels import address_book, load_http_channels
from app.jobs.closing import Closing
from app.jobs.delivery import Delivery, send_activity
from app.jobs.escalations import Escalations
from app.jobs.filing import Filing
from app.jobs.forgetting import Forgetting
from app.jobs.forwarding import send_forward
from app.jobs.given_up import given_up, lost_alone
from app.jobs.last_look import LastLook
from app.jobs.late_mail import late_mail
from app.jobs.mail import send_mail
from app.jobs.mentions import Mentions
from app.jobs.notice_words import not_told, notice_words, stop_button
from app.jobs.packing import Packing
from app.jobs.promises import Promises
from app.jobs.routing import RoutingSweep
from app.jobs.rules import Rules
from app.jobs.telling import CustomerNotices
from app.jobs.turns import Turns
from app.jobs.watchers import WatcherNotices
from app.keys import keep_secret
from app.learnt_needs import LearntNeeds
from app.letter_forwards import LetterForwards
from app.letterbook import DeskLetterbook
from app.mail_settings import mail_desk
from app.mail_wiring import filing_of, letterbook_parts, mail_sender, mails_kept
from app.mailroom import DeskMailroom
from app.meaning import EncodedMeaning
from app.notice_links import NoticeLinks
from app.notice_post import NoticePost
from app.reception import ConversationBook, FileCabinet, History, Reception
from app.schema import whole_schema
from app.settings import Settings
from app.site_identity import takes_identity
from app.sites import load_sites
from app.teams.alone import reached_alone
from bot.activity import Sender
from bot.answers import TimedAnswers
from bot.dialogs.registry import DIALOGS
from bot.dialogs.survey import ask_unasked
from bot.replies.catalogue import Catalogue, load_catalogue
from bot.turn import Bot
from bot.understanding import Understander
from caseengine.operations.calling import book_soonest
from caseengine.operations.forwarding import TOPIC as FORWARD
from caseengine.operations.sending import Telling
from caseengine.reading.reach import nobody_alone
from channels.email.adapter import EmailAdapter
from channels.email.listener import Listener
from channels.email.mailroom import Reads
from channels.http import HttpAdapter, HttpDesk
from channels.protocol import ChannelAdapter
from channels.webchat.adapter import WebChatAdapter
from channels.webchat.desk import WebChatDesk
from channels.webchat.tokens import Tokens, load_keys
from knowledge.answer import Knowledge
from knowledge.retrieval.encoder import Encoder
from knowledge.retrieval.index import Index
from storage.engine import Database

if TYPE_CHECKING:
    from app.teams.house import TeamsHouse


@dataclass(slots=True)
class House:
    """One running desk."""

    settings: Settings
    now: Callable[[], datetime]
    database: Database
    encoder: Encoder
    index: Index
    knowledge: Knowledge
    directory: Directory
    understander: Understander
    bot: Bot
    turns: Turns
    delivery: Delivery
    promises: Promises
    routing: RoutingSweep
    needs: LearntNeeds
    rules: Rules
    escalations: Escalations
    forgetting: Forgetting
    closing: Closing
    packing: Packing
    notices: CustomerNotices
    watchers: WatcherNotices
    mentions: Mentions
    mailroom: DeskMailroom
    filing: Filing | None
    webchat: WebChatDesk
    mailbox: DemoMailbox | None
    application: web.Application
    listener: Listener | None = None
    teams: "TeamsHouse | None" = None


def build(
    settings: Settings,
    *,
    encoder: Encoder,
    now: Callable[[], datetime] = present,
    understander: Understander | None = None,
    mailbox: DemoMailbox | None = None,
    reader: Reads | None = None,
) -> House:
    """The house, at rest: nothing runs and nothing listens yet. The data folder exists.

    Args:
        reader: of mails that come in; without one they are kept and wait.
    """
    whole_schema()
    database = Database(settings.url)
    index = make_index(encoder)
    directory = Directory(database)
    secret = keep_secret(settings.keys, "codes.key")
    catalogue = load_catalogue("en", zone=ZoneInfo(settings.zone), company=settings.company)
    understander = understander or Understander(encoder, directory.names)
    knowledge = Knowledge(index, encoder)
    links = ArticleLinks(secret, settings.origin, now)
    bot = Bot(
        database=database,
        understander=understander,
        answers=TimedAnswers(knowledge, links.address),
        dialogs=DIALOGS,
        catalogue=catalogue,
        departments=directory.departments,
        secret=secret,
        fallback_department=settings.fallback_department,
        clock=now,
        origin=settings.origin,
    )
    turns = Turns(bot, now)
    webchat = _webchat(settings, database, now, turns)
    adapter = WebChatAdapter(webchat)
    notice_links = NoticeLinks(database, secret, settings.origin, now)
    mail = mail_sender(settings, mailbox, database=database, secret=secret, now=now, notice_links=notice_links)
    letter_parts = letterbook_parts(settings, database, secret, catalogue.words, now)
    letterbook = DeskLetterbook(letter_parts)
    letters = EmailAdapter(letterbook, mail, settings.company)
    post = NoticePost(database, mail_desk(settings), secret, letterbook, now)
    http_channels = load_http_channels(settings.data)
    teams = _teams(settings, database, now, turns=turns, catalogue=catalogue, webchat=webchat)
    adapters: dict[str, ChannelAdapter] = {adapter.name: adapter, letters.name: letters}
    if teams is not None:
        adapters[teams.adapter.name] = teams.adapter
    for name, channel in http_channels.items():
        adapters[name] = HttpAdapter(channel, address_book(database, name), now)
    alone = reached_alone if teams is not None else nobody_alone
    telling = Telling(
        zone=settings.zone,
        secret=secret,
        seen=lambda conversation, place: webchat.has_seen(str(conversation), place),
        words=notice_words(catalogue),
        notes=not_told(catalogue.words),
        stop_button=stop_button(catalogue.words),
        ask=partial(ask_unasked, catalogue),
        reached_alone=alone,
        chat_url=settings.chat_url,
        an_hour=settings.mail_limit_hour,
    )
    last_look = LastLook(database, now, telling)
    delivery = Delivery(
        database,
        now,
        {
            "deliver": send_activity(database, adapters, last_look),
            "mail": send_mail(database, mail, post if settings.mail_comes_in else None, last_look),
            FORWARD: send_forward(LetterForwards(letter_parts), letters),
            **(teams.sends if teams is not None else {}),
        },
        given_up(catalogue.words, now, alone),
        lost_alone(catalogue.words, now),
        late=late_mail(catalogue.words, now),
    )
    sites = load_sites(settings.data, demo_origins=settings.origins if settings.demo else None)
    guess = LearntNeeds(database)
    application = make_application(
        HttpParts(
            settings=settings,
            database=database,
            now=now,
            catalogue=catalogue,
            webchat=webchat,
            sites=sites,
            accept_identity=takes_identity(database, sites, now),
            typing=partial(_typing, adapter, teams),
            knowledge=knowledge,
            article_address=links.address,
            meaning=EncodedMeaning(encoder),
            reached_alone=alone,
            opens_article=links.opens,
            searchable=lambda: index.passages > 0,
            encoding=lambda: encoder.ready,
            mailbox=mailbox,
            notice_links=notice_links,
            http_channels=HttpDesk(webchat.inbox, webchat.conversations, http_channels, now),
            teams=teams.intake if teams else None,
        )
    )
    return House(
        settings=settings,
        now=now,
        database=database,
        encoder=encoder,
        index=index,
        knowledge=knowledge,
        directory=directory,
        understander=understander,
        bot=bot,
        turns=turns,
        delivery=delivery,
        forgetting=Forgetting(database, secret, now, mails_kept(settings), timedelta(days=settings.routing_days)),
        closing=Closing(database, now),
        packing=Packing(database, now),
        notices=CustomerNotices(database, now, telling),
        watchers=WatcherNotices(database, now),
        mentions=Mentions(database, catalogue.words, now),
        mailroom=DeskMailroom(database, now),
        filing=filing_of(settings, bot, reader, turns) if reader is not None else None,
        promises=Promises(database, catalogue, now),
        routing=RoutingSweep(database, catalogue.words, now, guess),
        needs=guess,
        rules=Rules(database, now),
        escalations=Escalations(database, now, book_soonest),
        webchat=webchat,
        mailbox=mailbox,
        application=application,
        teams=teams,
    )


def _webchat(settings: Settings, database: Database, now: Callable[[], datetime], turns: Turns) -> WebChatDesk:
    return WebChatDesk(
        inbox=Reception(database, now, turns.notice),
        conversations=ConversationBook(database),
        history=History(database),
        files=FileCabinet(database, now),
        tokens=Tokens(load_keys(settings.keys)),
        clock=now,
        public_url=settings.public_url,
    )


async def _typing(adapter: WebChatAdapter, teams: "TeamsHouse | None", conversation: str, who: Sender) -> None:
    adapter.typing(conversation, who)
    if teams is not None:
        await teams.typing.show(conversation, who)


def _teams(
    settings: Settings,
    database: Database,
    now: Callable[[], datetime],
    *,
    turns: Turns,
    catalogue: Catalogue,
    webchat: WebChatDesk,
) -> "TeamsHouse | None":
    """None where Teams is not set up: Microsoft's library costs a second and 57 MB, so it is not even imported."""
    account = settings.teams
    if account is None:
        return None
    from app.teams.house import build_teams

    async def heard_typing(conversation: str, who: Sender) -> None:
        if webchat.heard_typing is not None:
            await webchat.heard_typing(conversation, who)

    reception = Reception(database, now, turns.notice)
    return build_teams(
        account,
        database=database,
        reception=reception,
        now=now,
        catalogue=catalogue,
        origin=settings.origin,
        heard_typing=heard_typing,
    )
