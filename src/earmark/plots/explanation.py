"""The page of `earmark listen --explain`: one track, what its answer rests on, and where it is among other music.

The decisive seconds can be played, their weight is shown beside that of other seconds, and the map and the nearest
clips are those of the atlas. The page needs nothing else and runs no script.
"""

from collections.abc import Iterator, Sequence

from earmark.label import Label
from earmark.listen.atlas import Atlas
from earmark.listen.explanation import Explanation
from earmark.plots.mood_plane import track_plane
from earmark.plots.palette import genre_colour
from earmark.plots.sheet import pieces
from earmark.plots.track_figure import has_quiet, track_figure
from earmark.plots.track_map import track_map
from earmark.sound.decode import name_of
from earmark.sound.encode import encode
from earmark.track import NONE

COMPARED_GENRES = 5


def explanation_page(explanation: Explanation, *, atlas: Atlas | None, labels: Sequence[str]) -> Iterator[str]:
    """The page, piece by piece.

    Parameters
    ----------
    explanation:
        What `explain` gave.
    atlas:
        The one that it was made with; None where there was none.
    labels:
        The genres of the network, in its order, so that a genre has one colour on all pages.
    """
    track, atlas = explanation.track, None if explanation.place is None else atlas
    name, segments = name_of(track.path), [excerpt.segment for excerpt in explanation.excerpts]
    colours = {label: genre_colour(index) for index, label in enumerate(labels)}
    return pieces(
        "explanation.html.j2",
        title=f"What earmark heard in {name}",
        track=track,
        colours=colours,
        figure=track_figure(track, explanation.spectrogram),
        has_quiet=has_quiet(track),
        plane=track_plane(track),
        excerpts=[(excerpt.segment, encode(excerpt.samples)) for excerpt in explanation.excerpts],
        blanked_s=sum(segment.end_s - segment.start_s for segment in segments),
        without=explanation.without,
        change=explanation.change,
        mean=explanation.without_random,
        draws=explanation.random_changes,
        compared=_compared(explanation),
        atlas=atlas,
        map=atlas and track_map(atlas, explanation.place or (), colours=colours, track=name),
        shown=atlas and float(atlas.explained[:2].sum()),
        neighbours=explanation.neighbours,
    )


def _compared(explanation: Explanation) -> Iterator[tuple[Label, float]]:
    """The most probable answers before and after, each with its probability without the decisive seconds."""
    after = {label.name: label.probability for label in explanation.without.answers}
    best = explanation.without.answers[0].name
    for rank, label in enumerate(explanation.track.answers):
        if rank < COMPARED_GENRES or label.name in (best, NONE, explanation.track.genre):
            yield label, after[label.name]
