"""Playlists: what may come in, the way that was asked for, and what a person should know of the list.

What may come in are songs (`Entry.recommended`) that no rule keeps out, no song twice, and no artist twice within the
spacing as far as the collection allows. The same wish, seed and collection make the same list.
"""

from collections.abc import Collection as Some
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.errors import WishError
from earmark.library.arithmetic import Space
from earmark.library.arranging import clashes
from earmark.library.asks import ELSEWHERE, Ask, Pick, Playlist
from earmark.library.collection import Collection
from earmark.library.entry import Entry
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.playlist_files import Line
from earmark.library.pool import Pool
from earmark.library.rules import Rule
from earmark.library.songs import Songs
from earmark.library.ways import Frame, Ground, Way, arc, near, path


class Maker:
    """Makes lists from one collection.

    Parameters
    ----------
    collection, judge, lexicon, songs:
        What is chosen from, what holds it against meanings, what phrases mean, and what finds songs by their names.
    rules:
        What never comes in.
    """

    def __init__(
        self, collection: Collection, judge: Judge, lexicon: Lexicon, songs: Songs, rules: Sequence[Rule] = ()
    ) -> None:
        self._collection = collection
        self._judge = judge
        self._rules = rules
        space = Space(collection.vectors, judge)
        self._ground = Ground(collection, lexicon, songs, Pool(collection), space)

    def make(self, ask: Ask, *, slots: Sequence[Line | None] = (), thrown: Some[str] = ()) -> Playlist:
        """Make a list, or fill one.

        Parameters
        ----------
        ask:
            What it is to be.
        slots:
            Tracks that stay in it, in order, and None where one is to come in; empty for a new list.
        thrown:
            Absolute paths of what must not come in.

        Raises
        ------
        WishError
            Nothing is asked for, what is asked for is not understood, or nothing may come in.
        """
        if bool(ask.start) != bool(ask.end):
            raise WishError("A path needs a start and an end.", hint="Name both: --from SONG --to SONG.")
        rows = [None if line is None else self._row(line) for line in slots]
        kept = [line for line in slots if line is not None]
        size = ask.size.beside(len(kept), sum(max(line.duration_s, 0.0) for line in kept))
        allowed, notes = self._allowed(ask, [row for row in rows if row is not None], thrown)
        frame = Frame(ask, tuple(rows), size, allowed, notes)
        way = (path if ask.start else arc if ask.arc else near)(self._ground, frame)
        picks = tuple(self._picks(way, [line for line in kept if self._row(line) == ELSEWHERE], set(frame.kept)))
        return Playlist(ask, picks, tuple(way.understood), (*frame.notes, *self._remarks(ask, way.rows)))

    def _row(self, line: Line) -> int:
        row = self._collection.row_of(line.path)
        return ELSEWHERE if row is None else row

    def _allowed(self, ask: Ask, rows: Sequence[int], thrown: Some[str]) -> tuple[NDArray[np.bool_], list[str]]:
        """Which entries may come in, and notes of those that rules keep out."""
        allowed = self._ground.pool.songs | ask.every_kind
        notes = []
        for rule in self._rules:
            bans = rule.bans(self._judge) & allowed
            if bans.any():
                notes.append(f"Kept out by the rule '{rule.text}': {bans.sum()}.")
            allowed = allowed & ~bans
        out = [row for row in map(self._collection.row_of, thrown) if row is not None]
        allowed[[*out, *(row for row in rows if row != ELSEWHERE)]] = False
        if not allowed.any() and not rows:
            hint = " ".join([*notes, "Ask for less, or with --all-kinds for what is no song, too."])
            raise WishError("Nothing is left that may come into the list.", hint=hint)
        return allowed, notes

    def _picks(self, way: Way, elsewhere: Sequence[Line], kept: set[int]) -> Iterator[Pick]:
        left = iter(elsewhere)
        for row in way.rows:
            if row == ELSEWHERE:
                yield Pick(next(left), row, "kept", new=False)
            else:
                why = "kept" if row in kept else way.why(row)
                yield Pick(line_of(self._collection.entries[row]), row, why, new=row not in kept)

    def _remarks(self, ask: Ask, rows: Sequence[int]) -> Iterator[str]:
        artists = self._ground.pool.artists
        close = clashes(rows, artists, ask.spacing)
        if close:
            times = "once" if close == 1 else f"{close} times"
            yield (
                f"An artist comes again within {ask.spacing} tracks {times}: "
                "there are too few others that fit (--spacing asks for less)."
            )
        nameless = sum(row != ELSEWHERE and not self._collection.entries[row].artist_key for row in rows)
        if nameless and ask.spacing:
            yield f"Of {nameless} of these {len(rows)} tracks no artist is known: they are not set apart."


def line_of(entry: Entry) -> Line:
    """An entry as a list has it."""
    return Line(entry.path, entry.title, entry.artist, entry.duration_s)
