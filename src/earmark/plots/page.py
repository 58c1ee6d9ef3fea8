"""The page of `earmark listen --html`: one file that needs nothing else, for any browser, in light or dark.

Each track has a figure of parts over one time axis: spectrogram, attention, the five most probable genres over time,
and when tags are heard; beside it the genres with their probabilities, the genre set, the decisive seconds and, where
there are some, the mood and the tags. At the end all tracks stand on one plane of mood. Pictures are PNG in the page,
all else is SVG and text; there is no script. A track is written as soon as it is heard, and nothing but its place on
that plane is kept of it, so that memory hardly grows with their number.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from earmark.listen.listener import Failure, PicturedTrack
from earmark.plots.mood_plane import Spots, counted, folder_plane, key, track_plane
from earmark.plots.palette import genre_colour
from earmark.plots.sheet import new_sheet, pieces
from earmark.plots.track_figure import has_quiet, track_figure

TITLE = "What earmark heard"
_PAUSE = "\0"  # the piece at which the template has to wait for a track; no page has this character


@dataclass
class _SoFar:
    """What the end of the page tells of all tracks."""

    heard: int = 0
    in_part: int = 0
    tagged: bool = False
    timed: bool = False
    quiet: bool = False
    failures: list[Failure] = field(default_factory=list)
    moods: Spots = field(default_factory=Spots)

    def add(self, heard: PicturedTrack) -> None:
        self.heard += 1
        self.in_part += heard.track.unread_s > 0
        self.tagged |= bool(heard.track.tags)
        self.timed |= bool(heard.track.heard)
        self.quiet |= has_quiet(heard.track)
        self.moods.add(heard.track)


class Page:
    """A page being written, as a context manager.

    It appears under its name when the block ends well; until then, and where the block fails, what was there stays.

    Parameters
    ----------
    file:
        Where the page goes.
    labels:
        The genres of the network, in its order, so that a genre has one colour on all pages.
    model:
        Name and version of the bundle.
    """

    def __init__(self, file: Path, *, labels: Sequence[str], model: str) -> None:
        self._writing = self._write(file)
        self._so_far = _SoFar()
        self._next: PicturedTrack | None = None
        self._pieces = pieces(
            "heard.html.j2",
            title=TITLE,
            arriving=self._arriving(),
            so_far=self._so_far,
            model=model,
            colours={label: genre_colour(index) for index, label in enumerate(labels)},
            figure=track_figure,
            track_plane=track_plane,
            folder_plane=folder_plane,
            counted=counted,
            key=key,
            pause=_PAUSE,
        )
        self._stream: IO[str]

    def __enter__(self) -> Self:
        self._writing.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writing.__exit__(kind, error, trace)

    def add(self, heard: PicturedTrack | Failure) -> None:
        """Write one track; failures are kept for the end of the page."""
        if isinstance(heard, Failure):
            self._so_far.failures.append(heard)
            return
        self._so_far.add(heard)
        self._go_on_with(heard)

    @contextmanager
    def _write(self, file: Path) -> Iterator[None]:
        with new_sheet(file) as self._stream:
            self._go_on_with(None)
            yield
            self._go_on_with(None)

    def _go_on_with(self, heard: PicturedTrack | None) -> None:
        """Let the template write until it waits for a track, or, with none, to its end."""
        self._next = heard
        self._stream.writelines(iter(self._pieces.__next__, _PAUSE))

    def _arriving(self) -> Iterator[PicturedTrack]:
        """Each track once; to its end where there is none to go on with."""
        while (heard := self._next) is not None:
            self._next = None
            yield heard
