"""What signs the desk in at a mail server, fetching or sending: a command that prints a token, a token, a password."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from functools import partial

from pydantic import SecretStr

from channels.email.sign_in import Secret, TokenMissing, known

TOKEN_WITHIN_S = 20.0


def mail_secret(command: str, token: SecretStr | None, password: SecretStr | None) -> Secret:
    """The first of them that is set; nothing of any is ever logged."""
    if command:
        return partial(_printed, command)
    secret = token or password
    return known(secret.get_secret_value() if secret else "")


async def _printed(command: str) -> str:
    """What the operator's own command says, which only the environment can name.

    Raises:
        TokenMissing: it failed, took too long, or printed something else.
    """
    process = await asyncio.create_subprocess_shell(
        command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True
    )
    try:
        async with asyncio.timeout(TOKEN_WITHIN_S):
            printed, _ = await process.communicate()
    except TimeoutError:
        _end(process)
        raise TokenMissing(f"the command took longer than {TOKEN_WITHIN_S:.0f} s") from None
    except asyncio.CancelledError:
        _end(process)
        raise
    if process.returncode:
        raise TokenMissing(f"the command ended with {process.returncode}")
    words = printed.decode("ascii", "replace").split()
    if len(words) != 1:
        raise TokenMissing("the command printed no token")
    return words[0]


def _end(process: asyncio.subprocess.Process) -> None:
    """With whatever it has started: nothing goes on that nobody waits for."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
