"""Pieces of a page that say what was heard in a track, as HTML; what comes from outside is escaped."""

from collections.abc import Mapping
from html import escape

from earmark.plots.palette import QUIET
from earmark.plots.text import clock, percent, remarks, span
from earmark.track import Label, Segment, Track

_LEAST_TAGS = 3


def answer_sentence(track: Track) -> str:
    """The genre, the genre set and the length, or why there is no answer."""
    best = track.genres[0]
    names = escape(", ".join(track.genre_set))
    if track.none_of_these and track.outside is not None:
        share, nearest = percent(track.outside), escape(best.name)
        return f"<strong>None of these genres</strong> {share} (nearest: {nearest}). {clock(track.duration_s)} long."
    if track.cannot_tell:
        return f"Cannot tell: {len(track.genre_set)} genres are possible ({names}). {clock(track.duration_s)} long."
    genre = f"<strong>{escape(best.name)}</strong> {percent(best.probability)}"
    return f"{genre}. The 90&nbsp;% set: {names}. {clock(track.duration_s)} long."


def remark_lines(track: Track) -> str:
    """What was not heard, and what a person should know of how the rest was; empty where there is nothing."""
    return "".join(f"<p class=remark>{escape(remark)}</p>\n" for remark in remarks(track))


def tag_chips(track: Track) -> str:
    """The tags that count as heard as a row of chips with a rim of the accent's colour, and the next ones without."""
    if not track.tags:
        return ""
    chips = (
        f"<li{' class=heard' if tag.name in track.heard_tags else ''}>{escape(tag.name)} "
        f"<span class=quiet>{percent(tag.probability)}</span></li>"
        for tag in track.tags[: max(len(track.heard_tags), _LEAST_TAGS)]
    )
    return f"<ul class=chips aria-label=Tags>{''.join(chips)}</ul>\n"


def genre_table(track: Track, colours: Mapping[str, str]) -> str:
    """All genres with their probabilities as bars; `colours` gives each genre's."""
    rows = "".join(
        _genre_row(label, colours.get(label.name, QUIET), in_set=label.name in track.genre_set)
        for label in track.genres
    )
    return f"<table><caption>Genres</caption><tbody>{rows}</tbody></table>"


def _genre_row(label: Label, colour: str, *, in_set: bool) -> str:
    bar = f"<span class=bar style='width:{100 * label.probability:.1f}%;background:{colour}'></span>"
    mark = "<td class=mark>in the set</td>" if in_set else "<td class=mark></td>"
    return (
        f"<tr><th scope=row>{escape(label.name)}</th><td class=share>{percent(label.probability)}</td>"
        f"<td class=bars>{bar}</td>{mark}</tr>"
    )


def decided_by(track: Track) -> str:
    """The decisive seconds as a list."""
    items = "".join(
        f"<li>{span(segment)} <span class=quiet>{segment_words(segment, track)}</span></li>"
        for segment in track.decisive
    )
    return f"<div><h3>Decisive seconds</h3><ul>{items}</ul></div>"


def segment_words(segment: Segment, track: Track) -> str:
    """What speaks for a decisive segment."""
    attention = f"{percent(segment.attention)} of the attention"
    if segment.probability is None:
        return attention
    return f"{escape(track.genre)} {percent(segment.probability)} on its own, {attention}"
