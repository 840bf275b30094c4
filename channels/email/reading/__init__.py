"""Reading mails safely: raw bytes to a Letter, in a process of its own. Why so: docs/decisions/0020-reading-mails.md

reader      mails read in child processes: `LetterReader`, the door     child       that process
parse       the pure heart: bytes to a Letter                           wire        a Letter between processes
limits      what a mail may cost                                        unreadable  the one refusal
header      fields, encoded words, parameters                           charset     strangers' bytes to text
mime        the tree of parts                                           bodies      which parts are words, which files
address     who wrote it, by two readings                               ids         Message-IDs
automatic   whether a machine did                                       report      bounces and feedback
html        cleaned, and as text                                        files       attachments, inert
invitation  calendar parts                                              reply/      the new words of an answer
"""

from channels.email.reading.ours import Ours
from channels.email.reading.parse import parse
from channels.email.reading.unreadable import LetterUnreadable

__all__ = ["LetterUnreadable", "Ours", "parse"]
