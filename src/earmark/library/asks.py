"""What a playlist is to be, and what it then is: plain values, which a list remembers in its file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from earmark.errors import WishError
from earmark.label import six_digits
from earmark.library.choosing import Size
from earmark.library.playlist_files import Line

COUNT, SPREAD, SPACING = 20, 0.2, 5
ELSEWHERE = -1  # the row of a track that is in a list and not in the collection


@dataclass(frozen=True)
class Ask:
    """What a list is to be.

    Attributes
    ----------
    wishes:
        Songs and expressions that the list is to be near to.
    start, end:
        Of a path: songs or expressions both, or empty both.
    arc:
        Moods with commas between, or empty.
    count, length_s:
        How many tracks, or how many seconds; without either `COUNT` tracks.
    spread, seed:
        How far from what was asked for, 0 to 1, and what draws begin with.
    spacing:
        Within how many places an artist is to come once.
    never:
        Rules and files of rules, beside the user's own.
    every_kind:
        Whether what is no song may come in.
    folder:
        Where relative paths begin, absolute.
    """

    wishes: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    arc: str = ""
    count: int | None = None
    length_s: float | None = None
    spread: float = SPREAD
    seed: int = 0
    spacing: int = SPACING
    never: tuple[str, ...] = ()
    every_kind: bool = False
    folder: str = ""

    @property
    def size(self) -> Size:
        """How much that is."""
        return Size(COUNT if self.count is None and self.length_s is None else self.count, self.length_s)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `to_dict` wrote; WishError where it is not that."""
        known = {each.name: values[each.name] for each in fields(cls) if each.name in values}
        try:
            lists = {name: tuple(map(str, known.get(name, ()))) for name in ("wishes", "never")}
            texts = {name: str(known.get(name, "")) for name in ("start", "end", "arc", "folder")}
            numbers = {
                "spread": float(known.get("spread", SPREAD)),
                "seed": int(known.get("seed", 0)),
                "spacing": int(known.get("spacing", SPACING)),
                "count": None if known.get("count") is None else int(known["count"]),
                "length_s": None if known.get("length_s") is None else float(known["length_s"]),
            }
        except (TypeError, ValueError) as error:
            raise WishError("The list says in no way that is known how it was made.") from error
        return cls(every_kind=bool(known.get("every_kind", False)), **lists, **texts, **numbers)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Pick:
    """A track of a list, its row in the collection (or `ELSEWHERE`), why it is there, and whether it is new in it."""

    line: Line
    row: int
    why: str = ""
    new: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "path": self.line.path,
            "title": self.line.title,
            "artist": self.line.artist,
            "duration_s": six_digits(self.line.duration_s),
            "why": self.why,
            "new": self.new,
        }


@dataclass(frozen=True)
class Playlist:
    """A list: its tracks, how what was asked for was understood, and what a person should know."""

    ask: Ask
    picks: tuple[Pick, ...]
    understood: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def length_s(self) -> float:
        """Of all tracks whose length is known."""
        return sum(max(pick.line.duration_s, 0.0) for pick in self.picks)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "ask": self.ask.to_dict(),
            "understood": list(self.understood),
            "notes": list(self.notes),
            "length_s": six_digits(self.length_s),
            "tracks": [pick.to_dict() for pick in self.picks],
        }
