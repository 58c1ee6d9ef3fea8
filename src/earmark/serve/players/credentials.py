"""Who a player says it is: a user's name, a salt and the MD5 of password and salt, anew for each call.

MD5 is what the protocol has (subsonic.org/pages/api.jsp); it keeps a password from being read off an address, and does
not make up for a network that strangers listen to. A password itself is refused. Who was wrong too often is not heard
for a while, however many calls come at once.
"""

import hashlib
import hmac
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Mapping

from earmark.serve.players.answers import MISSING, NO_SUCH_WAY, WRONG_PASSWORD, RefusalError
from earmark.serve.problems import ProblemError
from earmark.serve.settings import Settings

_SHORTEST_SALT = 6
_MOST_WRONG, _WITHIN_S = 20, 60.0
_MOST_PLACES = 4096
_NETWORK_BITS = 64  # of IPv6: whoever has one address there has all of these


class Mistakes:
    """Wrong answers of late, by the address that they came from."""

    def __init__(self, most: int = _MOST_WRONG, within_s: float = _WITHIN_S) -> None:
        self._most = most
        self._within_s = within_s
        self._places: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raise a ProblemError with status 429 where too many came from there."""
        now_s = time.monotonic()
        wrong = self._places.get(_network(address), [])
        late = [each for each in wrong if now_s - each < self._within_s]
        if len(late) >= self._most:
            patience_s = max(1, round(late[0] + self._within_s - now_s))
            what = f"{len(late)} wrong names or passwords came from this address."
            raise ProblemError(429, what, f"Try again in {patience_s} seconds.", retry_after_s=patience_s)

    def note(self, address: str) -> None:
        """One more."""
        place = _network(address)
        self._places[place] = [*self._places.get(place, []), time.monotonic()][-self._most :]
        self._places.move_to_end(place)
        while len(self._places) > _MOST_PLACES:
            self._places.popitem(last=False)


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ipaddress.ip_network((int(found), _NETWORK_BITS), strict=False))


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
