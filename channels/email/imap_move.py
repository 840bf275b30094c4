"""A mail leaves the folder it came in; whatever else lies there, also what others marked deleted, is left alone."""

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxDeleteError, MailboxExpungeError
from imap_tools.utils import check_command_status


def move(mailbox: BaseMailBox, uid: str, folder: str) -> None:
    """By the server's MOVE; else copied, marked deleted, and expunged by its number (UIDPLUS).

    A server that can do neither expunges all that is marked or nothing: then the mail stays, marked, for whoever
    tidies the folder up. It is not fetched again.

    Raises:
        ImapToolsError: the server refused.
    """
    offered = {str(one).upper() for one in mailbox.client.capabilities}
    if "MOVE" in offered:
        mailbox.move([uid], folder)
        return
    mailbox.copy([uid], folder)
    check_command_status(mailbox.client.uid("STORE", uid, "+FLAGS", r"(\Deleted)"), MailboxDeleteError)
    if "UIDPLUS" in offered:
        check_command_status(mailbox.client.uid("EXPUNGE", uid), MailboxExpungeError)
