"""The desk's side of the channel."""

from bot.activity import Activity, Kind, Sender
from channels.protocol import Receipt
from channels.webchat.desk import WebChatDesk
from channels.webchat.read import CHANNEL
from channels.webchat.render import render_typing


class WebChatAdapter:
    """Delivers by telling the conversation's readers to look: what is delivered is in the history already.

    So a delivery reaches each reader once however often it is sent, and a customer who is away finds it on return.
    """

    name = CHANNEL

    def __init__(self, desk: WebChatDesk) -> None:
        self._desk = desk

    async def send(self, activity: Activity, *, key: str) -> Receipt:
        """Deliver an activity of the history, or typing, which is shown to who is there and not kept."""
        if activity.kind is Kind.TYPING:
            readers = self.typing(activity.conversation, activity.sender)
        else:
            readers = self.nudge(activity.conversation)
        return Receipt(self.name, {"key": key, "seq": activity.seq, "readers": readers})

    def nudge(self, conversation: str) -> int:
        """Something new is in the history of a conversation; how many readers were told."""
        return self._desk.streams.nudge(conversation)

    def typing(self, conversation: str, sender: Sender) -> int:
        """Show that somebody writes; how many readers were told."""
        return self._desk.streams.pass_on(conversation, render_typing(conversation, sender, at=self._desk.clock()))
