"""`POST /api/messages`: the address Microsoft sends to. Who may is decided by the channel, from the token alone."""

import orjson
from aiohttp import web

from app.http.body import JSON, read_raw
from channels.teams.answer import TakesMessages

PATH = "/api/messages"


def teams_routes(channel: TakesMessages) -> list[web.RouteDef]:
    """The route, for the root application."""

    async def receive(request: web.Request) -> web.Response:
        raw = await read_raw(request, size_max=channel.body_max)
        answer = await channel.take(request.headers.get("Authorization", ""), raw)
        headers = {"Retry-After": str(answer.retry_after_s)} if answer.retry_after_s is not None else {}
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        body = orjson.dumps(answer.body)
        return web.Response(status=answer.status, body=body, content_type=JSON, headers=headers)

    return [web.post(PATH, receive)]
