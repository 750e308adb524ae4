"""Passwords of database roles, derived from secret files; nobody types or stores one.

Three files under GISAPP_HOME/secrets, each 32 random bytes, readable by their owner only. `owner` is for the shell
and the background worker; `web` is for the web process, which can be run as a user that cannot read the others; `sealer`
is for the process that chains the audit.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path


def read_secret(home: Path, name: str) -> bytes:
    """The 32 bytes of secret `name` (`owner`, `web`, `sealer`), made on first use with mode 600."""
    path = home / "secrets" / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = secrets.token_bytes(32)
    partial = path.with_name(f".{name}-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(fresh)
    try:
        os.link(partial, path)  # fails when another process was first: then its secret counts
    except FileExistsError:
        pass
    finally:
        partial.unlink()
    return path.read_bytes()


def derive(secret: bytes, *purpose: str) -> str:
    """A hexadecimal password for one purpose (HMAC-SHA-256 of its words under `secret`)."""
    return hmac.new(secret, "\x1f".join(purpose).encode(), hashlib.sha256).hexdigest()
