"""Microsoft's own library, as far as it is used: the pipeline of a received activity. Imported with Teams alone.

What it does wrong on 4.17.1 is not on this path: the token is checked by `Verifier`, the connection to Teams is
`Connector`, and the answer of an invoke is written by us. Source: docs/decisions/0022-teams.md
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity as WireActivity
from botbuilder.schema import ActivityTypes, ChannelAccount, ConversationAccount, ResourceResponse
from botframework.connector.auth import AuthenticateRequestResult, BotFrameworkAuthentication, ClaimsIdentity
from botframework.connector.auth.connector_factory import ConnectorFactory

from channels.teams.connector import Connector
from channels.teams.invokes import InvokeAnswer
from channels.teams.received import Person, Place, Scope
from channels.teams.verifying import NotLetIn, Verifier

Logic = Callable[[], Awaitable[InvokeAnswer | None]]


class TeamsPipeline(CloudAdapterBase):  # type: ignore[misc]
    """Takes one activity through the SDK: authenticated, turned into a context, handed to the desk."""

    def __init__(self, verifier: Verifier, connector: Connector, audience: str) -> None:
        super().__init__(TeamsAuthentication(verifier, connector, audience))

    async def take(self, authorization: str, document: Mapping[str, Any], logic: Logic) -> InvokeAnswer | None:
        """What an invoke is answered with; None for everything else.

        Raises:
            NotLetIn: the token is not Teams'. Whatever `logic` raises.
        """

        async def turn(context: TurnContext) -> None:
            answer = await logic()
            if answer is not None:
                body = InvokeResponse(status=answer.status, body=answer.body)
                await context.send_activity(WireActivity(type=ActivityTypes.invoke_response, value=body))

        answered = await self.process_activity(authorization, wire_activity(document), turn)
        if document["type"] != ActivityTypes.invoke or answered is None:
            return None
        return InvokeAnswer(int(answered.status), answered.body or {})


class TeamsAuthentication(BotFrameworkAuthentication):  # type: ignore[misc]
    """The SDK's gate, with our checks behind it."""

    def __init__(self, verifier: Verifier, connector: Connector, audience: str) -> None:
        self._verifier = verifier
        self._connector = connector
        self._audience = audience

    async def authenticate_request(self, activity: WireActivity, auth_header: str) -> AuthenticateRequestResult:
        claims = await self._verifier.claims(
            auth_header, channel=activity.channel_id or "", service_url=activity.service_url or ""
        )
        identity = ClaimsIdentity(dict(claims), True)
        result = AuthenticateRequestResult()
        result.audience, result.claims_identity = self._audience, identity
        result.caller_id, result.connector_factory = None, self.create_connector_factory(identity)
        return result

    async def authenticate_streaming_request(self, auth_header: str, channel_id_header: str) -> Any:
        raise NotLetIn(401, "StreamingNotTaken")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return OwnConnectorFactory(self._connector)

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        """People are not signed in to other services by this desk."""

    async def authenticate_channel_request(self, auth_header: str) -> ClaimsIdentity:
        raise NotLetIn(401, "ChannelRequestNotTaken")


class OwnConnectorFactory(ConnectorFactory):  # type: ignore[misc]
    """Hands out our own connector, whatever the audience."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def create(self, service_url: str, audience: str) -> "SdkClient":
        return SdkClient(SdkConversations(self._connector, service_url))


class SdkClient:
    """What the SDK takes for its ConnectorClient."""

    def __init__(self, conversations: "SdkConversations") -> None:
        self.conversations = conversations


class SdkConversations:
    """The SDK's calls of the Connector, made by ours: allowed hosts, our limits, our idea of what may be repeated."""

    def __init__(self, connector: Connector, service_url: str) -> None:
        self._connector = connector
        self._service_url = service_url

    async def send_to_conversation(self, conversation_id: str, activity: WireActivity) -> ResourceResponse:
        return ResourceResponse(id=await self._connector.post(self._at(conversation_id), activity.serialize()))

    async def reply_to_activity(
        self, conversation_id: str, activity_id: str, activity: WireActivity
    ) -> ResourceResponse:
        return await self.send_to_conversation(conversation_id, activity)

    async def update_activity(self, conversation_id: str, activity_id: str, activity: WireActivity) -> ResourceResponse:
        at = self._at(conversation_id)
        return ResourceResponse(id=await self._connector.put(at, activity_id, activity.serialize()))

    async def delete_activity(self, conversation_id: str, activity_id: str) -> None:
        await self._connector.delete(self._at(conversation_id), activity_id)

    def _at(self, address: str) -> Place:
        nobody = Person("")
        return Place("", address, Scope.PERSONAL, "", self._service_url, "", "", nobody)


def wire_activity(document: Mapping[str, Any]) -> WireActivity:
    """The activity in the SDK's words: what its pipeline looks at, and nothing that could trip it."""
    conversation, sender, bot = (document.get(name) or {} for name in ("conversation", "from", "recipient"))
    return WireActivity(
        type=document["type"],
        id=document.get("id"),
        channel_id=document.get("channelId"),
        service_url=document.get("serviceUrl"),
        conversation=ConversationAccount(id=conversation.get("id"), tenant_id=conversation.get("tenantId")),
        from_property=ChannelAccount(id=sender.get("id"), name=sender.get("name")),
        recipient=ChannelAccount(id=bot.get("id"), name=bot.get("name")),
        name=document.get("name"),
        text=document.get("text"),
    )
