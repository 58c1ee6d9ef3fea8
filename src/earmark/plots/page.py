"""The page of `earmark listen --html`: one file that needs nothing else, for any browser, in light or dark.

Each track has a figure of four parts over one time axis: spectrogram, attention, and the five most probable genres over
time; beside it the genres with their probabilities, the genre set, the decisive seconds and, where there are some, the
tags. Pictures are PNG in the page, all else is SVG and text; there is no script. A track is written as soon as it is
heard, so that memory does not grow with their number.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from earmark.listen.listener import Failure, PicturedTrack
from earmark.plots.answer import answer_sentence, decided_by, genre_table, remark_lines, tag_chips
from earmark.plots.palette import genre_colour
from earmark.plots.sheet import new_sheet
from earmark.plots.track_figure import has_quiet, track_figure
from earmark.sound.decode import name_of

HOW_TO_READ = (
    "In each figure, from top to bottom: the spectrogram (brighter is louder); the attention, the share that each "
    "moment has in the answer; and how each moment on its own sounds, brighter for more probable. The decisive "
    "seconds, orange, are those that have attention and on their own sound like the genre. Probabilities are "
    "calibrated; a 90&nbsp;% set holds the true genre nine times out of ten."
)

HOW_TO_READ_TAGS = (
    "Tags are what another network, a tagger, would say, each with the probability that it would; those with an orange "
    "rim count as heard."
)

HOW_TO_READ_QUIET = "Grey moments are so much quieter than the loudest that they had no part in the answer."


def how_to_read(*, tags: bool, quiet: bool) -> str:
    """How to read the figures of tracks, with what tags and quiet moments are where there are some."""
    return " ".join([HOW_TO_READ, *([HOW_TO_READ_QUIET] if quiet else []), *([HOW_TO_READ_TAGS] if tags else [])])


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
        self._colours = {label: genre_colour(index) for index, label in enumerate(labels)}
        self._model = model
        self._heard = self._in_part = 0
        self._tagged = self._quiet = False
        self._failures: list[Failure] = []
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
            self._failures.append(heard)
            return
        self._heard += 1
        self._in_part += heard.track.unread_s > 0
        self._tagged |= bool(heard.track.tags)
        self._quiet |= has_quiet(heard.track)
        self._stream.write(track_html(heard, colours=self._colours))

    @contextmanager
    def _write(self, file: Path) -> Iterator[None]:
        with new_sheet(file, "What earmark heard") as self._stream:
            yield
            self._stream.write(self._foot())

    def _foot(self) -> str:
        failures = "".join(f"<li>{escape(failure.error)}</li>" for failure in self._failures)
        failed = f"<section><h2>Not heard</h2><ul>{failures}</ul></section>" if failures else ""
        counts = [f"{self._heard} {'track' if self._heard == 1 else 'tracks'} heard by {escape(self._model)}"]
        counts += [f"{self._in_part} in part"] if self._in_part else []
        counts += [f"{len(self._failures)} failed"] if failures else []
        count = f"{', '.join(counts)}."
        how = how_to_read(tags=self._tagged, quiet=self._quiet)
        return f"{failed}</main>\n<footer><p>{count} {how}</p></footer>\n</body>\n</html>\n"


def track_html(heard: PicturedTrack, *, colours: dict[str, str]) -> str:
    """One track as an HTML `<article>`; `colours` gives each genre's."""
    track = heard.track
    name = escape(name_of(track.path))
    return (
        f"<article>\n<h2>{name}</h2>\n<p class=answer>{answer_sentence(track)}</p>\n"
        f"{remark_lines(track)}{tag_chips(track)}<figure>{track_figure(track, heard.spectrogram)}</figure>\n"
        f"<div class=facts>{genre_table(track, colours)}{decided_by(track)}</div>\n</article>\n"
    )
