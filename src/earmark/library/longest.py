"""How long a song may be, as it was chosen last; what is indexed already is judged anew, and nothing heard again."""

from earmark.library.entry import LONG
from earmark.library.kinds import LONGEST_S, kind_of
from earmark.library.names import Names
from earmark.library.packing import Packed, unhalf, unpack_track
from earmark.library.schema import errors_of
from earmark.library.store import Store

_SETTING = "longest_s"


def choose_longest(store: Store, longest_s: float | None) -> float:
    """Keep what was chosen, None for what was chosen before, and give it in seconds."""
    before = float(store.setting(_SETTING) or LONGEST_S)
    if longest_s is None or longest_s == before:
        return before
    with store.together() as connection:
        store.set(_SETTING, repr(longest_s))
        connection.execute("UPDATE heard SET kind = ? WHERE duration_s > ? AND vector IS NOT NULL", (LONG, longest_s))
        for heard_id, kind in _no_longer_long(store, longest_s):
            connection.execute("UPDATE heard SET kind = ? WHERE id = ?", (kind, heard_id))
    return longest_s


def _no_longer_long(store: Store, longest_s: float) -> list[tuple[int, str]]:
    """Ids and kinds of what was too long before."""
    with errors_of(store.db):
        rows = store.connection.execute(
            "SELECT heard.id, summary, timeline, answers, names FROM heard JOIN models ON models.id = model_id"
            " JOIN details ON details.heard_id = heard.id JOIN told ON told.heard_id = heard.id"
            " WHERE kind = ? AND duration_s <= ?",
            (LONG, longest_s),
        )
        found = []
        for heard_id, summary, timeline, answers, text in rows:
            names = Names.from_json(text)
            track = unpack_track(Packed(summary, timeline), unhalf(answers), names, path="", model="")
            found.append((heard_id, kind_of(track, longest_s=longest_s)))
    return found
