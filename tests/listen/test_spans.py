"""When tags are heard: spans of tokens, joined, long enough, and told of the track or in passing."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.label import Label
from earmark.listen.calibrate import Platt
from earmark.listen.heads import Tag, TagInfo
from earmark.listen.spans import TokenTags, heard_in_time
from earmark.track import HeardTag
from tiny_bundle import TAGS

TOKEN_S = 1.5
HIGH, LOW = 6.0, -6.0


def info(*groups: str, threshold: float = 0.5) -> TagInfo:
    each = tuple(Tag(f"tag {number}", Platt(1, 0), 0.9, 0.5, group=group) for number, group in enumerate(groups))
    return replace(TAGS, each=each, threshold=threshold)


def tokens(*columns: str, quiet: tuple[int, ...] = ()) -> TokenTags:
    """One column a tag: "#" where it sounds, "." where it does not; quiet tokens are not there."""
    kept = [place for place in range(len(columns[0])) if place not in quiet]
    logits = np.array([[HIGH if column[place] == "#" else LOW for column in columns] for place in kept])
    return TokenTags(np.array(kept) * TOKEN_S, TOKEN_S, logits, end_s=len(columns[0]) * TOKEN_S - 0.5)


def seconds(tag: HeardTag) -> list[tuple[float, float]]:
    return [(span.start_s, span.end_s) for span in tag.spans]


def heard(group: str, pattern: str, *, told: bool = True, quiet: tuple[int, ...] = ()) -> list[HeardTag]:
    names = ("tag 0",) if told else ()
    return list(heard_in_time(info(group), [Label("tag 0", 0.4)], names, tokens(pattern, quiet=quiet)))


def test_a_tag_is_heard_in_its_seconds() -> None:
    (tag,) = heard("instrument", "....########............")
    assert seconds(tag) == [(4 * TOKEN_S, 12 * TOKEN_S)]
    assert (tag.probability, tag.throughout, tag.passing) == (0.4, False, False)
    assert 0.9 < tag.spans[0].probability < 1


def test_a_single_token_is_smoothed_away_and_a_short_gap_is_filled() -> None:
    (tag,) = heard("instrument", "....#.......#####.#####..")
    assert seconds(tag) == [(12 * TOKEN_S, 23 * TOKEN_S)]


@pytest.mark.parametrize(("gap", "spans"), [("..", 1), ("...", 2)])
def test_spans_are_joined_over_gaps_of_some_seconds(gap: str, spans: int) -> None:
    (tag,) = heard("instrument", f"#####{gap}#####....")
    assert len(tag.spans) == spans


def test_quiet_tokens_are_no_neighbours_and_join_what_is_around_them() -> None:
    (tag,) = heard("instrument", "..######........", quiet=(5, 6))
    assert seconds(tag) == [(2 * TOKEN_S, 8 * TOKEN_S)]
    (apart,) = heard("instrument", "..####..........####....", quiet=tuple(range(6, 16)))
    assert len(apart.spans) == 2


def test_what_is_heard_nearly_always_is_heard_throughout() -> None:
    (tag,) = heard("style", "#" * 20)
    assert tag.throughout
    assert seconds(tag) == [(0, 20 * TOKEN_S - 0.5)]  # no longer than the track
    (less,) = heard("style", "#" * 17 + "...")
    assert not less.throughout
    (quiet,) = heard("style", "#" * 10 + ".." + "." * 8, quiet=tuple(range(10, 20)))
    assert quiet.throughout  # of what was heard


def test_an_instrument_is_told_in_passing_and_a_style_is_not() -> None:
    (tag,) = heard("instrument", "." * 40 + "####" + "." * 40, told=False)
    assert (tag.passing, tag.throughout) == (True, False)
    assert tag.probability == tag.spans[0].probability > 0.9
    assert heard("style", "." * 40 + "####" + "." * 40, told=False) == []
    assert heard("instrument", "." * 40 + "###" + "." * 40, told=False) == []  # too short to be sure


def test_a_decade_has_no_seconds() -> None:
    (tag,) = heard("decade", "....####")
    assert (tag.spans, tag.throughout) == ((), False)


def test_groups_come_in_order_and_what_passes_takes_only_the_room_that_is_left() -> None:
    groups = ("sound", *("instrument",) * 5)
    labels = [Label(f"tag {number}", 0.3 + number / 100) for number in range(6)]
    found = heard_in_time(info(*groups), labels, ("tag 0", "tag 1", "tag 2"), tokens(*["..########"] * 6))
    assert [tag.name for tag in found] == ["tag 2", "tag 1", "tag 3", "tag 0"]
    assert [tag.passing for tag in found] == [False, False, True, False]


@pytest.mark.parametrize(("in_time", "spans"), [(None, 1), (0.6, 1), (0.59, 0)])
def test_seconds_that_are_hardly_better_than_chance_are_not_told(in_time: float | None, spans: int) -> None:
    given = info("instrument")
    given = replace(given, each=(replace(given.each[0], in_time=in_time),))
    (tag,) = heard_in_time(given, [Label("tag 0", 0.4)], ("tag 0",), tokens("..######.."))
    assert len(tag.spans) == spans
