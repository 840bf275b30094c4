"""What an invoke asks for: a button that was pressed, a file that is wanted, a thumb. Pure.

Source: docs/reference/teams.md
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.activity import Kind
from channels.document import depth
from channels.protocol import PayloadRejected
from channels.teams.parts import OWN, ReadLimits, activity_id, activity_of, digest, happening, said
from channels.teams.place import place_of
from channels.teams.received import Press, Received, What

DOES = "nightdesk/do/"
"""How the verb of a button begins that asks the desk to do something."""
ABOUT = "about"
"""Where a button's own data has what it is about."""
FILE_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_invoke(document: Mapping[str, Any], limits: ReadLimits) -> Received:
    """
    Raises:
        PayloadRejected: it has no name, or too much in it.
    """
    name = str(document.get("name") or "")
    if not name or len(name) > 100:
        raise PayloadRejected("MissingProperty", "'name' is required of an invoke.")
    value = document.get("value")
    value = value if isinstance(value, dict) else {}
    if depth(value) > limits.depth_max:
        raise PayloadRejected("BadArgument", "'value' is nested too deeply.")
    return INVOKES.get(name, _asked)(document, name, value, limits)


def _asked(_: Mapping[str, Any], name: str, value: Mapping[str, Any], __: ReadLimits) -> Received:
    return Received(what=What.ASKED, name=name, value=value)


def _pressed(document: Mapping[str, Any], name: str, value: Mapping[str, Any], limits: ReadLimits) -> Received:
    action = value.get("action")
    if not isinstance(action, dict):
        raise PayloadRejected("BadArgument", "'value.action' must be an object.")
    data = action.get("data")
    place = place_of(document)
    if str(action.get("verb") or "").startswith(DOES):
        return _acted(document, name, value, limits)
    words, filled = said(data, "", limits)
    if not words and filled is None:
        return Received(what=What.ASKED, name=name, value=value)
    card = _own(data).get("key")
    key = _press_key(document, action)
    return Received(
        what=What.PRESSED,
        place=place,
        activity=activity_of(Kind.MESSAGE, place, key, text=words, value=filled),
        key=key,
        of=card if isinstance(card, str) else "",
        name=name,
        value=value,
    )


def _acted(document: Mapping[str, Any], name: str, value: Mapping[str, Any], limits: ReadLimits) -> Received:
    """What the button says is data of whoever sent it: read, and believed in nothing."""
    action, place = value["action"], place_of(document)
    data = action.get("data")
    data = data if isinstance(data, dict) else {}
    own = _own(data)
    about, card = own.get(ABOUT), own.get("key")
    filled = {name: text for name, text in data.items() if isinstance(text, str) and name not in (OWN, "msteams")}
    if any(len(text) > limits.filled_max for text in filled.values()):
        raise PayloadRejected("MessageSizeTooBig", f"A field may have {limits.filled_max} characters at most.")
    press = Press(
        place=place,
        verb=str(action["verb"]).removeprefix(DOES),
        card=card if isinstance(card, str) else "",
        about=about if isinstance(about, dict) else {},
        filled=filled,
        key=_press_key(document, action),
    )
    return Received(what=What.ACTED, place=place, press=press, key=press.key, of=press.card, name=name, value=value)


def _own(data: Any) -> Mapping[str, Any]:
    own = data.get(OWN) if isinstance(data, dict) else None
    return own if isinstance(own, dict) else {}


def _press_key(document: Mapping[str, Any], action: Mapping[str, Any]) -> str:
    """Teams sends an unanswered invoke again under a new id: what is the same is the press, not the activity."""
    data = action.get("data")
    card = _own(data).get("key")
    anchor = str(document.get("replyToId") or "") or (card if isinstance(card, str) else activity_id(document))
    return f"teams:press:{digest(place_of(document).person.id, anchor, action.get('verb'), data)}"


def _consented(document: Mapping[str, Any], name: str, value: Mapping[str, Any], _: ReadLimits) -> Received:
    place = place_of(document)
    context = value.get("context")
    file = context.get("file") if isinstance(context, dict) else None
    if not isinstance(file, str) or not FILE_ID.fullmatch(file):
        return Received(what=What.ASKED, name=name, value=value)
    key = f"teams:consent:{digest(file, value.get('action'))}"
    return Received(what=What.CONSENTED, place=place, key=key, of=file, name=name, value=value)


def _rated(document: Mapping[str, Any], name: str, value: Mapping[str, Any], limits: ReadLimits) -> Received:
    given = value.get("actionValue")
    given = given if isinstance(given, dict) else {}
    words, _ = said(None, str(given.get("feedback") or "").strip(), limits)
    reaction = str(given.get("reaction") or "")[:40]
    of = str(document.get("replyToId") or "")
    received = happening(What.RATED, document, of=of, text=" ".join(filter(None, (reaction, words))))
    return Received(
        what=What.RATED, place=received.place, of=of, key=received.key, text=received.text, name=name, value=value
    )


InvokeReader = Callable[[Mapping[str, Any], str, Mapping[str, Any], ReadLimits], Received]
INVOKES: Mapping[str, InvokeReader] = {
    "adaptiveCard/action": _pressed,
    "fileConsent/invoke": _consented,
    "message/submitAction": _rated,
}
