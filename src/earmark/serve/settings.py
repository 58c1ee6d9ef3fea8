"""What a server is started with: where it listens, what it reads, who may ask, and how much.

Secrets come from the environment or from files that nobody else may read, never from a command line, where any
process of the machine could see them.
"""

import ipaddress
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from earmark.errors import ServeError
from earmark.files import shown

PORT = 8765
TOKEN_VARIABLE, PASSWORD_VARIABLE = "EARMARK_TOKEN", "EARMARK_PASSWORD"
SHORTEST_TOKEN = 16
SHORTEST_PASSWORD = 8  # it is guessed at no more than some times a minute
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Limits:
    """How much is done for clients.

    Attributes
    ----------
    upload_bytes, sound_s:
        The largest file that is taken, and the longest sound.
    upload_s, idle_s:
        How long an upload may take in all, and how long nothing may come of it.
    hear_s:
        How long a worker may be busy with one thing.
    memory_bytes:
        How much address space a worker may ask for beyond what it has when it is ready.
    waiting:
        How many things may wait for a worker; more are refused.
    kept, kept_s:
        How many answers for uploads are kept in memory, and for how long at most.
    """

    upload_bytes: int = 200_000_000
    sound_s: float = 3600.0
    upload_s: float = 300.0
    idle_s: float = 20.0
    hear_s: float = 120.0
    memory_bytes: int = 2_000_000_000
    waiting: int = 32
    kept: int = 64
    kept_s: float = 3600.0


@dataclass(frozen=True)
class Settings:
    """What a server is started with.

    Attributes
    ----------
    host, port:
        Where it listens; port 0 is any that is free.
    db, model:
        The collection's file and the bundle's folder; the user's own and the shipped one by default.
    token:
        What clients must show; empty where everybody on this machine may ask.
    user, password:
        Of players; without a password they are refused.
    names:
        Further names under which the server may be asked, as those of a proxy.
    workers:
        How many processes hear.
    limits:
        See `Limits`.
    static:
        The folder of the page; that of the package by default.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    db: Path | None = None
    model: Path | None = None
    token: str = field(default="", repr=False)
    user: str = "earmark"
    password: str = field(default="", repr=False)
    names: tuple[str, ...] = ()
    workers: int = 2
    limits: Limits = field(default_factory=Limits)
    static: Path = Path(__file__).parent / "static"


def checked(settings: Settings) -> Settings:
    """The settings; ServeError where they would let strangers in."""
    if settings.token and len(settings.token) < SHORTEST_TOKEN:
        raise ServeError(
            f"The token has {len(settings.token)} letters, and {SHORTEST_TOKEN} are the fewest.",
            hint=f"Set a longer one, for example {TOKEN_VARIABLE}={secrets.token_urlsafe(24)}.",
        )
    if settings.password and len(settings.password) < SHORTEST_PASSWORD:
        raise ServeError(
            f"The password of players has {len(settings.password)} letters, and {SHORTEST_PASSWORD} are the fewest.",
            hint="Choose a longer one: whoever reaches the server may try to guess it.",
        )
    if not settings.token and not is_loopback(settings.host):
        raise ServeError(
            f"Without a token nothing is served at {settings.host}, where others could reach it.",
            hint=f"Set one, for example {TOKEN_VARIABLE}={secrets.token_urlsafe(24)}, or serve at 127.0.0.1.",
        )
    return settings


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host: localhost, 127.0.0.0/8 and ::1."""
    if host.casefold() in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds the page."""
    shown_host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown_host}:{port}/"


def secret(variable: str, file: Path | None, *, what: str) -> str:
    """A secret from a file, else from an environment variable; empty where there is neither.

    The variable is taken out of the environment, which processes that decode strangers' files inherit. `what` it is
    called in messages. ServeError where the file is empty, or others than its owner may read it.
    """
    found = os.environ.pop(variable, "").strip()
    if file is None:
        return found
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServeError(f"The {what} cannot be read from {shown(file)}.", hint="Name a text file.") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ServeError(
            f"Others may read {shown(file)}, in which the {what} stands.", hint=f"Say: chmod 600 '{shown(file)}'"
        )
    if not text:
        raise ServeError(f"There is no {what} in {shown(file)}.", hint="Write it into the first line.")
    return text.splitlines()[0].strip()
