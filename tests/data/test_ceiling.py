"""The ceiling of labels: suspects against faults that people found, and accuracy without them."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from earmark.data.ceiling import Bound, agreement, bound, read_faults, write_ranking
from earmark.data.dataset import Clip
from earmark.data.suspects import Doubt, Suspect
from earmark.errors import DataError


def ranking(*scores: float) -> list[Doubt]:
    """Clips a, b, c, ... with these scores."""
    names = "abcdefghijklmnopqrstuvwxyz"
    return [Doubt(names[i], "rock", "pop", 0.5 - s / 2, 0.5 + s / 2, 1, 2) for i, s in enumerate(scores)]


def clip(name: str, **columns: str) -> Clip:
    return Clip(name, Path(), "rock", columns.get("artist", ""), {"id": name, **columns})


def test_chance_is_the_share_of_all_draws_that_hold_as_many_faults() -> None:
    found = agreement(ranking(*np.linspace(1, -1, 8)), suspects={"a", "b", "c"}, faults={"a", "c", "d", "h"})
    draws = [len({"a", "c", "d", "h"} & set(draw)) for draw in combinations("abcdefgh", 3)]
    assert (found.clips, found.suspects, found.faults, found.both) == (8, 3, 4, 2)
    assert found.p == pytest.approx(sum(hit >= 2 for hit in draws) / len(draws))


def test_the_area_is_that_of_scikit_learn_with_ties() -> None:
    rng = np.random.default_rng(1)
    scores = np.sort(rng.integers(-3, 4, 26) / 4)[::-1]
    bad = rng.random(26) < 0.3
    doubts = ranking(*scores)
    found = agreement(doubts, suspects=set(), faults={d.id for d, is_bad in zip(doubts, bad, strict=True) if is_bad})
    assert found.auc == pytest.approx(roc_auc_score(bad, scores))
    assert found.p == 1.0


def test_faults_have_their_places_and_precision_is_told_as_deep_as_there_are_clips() -> None:
    found = agreement(ranking(*np.linspace(1, -1, 12)), suspects={"a"}, faults={"a", "c", "l", "not ranked"})
    assert found.ranks == {"a": 1, "c": 3, "l": 12}
    assert found.precision == {10: pytest.approx(0.2)}
    assert found.faults == 3


@pytest.mark.parametrize("faults", [set(), {"z"}, {"a", "b"}])
def test_without_both_faults_and_other_clips_there_is_nothing_to_compare(faults: set[str]) -> None:
    with pytest.raises(DataError, match="nothing to compare"):
        agreement(ranking(0.5, 0.1), suspects={"a"}, faults=faults)


def test_the_bound_counts_the_clips_that_are_no_suspects() -> None:
    assert bound("net", {"a": 0.0, "b": 1.0, "c": 0.5}, {"a", "elsewhere"}) == Bound("net", 0.5, 0.75)
    with pytest.raises(DataError, match="All clips of the set that net answered"):
        bound("net", {"a": 1.0}, {"a"})


def test_known_faults_are_those_of_the_set_and_confirmed_by_artist_and_title(tmp_path: Path) -> None:
    (tmp_path / "k.csv").write_text("id,artist,title,source\na,THE BAND,,paper\nb,,Song,paper\nx,Someone,,paper\n")
    clips = [clip("a", artist="The Band", title="Tune"), clip("b", artist="", title="song"), clip("c")]
    assert read_faults(tmp_path / "k.csv", clips) == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id,artist\na,Other Band\n", "calls the artist of a 'Other Band', and clips.csv 'The Band'"),
        ("id,title\na,Other\n", "calls the title of a 'Other'"),
        ("clip\na\n", "has no column 'id'"),
        ("id\n\udcff", "cannot be read"),
    ],
)
def test_a_list_of_other_recordings_or_of_another_kind_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "k.csv").write_text(text, errors="surrogateescape")
    with pytest.raises(DataError, match=sentence):
        read_faults(tmp_path / "k.csv", [clip("a", artist="The Band", title="Tune")])


def test_the_ranking_is_written_with_names_and_verdicts(tmp_path: Path) -> None:
    suspects = [Suspect("a", "rock", "pop", 0.1, 0.9, False, 2, 2), Suspect("c", "rock", "pop", 0.5, 0.5, True, 1, 2)]
    clips = [clip("a", artist="The Band", title="Tune, part 1"), clip("c")]
    write_ranking(tmp_path / "new" / "r.csv", ranking(0.8, 0.5, 0.0), suspects, clips)
    assert (tmp_path / "new" / "r.csv").read_text().splitlines() == [
        "rank,id,artist,title,label,other,p_label,p_other,score,agree,verdict",
        '1,a,The Band,"Tune, part 1",rock,pop,0.1000,0.9000,0.8000,1 of 2,doubtful',
        "2,b,,,rock,pop,0.2500,0.7500,0.5000,1 of 2,",
        "3,c,,,rock,pop,0.5000,0.5000,0.0000,1 of 2,shared",
    ]
