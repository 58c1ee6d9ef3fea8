"""Tags and "none of these": from logits to what is told."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from earmark.label import Label
from earmark.listen.calibrate import Platt
from earmark.listen.heads import MOST_HEARD, OutsideInfo, Tag, TagInfo
from tiny_bundle import OUTSIDE, TAGS


def test_both_survive_json() -> None:
    assert TagInfo.from_dict(json.loads(json.dumps(TAGS.to_dict()))) == TAGS
    assert OutsideInfo.from_dict(json.loads(json.dumps(OUTSIDE.to_dict()))) == OUTSIDE


def test_each_tag_has_its_own_line_and_the_most_probable_comes_first() -> None:
    soft, loud = TAGS.labels([-4.0, 3.0])
    assert (soft.name, loud.name) == ("soft", "loud")
    assert soft.probability == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-6)
    assert loud.probability == pytest.approx(1 / (1 + np.exp(1)), abs=1e-6)


def test_only_logits_of_all_tags_are_tags() -> None:
    with pytest.raises(ValueError, match="zip"):
        TAGS.labels([1.0])


def test_tags_are_heard_from_the_threshold_on() -> None:
    heard = TAGS.heard((Label("a", 0.9), Label("b", 0.25), Label("c", 0.24)))
    assert heard == ("a", "b")
    assert TAGS.heard(()) == ()


def test_a_handful_of_tags_is_heard_at_most() -> None:
    assert len(TAGS.heard([Label(str(number), 0.9) for number in range(20)])) == MOST_HEARD


def test_tags_with_groups_have_thresholds_of_their_own_and_a_few_a_group() -> None:
    tags = [Tag(f"{group} {place}", Platt(1, 0), 0.9, 0.5, group=group, threshold=0.4) for group in ("style", "mood")
            for place in range(5)]  # fmt: skip
    info = replace(TAGS, each=(*tags, Tag("rare", Platt(1, 0), 0.9, 0.5, group="style", threshold=0.1)))
    labels = [*(Label(tag.name, 0.5) for tag in tags[:2]), Label("mood 0", 0.39), Label("rare", 0.2)]
    assert info.heard(labels) == ("style 0", "style 1", "rare")
    many = [Label(tag.name, 0.5) for tag in tags]
    assert info.heard(many) == (*(f"style {place}" for place in range(3)), *(f"mood {place}" for place in range(3)))
    assert TagInfo.from_dict(json.loads(json.dumps(info.to_dict()))) == info
    assert info.grouped
    assert not TAGS.grouped


def test_tags_that_were_stored_before_there_were_groups_are_still_read_and_written_so() -> None:
    old = TAGS.to_dict()
    assert "people" not in old
    assert [set(tag) for tag in old["each"]] == [{"name", "calibration", "auc", "correlation"}] * 2
    assert TagInfo.from_dict(old) == TAGS


@pytest.mark.parametrize(("changes", "words"), [({"group": "colour"}, "in a group 'colour'"),
                                                ({"threshold": 1.5}, "the tag 'rock' with the threshold")])  # fmt: skip
def test_groups_and_thresholds_that_cannot_be_are_refused(changes: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(TAGS, each=(Tag("rock", Platt(1, 0), 0.5, 0.0, **changes),))


def test_genres_share_what_none_of_these_leaves() -> None:
    info = replace(OUTSIDE, calibration=Platt(2.0, -1.0))
    assert info.probabilities([0.75, 0.25], 0.5).tolist() == [0.375, 0.125, 0.5]
    assert info.probabilities([1.0], np.array(1.0))[-1] == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6)


def test_what_was_stored_before_genres_and_none_of_these_were_one_answer_is_still_read() -> None:
    new = ("share", "set_quantile", "whole")
    old = {name: value for name, value in OUTSIDE.to_dict().items() if name not in new} | {"threshold": 0.3}
    assert OutsideInfo.from_dict(old) == replace(OUTSIDE, share=None, set_quantile=None, whole=None)


def test_tags_of_one_name_are_refused() -> None:
    tag = Tag("rock", Platt(1, 0), 0.5, 0.0)
    with pytest.raises(ValueError, match="different names"):
        replace(TAGS, each=(tag, tag))
