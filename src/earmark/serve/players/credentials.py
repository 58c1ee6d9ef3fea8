"""Who a player says it is: a user's name, a salt and the MD5 of password and salt, anew for each call.

MD5 is what the protocol has (subsonic.org/pages/api.jsp); it keeps a password from being read off an address, and does
not make up for a network that strangers listen to. A password itself is refused.
"""

import hashlib
import hmac
from collections.abc import Mapping

from earmark.serve.players.answers import MISSING, NO_SUCH_WAY, WRONG_PASSWORD, RefusalError
from earmark.serve.settings import Settings

_SHORTEST_SALT = 6


def check(params: Mapping[str, str], settings: Settings) -> None:
    """Raise a RefusalError where a player does not know the name and password that the server was started with."""
    if not settings.password:
        raise RefusalError(
            WRONG_PASSWORD, "Players are not let in: the server was started without a password for them."
        )
    if "p" in params or "apiKey" in params:
        raise RefusalError(NO_SUCH_WAY, "Send a token and a salt (t and s), not the password or a key.")
    missing = [name for name in ("u", "t", "s") if not params.get(name)]
    if missing:
        raise RefusalError(MISSING, f"The parameter '{missing[0]}' is missing.")
    salt = params["s"]
    wanted = hashlib.md5(f"{settings.password}{salt}".encode(), usedforsecurity=False).hexdigest()
    right = hmac.compare_digest(params["t"].casefold().encode(), wanted.encode())
    known = hmac.compare_digest(params["u"].encode(), settings.user.encode())
    if not (right and known and len(salt) >= _SHORTEST_SALT):
        raise RefusalError(WRONG_PASSWORD, "Wrong name or password.")
