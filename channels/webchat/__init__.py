"""Web chat: Direct Line 3.0 as the official clients speak it. Contract: docs/reference/direct-line.md

wire_error  what the wire answers instead          limits   how much and how often
tokens      who may speak in which conversation    access   the caller of one request
document    hostile JSON to clean values           read     a posted body to an Activity
upload      posted files                           cards    a Card as an Adaptive Card
render      an Activity as the wire shows it       stream   the sockets of a conversation
posting     what every way of posting ends in      routes   the endpoint table
seen        how far customers have read        adapter  the desk's side of the channel
"""

from channels.webchat.adapter import WebChatAdapter
from channels.webchat.desk import WebChatDesk
from channels.webchat.limits import Limits, Rate
from channels.webchat.routes import routes
from channels.webchat.site_secrets import SiteSecrets
from channels.webchat.tokens import Tokens, load_keys

__all__ = ["Limits", "Rate", "SiteSecrets", "Tokens", "WebChatAdapter", "WebChatDesk", "load_keys", "routes"]
