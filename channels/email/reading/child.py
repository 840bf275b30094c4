"""The process that reads strangers' mails: limited, without secrets in its environment, and easily replaced.

One question after the other on its standard input, one answer each on its standard output; JSON and plain bytes.
`python -c` starts it with the search path of its parent as arguments: see reader.py.
"""

import gc
import math
import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO

import orjson

from channels.email.letter import Envelope, Letter, Mailbox
from channels.email.reading.limits import ChildLimits
from channels.email.reading.ours import Ours
from channels.email.reading.parse import parse, with_line_feeds
from channels.email.reading.unreadable import LetterUnreadable
from channels.email.reading.wire import pack

QUESTION = struct.Struct(">II")
"""Lengths of the JSON and of the raw mail that follow."""
ANSWER = struct.Struct(">cII")
"""LETTER or UNREADABLE or BROKEN, lengths of the JSON and of the files' contents that follow."""
READY = b"+"
LETTER, UNREADABLE, BROKEN = b"l", b"u", b"b"
OPEN_FILES_MAX = 32
NICENESS = 5
OUT_OF_MEMORY = 70
WARMING = (
    b"From: a@example.org\nTo: b@example.org\nSubject: Re: x\nContent-Type: text/html\n\n"
    b"<p>yes<blockquote>On 1 May 2026 at 10:00 b@example.org wrote:</blockquote>"
)


def main() -> None:
    """Answer until the parent hangs up."""
    limits = ChildLimits(**orjson.loads(sys.argv[1]))
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is wanted; no library may speak to the parent
        os.dup2(nowhere.fileno(), 1)
    _warm()
    _confine(limits)
    answers.write(READY)
    answers.flush()
    while (head := questions.read(QUESTION.size)) and len(head) == QUESTION.size:
        said, mail = QUESTION.unpack(head)
        _say(answers, *_answer(questions.read(said), questions.read(mail), limits))


def _warm() -> None:
    """What is imported late is imported now, and what was made so far is never looked at again by the collector."""
    letter = parse(WARMING, Envelope(mail_from=None, rcpt_to=(), source=""), Ours())
    _with_signature(letter, WARMING, Mailbox("a@example.org"), "127.0.0.1")
    gc.collect()
    gc.freeze()


def _confine(limits: ChildLimits) -> None:
    """No more memory than this, no file written, no core dumped; polite to the desk beside it."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES_MAX, OPEN_FILES_MAX))
    with suppress(OSError):
        os.nice(NICENESS)


def _answer(said: bytes, raw: bytes, limits: ChildLimits) -> tuple[bytes, bytes, bytes]:
    _allow(limits.cpu_s)
    try:
        question = orjson.loads(said)
        envelope = Envelope(question["mail_from"], tuple(question["rcpt_to"]), question["source"], question["place"])
        ours = Ours(tuple(question["addresses"]), question["marker"])
        letter = parse(raw, envelope, ours, plainly=question["plainly"])
        if question["resolver"] is not None and letter.sender is not None:
            letter = _with_signature(letter, with_line_feeds(raw), letter.sender, question["resolver"])
        document, contents = pack(letter)
    except LetterUnreadable as refusal:
        return UNREADABLE, orjson.dumps({"reason": refusal.reason}), b""
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception as fault:
        return BROKEN, orjson.dumps({"fault": type(fault).__name__}), b""
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return LETTER, document, contents


def _with_signature(letter: Letter, raw: bytes, sender: Mailbox, resolver: str) -> Letter:
    """A library that fails at a stranger's key costs the mail its signature, which is said, and nothing else."""
    from channels.email.reading.signature import ask, signed_fields  # the desk, which imports this too, looks at none

    try:
        return replace(letter, signed=signed_fields(raw, sender.address, ask(resolver), needed=letter.rests_on))
    except Exception:
        return replace(letter, odd=(*letter.odd, "signature_unreadable"))


def _allow(cpu_s: float) -> None:
    """Processor time for one mail: SIGPROF ends the process, also within a library that never returns to Python."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + cpu_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, cpu_s)


def _say(answers: BinaryIO, kind: bytes, document: bytes, contents: bytes) -> None:
    answers.write(ANSWER.pack(kind, len(document), len(contents)))
    answers.write(document)
    answers.write(contents)
    answers.flush()
