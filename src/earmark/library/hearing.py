"""One file heard as a collection keeps it: its track, its vector, what heads read, its moments, its fingerprint."""

import os
from collections.abc import Generator

from earmark.library.axes import axes_of
from earmark.library.entry import Heard
from earmark.library.fingerprint import Fingerprinter
from earmark.library.kinds import LONGEST_S, kind_of
from earmark.library.names import names_of
from earmark.listen.bundle import Bundle
from earmark.listen.listener import sum_up
from earmark.listen.tally import Tally
from earmark.sound import decode
from earmark.sound.watchdog import PATIENCE_S, Pulse, watched
from earmark.track import Track

File = str | os.PathLike[str]


class Hearer:
    """Hears files for a collection with one bundle; a user's words are read off what is kept, and not asked here.

    Parameters
    ----------
    bundle:
        Whose network and heads hear.
    patience_s:
        A file of which nothing came for so many seconds is given up.
    longest_s:
        What is longer is no song (`kinds`).
    quick:
        Hear pieces of a track, and no more than its answer needs (`listen.quick`).

    Raises
    ------
    BundleError
        The bundle's heads or atlas are broken.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        patience_s: float = PATIENCE_S,
        longest_s: float = LONGEST_S,
        quick: bool = False,
    ) -> None:
        self.bundle = bundle
        self.names = names_of(bundle)
        self._axes = axes_of(bundle)  # first: what is wrong with them shall not be told after a long track
        self._patience_s = patience_s
        self._longest_s = longest_s
        self._quick = quick

    def hear(self, path: File) -> Heard:
        """One file; SilenceError, SoundError and the like where it cannot be heard, BundleError where no file can."""

        def make(pulse: Pulse) -> Generator[Heard, None, None]:
            quick = self._heard_quickly(path, pulse) if self._quick else None
            yield quick or self._heard(path, decode.blocks(path, pulse=pulse))

        stalled = decode.stalled(decode.name_of(path), self._patience_s)
        (heard,) = watched(make, patience_s=self._patience_s, stalled=lambda: stalled)
        return heard

    def _heard_quickly(self, path: File, pulse: Pulse) -> Heard | None:
        """From pieces of the file; None where it has to be heard whole."""
        from earmark.listen.quick import sum_up_quickly

        found = sum_up_quickly(self.bundle, path, heads=self.bundle.heads, pulse=pulse)
        # Of pieces there is no fingerprint: it is of stretches at fixed times.
        return None if found is None else self._kept(found.tally, found.track(os.fspath(path)))

    def _heard(self, path: File, blocks: decode.Blocks) -> Heard:
        tally, prints = Tally(self.bundle, self.bundle.heads), Fingerprinter()
        duration_s = sum_up(tally, blocks, self.bundle, name=decode.name_of(path), on_columns=prints.on_columns)
        track = tally.track(os.fspath(path), duration_s, unread_s=blocks.unread_s, notes=blocks.notes)
        return self._kept(tally, track, prints.finish())

    def _kept(self, tally: Tally, track: Track, fingerprint: bytes = b"") -> Heard:
        return Heard(
            track=track,
            vector=self._axes.published(tally.vector),
            numbers=tally.numbers,
            answers=self.names.answers(track),
            tokens=self._axes.tokens(tally.token_vectors),
            kind=kind_of(track, longest_s=self._longest_s),
            share=track.heard_share,
            fingerprint=fingerprint,
        )


def hear_entry(bundle: Bundle, path: File) -> Heard:
    """A file that need not be in a collection, heard as `earmark index` hears it; errors as of `Hearer.hear`."""
    return Hearer(bundle).hear(path)
