"""The installation's own secrets: files in the data folder, made on first start, readable by their owner alone."""

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32


def keep_secret(folder: Path, name: str) -> bytes:
    """The secret of that name: the same after every restart."""
    path = folder / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()
