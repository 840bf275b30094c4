"""A channel anybody can speak: signed HTTP requests both ways, by the Standard Webhooks scheme.

Contract: docs/reference/http-channel.md; how to write another one: docs/how-to/write-a-channel.md

channel    one configured far side: its secrets and where it listens
signature  who may speak: HMAC-SHA256 over id, time and body
read       a posted body to an Activity           routes   where far sides post
render     an Activity as the far side gets it    adapter  the desk's side: signed posts, and what their answers mean
"""

from channels.http.adapter import HttpAdapter
from channels.http.channel import HttpChannel
from channels.http.routes import HttpDesk, routes

__all__ = ["HttpAdapter", "HttpChannel", "HttpDesk", "routes"]
