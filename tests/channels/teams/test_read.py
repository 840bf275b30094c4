"""What Teams writes becomes what happened: every kind of activity, and nothing hostile gets further than a refusal."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.activity import Kind
from channels.protocol import PayloadRejected
from channels.teams.place import conversation_id, tenants_of
from channels.teams.read import parse_activity, read
from channels.teams.received import Place, Received, Scope, What
from channels.teams.words import words_of_html, words_of_message
from tests.channels.teams.peer import BOT, MEGAN, OTHER_TENANT, TENANT, activity
from tests.contracts.channel import JsonReaderContract

SERVICE = "https://smba.trafficmanager.net/amer/"


def said(kind: Any = "message", **changes: Any) -> Received:
    return read(parse_activity(json.dumps(activity(kind, SERVICE, **changes)).encode()))


class TestReading(JsonReaderContract):
    def read(self, raw: bytes) -> Any:
        return read(parse_activity(raw))


def test_a_personal_message_is_known_by_tenant_and_object_id() -> None:
    heard = said(text="Hello")
    assert heard.what is What.MESSAGE
    assert heard.activity is not None
    assert heard.place is not None
    assert (heard.activity.kind, heard.activity.text, heard.activity.locale) == (Kind.MESSAGE, "Hello", "en-GB")
    assert heard.activity.sender.id == f"{TENANT}|{MEGAN}"
    assert (heard.place.scope, heard.place.zone, heard.place.service_url) == (Scope.PERSONAL, "Europe/London", SERVICE)


def test_a_place_survives_the_database() -> None:
    place = said(text="Hello").place
    assert place is not None
    assert Place.from_json(json.loads(json.dumps(place.to_json()))) == place


def test_the_thread_of_a_channel_is_kept_whole() -> None:
    address = "19:efa9296d959346209fea44151c742e73@thread.tacv2;messageid=1481567603816"
    heard = said(text="Hi", conversation={"id": address, "conversationType": "channel", "isGroup": True})
    assert heard.place is not None
    assert (heard.place.address, heard.place.scope) == (address, Scope.CHANNEL)
    assert heard.place.conversation == conversation_id(address) != conversation_id(address.partition(";")[0])


MENTION = {"type": "mention", "mentioned": BOT, "text": "<at>Larder & Lane</at>"}
OTHER = {"type": "mention", "mentioned": {"id": "29:li", "name": "Li"}, "text": "<at>Li</at>"}


@pytest.mark.parametrize(
    ("text", "entities", "words"),
    [
        ("<at>Larder & Lane</at> my till is down", [MENTION], "my till is down"),
        ("my till is down<at>Larder & Lane</at>", [MENTION], "my till is down"),
        ("<at>Larder & Lane</at>&nbsp;my till\n", [MENTION], "my till"),
        ("Hey <at>Larder & Lane</at>, ask <at>Li</at>", [MENTION, OTHER], "Hey , ask Li"),
        ("<at>Desk</at> hello", [{**MENTION, "text": "<at>Desk</at>"}], "hello"),
        ('<at id="0">Larder & Lane</at> hello', [{**MENTION, "text": '<at id="0">Larder & Lane</at>'}], "hello"),
        ("<at>Larder & Lane</at> no entity", None, "no entity"),
        ("one\n\n<at>Larder & Lane</at> two", [MENTION], "one\n\ntwo"),
        ("a < b and <at", [MENTION], "a < b and <at"),
        ("<at>Larder & Lane</at>", "nonsense", ""),
        ("<at>Larder & Lane</at> x", [7, {}, {"type": "mention", "mentioned": 7, "text": 7}], "x"),
    ],
)
def test_a_mention_of_the_bot_is_no_word_and_others_are_names(text: str, entities: Any, words: str) -> None:
    assert words_of_message({"text": text, "entities": entities, "recipient": BOT}) == words


def quoting(quoted: str, said: str) -> dict[str, Any]:
    """A message that answers an older one, as Teams writes it."""
    page = (
        '<div>\n<blockquote itemscope="" itemtype="http://schema.skype.com/Reply" itemid="1772050244572">\n'
        '<strong itemprop="mri" itemid="28:c9e8">Larder &amp; Lane</strong><span itemprop="time" itemid="1"></span>\n'
        f'<p itemprop="preview">{quoted}</p>\n</blockquote>\n{said}\n</div>'
    )
    return {"contentType": "text/html", "content": page}


class TestWhatWasWritten:
    """What the customer wrote is heard as plain words, in whatever form Teams sends it."""

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("<at>Larder &amp; Lane</at>&nbsp;till &amp; printer<br/>are down", "till & printer\nare down"),
            ("<p>one</p><p>two &lt;b&gt; three</p>", "one\ntwo <b> three"),
            ("ask <at>Li</at> about <b>it</b>", "ask Li about it"),
            ("<script>alert(1)</script>hi <img src=x onerror=alert(1) alt='there'>", "hi there"),
            ("5 < 6 & 7", "5 < 6 & 7"),
            ("<!-- x --><![CDATA[ y ]]> z", "z"),
        ],
    )
    def test_xml_is_its_words(self, text: str, words: str) -> None:
        heard = said(text=text, textFormat="xml", entities=[MENTION, OTHER], recipient=BOT)
        assert heard.activity is not None
        assert heard.activity.text == words

    def test_entities_are_written_out_where_teams_wrote_them(self) -> None:
        beside = [{"contentType": "text/html", "content": "<p>till &amp; printer &lt;3</p>"}]
        for text, attachments, words in (
            ("till &amp; printer &lt;3", beside, "till & printer <3"),
            ("till & printer <3", beside, "till & printer <3"),
            ("write &amp; here", [{"contentType": "text/html", "content": "<p>write &amp;amp; here</p>"}],
             "write &amp; here"),
            ("write &amp; here", None, "write &amp; here"),
            ("<at>Larder & Lane</at> till &amp; printer", None, "till & printer"),
        ):  # fmt: skip
            document = {"text": text, "attachments": attachments, "recipient": BOT, "entities": [MENTION]}
            assert words_of_message(document) == words

    @pytest.mark.parametrize("text", ["Larder & LaneShall I open a case?Yes, the till", "", None])
    def test_an_older_message_that_is_quoted_is_not_said_again(self, text: Any) -> None:
        heard = said(text=text, attachments=[quoting("Shall I open a case?", "<p>Yes, the&nbsp;till</p>")])
        assert heard.activity is not None
        assert heard.activity.text == "Yes, the till"

    def test_a_mention_of_the_bot_below_a_quotation_is_no_word(self) -> None:
        page = '<p><span itemtype="http://schema.skype.com/Mention" itemscope itemid="0">Larder &amp; Lane</span> and '
        page += '<span itemtype="http://schema.skype.com/Mention" itemscope itemid="1">Li</span>: yes</p>'
        heard = said(text="x", attachments=[quoting("Open it?", page)], recipient=BOT, entities=[MENTION, OTHER])
        assert heard.activity is not None
        assert heard.activity.text == "and Li: yes"

    def test_a_quotation_in_the_newer_form(self) -> None:
        assert words_of_message({"text": '<quoted messageId="1772050244572"/> Yes, the till'}) == "Yes, the till"

    def test_what_was_forwarded_and_what_they_set_as_a_quotation_themselves_is_said(self) -> None:
        for kind in (' itemtype="http://schema.skype.com/Forward"', ""):
            page = f"<p>see this</p><blockquote{kind}>the till is down</blockquote>"
            heard = said(text="see this\nthe till is down", attachments=[{"contentType": "text/html", "content": page}])
            assert heard.activity is not None
            assert heard.activity.text == "see this\nthe till is down"

    @pytest.mark.parametrize("end", ["", "</div>", "</blockquote", "<blockquote></blockquote>"])
    def test_a_quotation_that_never_ends_swallows_nothing(self, end: str) -> None:
        page = f'<blockquote itemtype="http://schema.skype.com/Reply">a<p>my till{end}'
        heard = said(text="my till is down", attachments=[{"contentType": "text/html", "content": page}])
        assert heard.activity is not None
        assert heard.activity.text == "my till is down"

    def test_an_edit_that_quotes_is_its_new_words(self) -> None:
        heard = said("messageUpdate", text="Larder & LaneOpen it?No", attachments=[quoting("Open it?", "<p>No</p>")])
        assert heard.text == "No"


@given(st.text(alphabet="<at>/ ab&;nbsp\n", max_size=200))
def test_no_text_trips_the_mentions(text: str) -> None:
    assert isinstance(words_of_message({"text": text, "entities": [MENTION], "recipient": BOT}), str)


def test_who_joins_is_greeted_once_by_whichever_activity_tells() -> None:
    added = said("conversationUpdate", membersAdded=[BOT, {"id": "29:megan"}])
    installed = said("installationUpdate", action="add")
    assert added.activity is not None
    assert installed.activity is not None
    assert (added.what, installed.what) == (What.JOINED, What.JOINED)
    assert added.activity.key == installed.activity.key


@pytest.mark.parametrize(
    ("kind", "changes", "what"),
    [
        ("conversationUpdate", {"membersAdded": [{"id": "29:li"}]}, What.IGNORED),
        ("conversationUpdate", {"membersRemoved": [BOT]}, What.LEFT),
        ("conversationUpdate", {"channelData": {"eventType": "channelRenamed"}}, What.IGNORED),
        ("conversationUpdate", {"membersAdded": [BOT], "conversation": {"id": "19:x@thread.v2"}}, What.IGNORED),
        ("installationUpdate", {"action": "remove"}, What.LEFT),
        ("installationUpdate", {"action": "remove-upgrade"}, What.IGNORED),
        ("installationUpdate", {"action": "add-upgrade"}, What.UPGRADED),
        ("typing", {}, What.TYPING),
        ("messageUpdate", {"text": "new", "channelData": {"eventType": "editMessage"}}, What.EDITED),
        ("messageUpdate", {"text": "old", "channelData": {"eventType": "undeleteMessage"}}, What.RESTORED),
        ("messageDelete", {"channelData": {"eventType": "softDeleteMessage"}}, What.DELETED),
        ("messageReaction", {"reactionsAdded": [{"type": "like"}], "replyToId": "7"}, What.REACTED),
        ("messageReaction", {"reactionsRemoved": [{"type": "like"}], "replyToId": "7"}, What.UNREACTED),
        ("messageReaction", {"replyToId": "7"}, What.IGNORED),
        ("message", {"text": ""}, What.IGNORED),
        ("message", {"text": "", "attachments": [{"contentType": "text/html", "content": "<p>hi</p>"}]}, What.MESSAGE),
        ("event", {"name": "something"}, What.IGNORED),
        ("endOfConversation", {}, What.IGNORED),
        ("invoke", {"name": "task/fetch"}, What.ASKED),
        ("invoke", {"name": "fileConsent/invoke", "value": {"action": "accept"}}, What.ASKED),
        (
            "invoke",
            {"name": "fileConsent/invoke", "value": {"action": "accept", "context": {"file": str(UUID(int=5))}}},
            What.CONSENTED,
        ),
    ],
)
def test_every_kind_is_what_it_is(kind: str, changes: dict[str, Any], what: What) -> None:
    assert said(kind, **changes).what is what


@pytest.mark.parametrize(
    ("value", "text", "kept"),
    [
        ({"says": "Yes"}, "Yes", None),
        ({"says": "Yes", "nightdesk": {"key": "turn:1:0"}}, "Yes", None),
        ({"says": "Send", "email": "a@b.example"}, "", {"says": "Send", "email": "a@b.example"}),
        ("Yes", "Yes", None),
    ],
)
def test_a_submitted_card_speaks_by_its_button_or_its_fields(value: Any, text: str, kept: Any) -> None:
    heard = said(text=None, value=value)
    assert heard.activity is not None
    assert (heard.activity.text, heard.activity.value) == (text, kept)


def pressed(**changes: Any) -> Received:
    data = {"says": "Yes", "nightdesk": {"key": "turn:1:0"}}
    action = {"type": "Action.Execute", "verb": "nightdesk/say", "data": data}
    document = {"name": "adaptiveCard/action", "value": {"action": action}, "replyToId": "c1", **changes}
    return said("invoke", **document)


@pytest.mark.bar
def test_r11_a_press_is_the_same_press_under_another_id() -> None:
    assert pressed(id="f:1").key == pressed(id="f:2").key
    assert pressed(id="f:1").key != pressed(id="f:1", replyToId="c2").key
    assert pressed().key != pressed(**{"from": {"id": "29:li"}}).key


def test_files_and_pictures_are_offered_and_the_rest_is_not() -> None:
    heard = said(
        text="see these",
        attachments=[
            {
                "contentType": "application/vnd.microsoft.teams.file.download.info",
                "contentUrl": "https://contoso.sharepoint.com/a.txt",
                "name": "../../a.txt",
                "content": {"downloadUrl": "https://download.example/a", "fileType": "txt"},
            },
            {"contentType": "image/*", "contentUrl": "https://smba.trafficmanager.net/amer/v3/attachments/1"},
            {"contentType": "text/html", "content": "<p>see these</p>"},
            {"contentType": "application/vnd.microsoft.card.hero", "content": {"title": "x"}},
            {"contentType": "application/vnd.microsoft.teams.file.download.info", "content": {"downloadUrl": 7}},
            7,
        ],
    )
    assert [(file.name, file.url, file.with_bearer) for file in heard.files] == [
        ("a.txt", "https://download.example/a", False),
        ("image.png", "https://smba.trafficmanager.net/amer/v3/attachments/1", True),
    ]


@pytest.mark.parametrize(
    ("attachments", "words"),
    [
        (
            [{"contentType": "text/html", "content": "<ul><li>my till</li><li>is <b>down</b></li></ul>"}],
            "my till\nis down",
        ),
        (
            [{"contentType": "text/html", "content": '<p><img alt="thumbs up" src="x"></p><style>p{}</style>'}],
            "thumbs up",
        ),
        ([{"contentType": "text/html", "content": '<attachment id="1"></attachment>'}], "[html]"),
        ([{"contentType": "application/vnd.microsoft.card.adaptive", "content": {}}], "[card.adaptive]"),
        ([{"contentType": "audio/mp4", "contentUrl": "https://x.example/a.mp4", "name": "a.mp4"}], "[a.mp4]"),
        ([{"contentType": 7}, {}], "[file]\n[file]"),
    ],
)
def test_what_comes_without_a_text_is_heard_all_the_same(attachments: Any, words: str) -> None:
    heard = said(text="", attachments=attachments)
    assert heard.activity is not None
    assert heard.activity.text == words


@given(
    st.text() | st.lists(st.sampled_from(["<", "<!", "<![", "]]>", "--", "p", " alt='", ">", "&#x", "</"])).map("".join)
)
def test_no_html_trips_its_reader(page: str) -> None:
    words_of_html(page)


def test_files_beyond_what_is_fetched_are_named() -> None:
    url = "https://smba.trafficmanager.net/amer/v3/attachments/1"
    pictures = [{"contentType": "image/png", "contentUrl": url, "name": f"{number}.png"} for number in range(12)]
    heard = said(text="twelve", attachments=pictures)
    assert len(heard.files) == 10
    assert heard.activity is not None
    assert heard.activity.text == "twelve\n[10.png]\n[11.png]"


@pytest.mark.parametrize("object_id", ["***", "", None, 7, f"{MEGAN}|x", "x" * 300])
def test_who_has_no_object_id_is_nobody_the_store_could_know(object_id: Any) -> None:
    heard = said(text="Hi", **{"from": {"id": "29:megan", "name": "Megan", "aadObjectId": object_id}})
    assert heard.place is not None
    assert heard.place.person.identity == ""


def test_every_tenant_that_is_stated_counts() -> None:
    document = activity("message", SERVICE, conversation={"id": "a:1", "tenantId": OTHER_TENANT.upper()})
    assert tenants_of(document) == {TENANT, OTHER_TENANT}


MALFORMED = [
    {"conversation": None},
    {"conversation": {}},
    {"conversation": {"id": 7}},
    {"conversation": {"id": "x" * 5_000}},
    {"conversation": []},
    {"from": None},
    {"from": {"id": ""}},
    {"from": "29:megan"},
    {"id": None},
    {"id": 7},
    {"id": "x" * 500},
    {"text": ["a"]},
    {"text": "x" * 40_000},
    {"recipient": 7},
    {"channelData": "x"},
    {"text": None, "value": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}},
]


@pytest.mark.bar
@pytest.mark.parametrize("changes", MALFORMED, ids=range(len(MALFORMED)))
def test_b12_what_is_malformed_is_rejected(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadRejected):
        said(**{"text": "Hi", **changes})


WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("id", "from", "conversation", "recipient", "channelData", "text", "value", "entities", "attachments",
          "membersAdded", "membersRemoved", "reactionsAdded", "replyToId", "name", "locale", "localTimezone",
          "timestamp", "action")  # fmt: skip
KINDS = ("message", "typing", "messageUpdate", "messageDelete", "messageReaction", "conversationUpdate",
         "installationUpdate", "invoke", "event", "nonsense")  # fmt: skip


@pytest.mark.bar
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), WILD, max_size=6), st.sampled_from((
    "", "adaptiveCard/action", "fileConsent/invoke", "message/submitAction", "task/submit"
)))  # fmt: skip
def test_b12_whatever_stands_in_a_field_is_read_or_rejected(kind: str, changes: dict[str, Any], name: str) -> None:
    document = {**activity(kind, SERVICE), **({"name": name} if name else {}), **changes}
    try:
        heard = read(parse_activity(json.dumps(document).encode()))
    except PayloadRejected:
        return
    if heard.activity is not None:
        heard.activity.to_json()


DEV = Path(__file__).resolve().parents[4] / "shared" / "data" / "dev" / "teams" / "activities_dev.jsonl"
EXPECTED = {
    "message": What.MESSAGE,
    "attachment": What.MESSAGE,
    "edit": What.EDITED,
    "mark": What.DELETED,
    "feedback": What.REACTED,
    "ignore": What.IGNORED,
    "not": What.IGNORED,
    "greet": What.JOINED,
    "invoke": What.ASKED,
}
"""What the first word of an expectation asks for."""
ENVELOPE = ("id", "from", "conversation", "recipient")


@pytest.mark.skipif(not DEV.exists(), reason="no development data beside the checkout")
def test_the_activities_of_the_development_data_are_read_as_expected() -> None:
    rows = [json.loads(line) for line in DEV.read_text("utf-8").splitlines()]
    assert len(rows) >= 12
    for row in rows:
        # Some samples leave the envelope out: what is there stands, what is not is filled in.
        envelope = {name: value for name, value in activity("message", SERVICE).items() if name in ENVELOPE}
        heard = read(parse_activity(json.dumps({**envelope, **row["activity"]}).encode()))

        assert heard.what is EXPECTED[row["expect"].split()[0].strip(";,:")], row["id"]
        for quoted in re.findall(r"'([^']+)'", row["expect"]):
            spoken = heard.activity.text if heard.activity else heard.text
            assert quoted in (spoken, heard.text), row["id"]
        if "attachment" in row["expect"]:
            assert [file.url for file in heard.files] == [row["activity"]["attachments"][0]["content"]["downloadUrl"]]
        if "group" in row["expect"]:
            assert heard.place is not None
            assert heard.place.scope is not Scope.PERSONAL
        if "personal" in row["expect"]:
            assert heard.place is not None
            assert heard.place.scope is Scope.PERSONAL


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "markup", ["<a ", '<a x="', "<!--", "<!---->", "<div>", "<b>", "<blockquote>", "&#", "</p>", "<![", " a='"]
)
def test_markup_made_to_cost_time_costs_none(markup: str) -> None:
    """Python's own parser takes minutes for some of these, while all others wait."""
    page = [{"contentType": "text/html", "content": markup * (100_000 // len(markup))}]
    assert words_of_message({"text": "Hello", "attachments": page * 3}) == "Hello"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("3 < 4 and <b>5</b> > 4", "3 < 4 and 5 > 4"),
        ("a<!-- <b>not</b> said -->b", "ab"),
        ("a <!-- never ends", "a <!-- never ends"),
        ("<!DOCTYPE html><?xml?>a", "a"),
        ("<script>evil()</script >a", "a"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ('<img alt="a &quot;smile&quot;" src="x">', 'a "smile"'),
        ("<br/>a<br>b<BR />c", "a\nb\nc"),
    ],
)
def test_words_of_html(page: str, words: str) -> None:
    assert words_of_html(page) == words
