"""The page of `earmark listen --explain`: one track, what its answer rests on, and where it is among other music.

The decisive seconds can be played, their weight is shown beside that of other seconds, and the map and the nearest
clips are those of the atlas. The page needs nothing else and runs no script; what comes from outside is escaped.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from earmark.listen.atlas import Atlas, Neighbour
from earmark.listen.explanation import Excerpt, Explanation
from earmark.plots.answer import answer_sentence, genre_table, remark_lines, segment_words, tag_chips
from earmark.plots.page import how_to_read
from earmark.plots.palette import QUIET, genre_colour
from earmark.plots.text import percent, span
from earmark.plots.track_figure import has_quiet, track_figure
from earmark.plots.track_map import MAP_STYLE, track_map
from earmark.sound.decode import name_of
from earmark.sound.encode import encode
from earmark.track import NONE, Label, Track

COMPARED_GENRES = 5

EXPLANATION_STYLE = f"""{MAP_STYLE}
section p {{ margin: .3rem 0 .8rem; max-width: 48rem }}
.excerpts {{ display: flex; flex-wrap: wrap; gap: 1rem 2rem }}
.excerpts figure {{ margin: 0; flex: 1 1 17rem; max-width: 24rem }}
audio {{ width: 100%; margin-top: .3rem }}
.key {{ display: inline-block; width: .8rem; height: .7rem; outline: 1px solid var(--rule) }}
.bar + .bar {{ margin-top: 1px }}
.compared, .near {{ width: 100%; max-width: 48rem }}
.compared td, .compared th, .near td, .near th {{ padding: .15rem .8rem .15rem 0; text-align: left }}
.compared .share, .near .share {{ text-align: right }}
.compared .bars {{ width: 60%; padding-right: 0 }}
thead th {{ font-weight: 400; color: var(--quiet) }}
"""


def explanation_html(explanation: Explanation, *, atlas: Atlas | None, labels: Sequence[str]) -> str:
    """The inside of the page, for a `new_sheet` with `EXPLANATION_STYLE`, to its end.

    Parameters
    ----------
    explanation:
        What `explain` gave.
    atlas:
        The one that it was made with; None where there was none.
    labels:
        The genres of the network, in its order, so that a genre has one colour on all pages.
    """
    track = explanation.track
    colours = {label: genre_colour(index) for index, label in enumerate(labels)}
    how = how_to_read(tags=bool(track.tags), quiet=has_quiet(track))
    return (
        f"<article>\n<p class=answer>{answer_sentence(track)}</p>\n"
        f"{remark_lines(track)}{tag_chips(track)}<figure>{track_figure(track, explanation.spectrogram)}</figure>\n"
        f"<div class=facts>{genre_table(track, colours)}</div>\n</article>\n"
        f"{_decisive(explanation.excerpts, track)}{_without(explanation, colours, with_atlas=atlas is not None)}"
        f"{_among_others(explanation, atlas, colours)}"
        f"</main>\n<footer><p>Heard by {escape(track.model)}. {how}</p></footer>\n</body>\n</html>\n"
    )


def _decisive(excerpts: Sequence[Excerpt], track: Track) -> str:
    players = "".join(_player(excerpt, track) for excerpt in excerpts)
    return (
        "<section><h2>The decisive seconds</h2>\n"
        "<p>Those that have attention and on their own sound like the genre. Do they make the track what it is?</p>\n"
        f"<div class=excerpts>{players}</div></section>\n"
    )


def _player(excerpt: Excerpt, track: Track) -> str:
    segment = excerpt.segment
    sound = encode(excerpt.samples)
    source = f"data:{sound.media_type};base64,{base64.b64encode(sound.content).decode()}"
    times = span(segment)
    return (
        f"<figure><figcaption>{times} <span class=quiet>{segment.end_s - segment.start_s:.1f} s, "
        f"{segment_words(segment, track)}</span></figcaption>"
        f"<audio controls preload=metadata aria-label='{times}' src='{source}'></audio></figure>"
    )


def _without(explanation: Explanation, colours: Mapping[str, str], *, with_atlas: bool) -> str:
    length_s = sum(excerpt.segment.end_s - excerpt.segment.start_s for excerpt in explanation.excerpts)
    filler = "the mean spectrum of the atlas" if with_atlas else "the mean spectrum of the track"
    rows = "".join(_compared_row(*pair, colours.get(pair[0].name, QUIET)) for pair in _compared(explanation))
    return (
        f"<section><h2>Without these {length_s:.1f} seconds</h2>\n"
        f"<p>The same track, with the decisive seconds filled with {filler}. {_moved(explanation)} "
        f"{_held_against_others(explanation)}</p>\n"
        "<table class=compared><thead><tr><th></th><th class=share>as heard</th><th class=share>without</th>"
        f"<th><span class=quiet>above as heard, below <span class=key style='background:{QUIET}'></span> without"
        f"</span></th></tr></thead><tbody>{rows}</tbody></table></section>\n"
    )


def _compared(explanation: Explanation) -> Iterator[tuple[Label, float]]:
    """The most probable answers before and after, each with its probability without the decisive seconds."""
    after = {label.name: label.probability for label in explanation.without.answers}
    best = explanation.without.answers[0].name
    for rank, label in enumerate(explanation.track.answers):
        if rank < COMPARED_GENRES or label.name in (best, NONE, explanation.track.genre):
            yield label, after[label.name]


def _compared_row(label: Label, after: float, colour: str) -> str:
    bars = "".join(
        f"<span class=bar style='width:{100 * share:.1f}%;background:{paint}'></span>"
        for share, paint in ((label.probability, colour), (after, QUIET))
    )
    return (
        f"<tr><th scope=row>{escape(label.name)}</th><td class=share>{percent(label.probability)}</td>"
        f"<td class=share>{percent(after)}</td><td class=bars>{bars}</td></tr>"
    )


def _moved(explanation: Explanation) -> str:
    """What blanking does to the answer, as a sentence."""
    track, without = explanation.track, explanation.without
    before = track.genres[0].probability
    becomes = f"becomes {escape(', '.join(without.genre_set))}"
    nearest = ", the nearest genre," if track.none_of_these else ""
    same = set(without.genre_set) == set(track.genre_set)
    return (
        f"The probability of {escape(track.genre)}{nearest} goes from {_tenths(before)} to "
        f"{_tenths(before + explanation.change)} ({_points(explanation.change)} points), "
        f"and the 90&nbsp;% set {'stays the same' if same else becomes}."
    )


def _held_against_others(explanation: Explanation) -> str:
    """Whether other seconds do as much, in sentences."""
    mean, draws = explanation.without_random, explanation.random_changes
    if mean is None:
        return "The track is too short to blank as many other seconds."
    others = (
        f"Where as many seconds elsewhere are blanked instead, it changes by {_points(mean)} points in the mean of "
        f"{len(draws)} random draws ({_points(min(draws))} to {_points(max(draws))})."
    )
    if explanation.change < min(draws):
        return f"{others} <strong>These seconds carry more of the answer than any that were drawn.</strong>"
    if explanation.change < mean:
        return f"{others} These seconds carry more of the answer than others in the mean, and less than some."
    return (
        f"{others} <strong>These seconds carry no more of the answer than others:</strong> the network looked at them "
        "most, and the genre can be told as well from the rest."
    )


def _points(change: float) -> str:
    """A change of a probability in hundredths, with its sign."""
    return f"{100 * change:+.1f}".replace("-", "−")


def _tenths(share: float) -> str:
    """A share in percent to a tenth, so that small changes can be seen."""
    return f"{100 * share:.1f}&nbsp;%"


def _among_others(explanation: Explanation, atlas: Atlas | None, colours: Mapping[str, str]) -> str:
    if atlas is None or explanation.place is None:
        return (
            "<section><h2>Among other music</h2>\n<p>Where the track is among other music is not shown, as the network "
            "has no atlas: <code>earmark model atlas --data SET --model BUNDLE</code> makes one.</p></section>\n"
        )
    picture = track_map(atlas, explanation.place, colours=colours, track=name_of(explanation.track.path))
    shown = percent(float(atlas.explained[:2].sum()))
    rows = "".join(map(_neighbour_row, explanation.neighbours))
    return (
        f"<section><h2>Among other music</h2>\n<p>The star is this track, a dot a clip in the colour of its genre "
        "(grey for other genres than the network's), a disc the mean of a genre.</p>\n"
        f"<figure>{picture}</figure>\n<p>The two axes show {shown} of the variance between the clips of the network's "
        "genres, so a distance on the map is not the true distance.</p></section>\n"
        "<section><h2>The nearest clips</h2>\n<p>By their true distance, in all numbers by which tracks are compared; "
        "at most one of each artist whose name is known.</p>\n"
        "<table class=near><thead><tr><th>Clip</th><th>Genre</th><th>Set</th><th class=share>Distance</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section>\n"
    )


def _neighbour_row(neighbour: Neighbour) -> str:
    named = ": ".join(part for part in (neighbour.artist, neighbour.title) if part) or neighbour.name
    return (
        f"<tr><th scope=row>{escape(named)}</th><td>{escape(neighbour.genre)}</td><td>{escape(neighbour.set)}</td>"
        f"<td class=share>{neighbour.distance:.2f}</td></tr>"
    )
