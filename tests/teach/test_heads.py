"""From labelled music to heads: what is asked, what is left out and said, and what is written where."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthetic
from earmark.data.dataset import Clip, Dataset
from earmark.data.layout import CLIPS_FILE, read_rows, write_rows
from earmark.errors import BundleError, DataError
from earmark.listen.bundle import Bundle, load_bundle
from earmark.listen.linear import HEADS_FILE, MOOD, MULTI, NUMBER, SHARES, SINGLE, read_heads
from earmark.teach.heads import LEAST, Trained, ask, in_words, train_heads, write_beside
from earmark.teach.plan import HeadPlan, Labels
from headed_bundle import write_headed_bundle

FOLDER = Path("mine")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(write_headed_bundle(tmp_path / "headed"))


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Four styles of 6 pieces by 3 artists, each with shares, a number and several labels."""
    data = synthetic.dataset(tmp_path_factory.mktemp("heads") / "pieces", clips_per_style=6, duration_s=4.5)
    rows = read_rows(data.folder / CLIPS_FILE)
    for number, row in enumerate(rows):
        style = row["genre"]
        row["loud"] = {"pulse": "0.9", "noise": "0.8"}.get(style, "0.1") if number % 5 else ""
        row["height"] = {"pulse": "-1", "drone": "-0.5"}.get(style, "0.75")
        row["kinds"] = {"pulse": "beat", "plucks": "beat;tune", "drone": "tune"}.get(style, "hiss")
    write_rows(data.folder / CLIPS_FILE, rows)
    return Dataset.load(data.folder)


def clips(labels: Sequence[str], artists: Sequence[str] | None = None, **columns: Sequence[str]) -> list[Clip]:
    """One a label, by an artist each unless told."""
    made = []
    for number, label in enumerate(labels):
        more = {name: cells[number] for name, cells in columns.items()}
        artist = artists[number] if artists else f"artist {number}"
        made.append(Clip(str(number), FOLDER, label or None, artist, {"genre": label, "artist": artist, **more}))
    return made


def shares(*columns: str, kind: str = SHARES) -> HeadPlan:
    return HeadPlan("head", kind, sets={"mine": Labels(columns={name: name for name in columns})})


def test_labels_that_have_too_few_examples_are_left_out_and_said() -> None:
    artists = [*map(str, range(11)), *["one band"] * 6]
    asked = ask(HeadPlan("head"), clips(["a"] * 5 + ["b"] * 5 + ["rare"] + ["c"] * 6, artists), own=4)
    assert asked.question.labels == ("a", "b")
    assert asked.rows.tolist() == list(range(10))
    assert asked.question.targets.tolist() == [[1.0, 0.0]] * 5 + [[0.0, 1.0]] * 5
    assert asked.left_out == (
        "'c', as all 6 examples are by one artist",
        f"'rare', of which there is one example (needed: {LEAST})",
    )


def test_a_clip_with_two_labels_of_one_is_left_out_and_counted() -> None:
    asked = ask(HeadPlan("head"), clips(["a"] * 6 + ["b"] * 6 + ["a;b", "b; a"]), own=4)
    assert asked.rows.tolist() == list(range(12))
    assert asked.left_out == ("2 clips with several labels of 'head', which says one",)


def test_the_same_file_with_two_labels_contradicts_itself() -> None:
    listed = clips(["a"] * 6 + ["b"] * 7, path=[*(f"{number}.wav" for number in range(12)), "0.wav"])
    asked = ask(HeadPlan("head"), listed, own=4)
    assert asked.rows.tolist() == list(range(1, 12))
    assert asked.left_out == ("2 clips with several labels of 'head', which says one",)
    several = ask(HeadPlan("head", MULTI), listed, own=4)
    assert several.question.targets[0].tolist() == several.question.targets[12].tolist() == [1.0, 1.0]
    assert several.left_out == ()


def test_what_contradictory_labels_leave_may_be_too_few() -> None:
    with pytest.raises(DataError, match=r"'a' alone has enough examples\. Left out: .*'b', of which there are 2"):
        ask(HeadPlan("head"), clips(["a"] * 6 + ["b"] * 2 + ["a;b"] * 4), own=4)


def test_of_several_labels_a_clip_that_has_others_has_not_this_one() -> None:
    asked = ask(HeadPlan("head", MULTI), clips(["a"] * 5 + ["a;b"] * 5 + ["rare"] + [""]), own=4)
    assert asked.rows.tolist() == list(range(11))
    assert asked.question.targets[[0, 5, 10]].tolist() == [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    assert asked.left_out == (f"'rare', of which there is one example (needed: {LEAST})",)


@pytest.mark.parametrize(
    ("plan", "made", "words"),
    [
        (HeadPlan("head"), clips(["a"] * 12), "'a' alone has enough examples"),
        (HeadPlan("head"), clips(["a", "b", "c"]), "no label has enough examples"),
        (HeadPlan("head"), clips(["a", "b"] * 6, ["me"] * 12), "as all 6 examples are by one artist"),
        (HeadPlan("head"), clips([""] * 4), "no label has enough examples"),
        (HeadPlan("head", sets={"other": Labels()}), clips(["a", "b"] * 6), "no label has enough examples"),
        (shares("x"), clips(["a"] * 6, x=["0.5"] * 5 + ["1.5"]), "learns from 0 to 1"),
        (shares("x"), clips(["a"] * 6, x=["0.5"] * 5 + ["-0.1"]), "learns from 0 to 1"),
        (shares("x", kind=NUMBER), clips(["a"] * 6, x=["0.5"] * 5 + ["-1.1"]), "learns from -1 to 1"),
        (shares("x", kind=NUMBER), clips(["a"] * 6, x=["0.5"] * 5 + ["inf"]), "learns from -1 to 1"),
        (shares("x"), clips(["a"] * 6, x=[""] * 6), "No clip has a number"),
        (shares("x"), clips(["a"] * 6, x=["nan"] * 6), "No clip has a number"),
        (shares("x"), clips(["a"] * 6, x=["much"] * 6), "'much' in column 'x' of clip '0' is no number"),
        (shares("x"), clips(["a"] * 6, ["me"] * 6, x=["0.5"] * 6), "as all 6 examples are by one artist"),
        (shares("x"), clips(["a"] * 6, x=["0.5", "", "", "", "", ""]), "of which there is one example"),
    ],
)
def test_where_nothing_can_be_learned_it_is_said_why(plan: HeadPlan, made: list[Clip], words: str) -> None:
    with pytest.raises(DataError, match=words):
        ask(plan, made, own=4)


def test_a_recipe_for_other_sets_says_which_sets_there_are() -> None:
    with pytest.raises(DataError, match="cannot be trained") as caught:
        ask(HeadPlan("head", sets={"4q": Labels(), "emotify": Labels()}), clips(["a", "b"] * 6), own=4)
    assert caught.value.hint == "The recipe asks for labels of the sets 4q, emotify; there are mine."


def test_shares_that_some_clips_lack_are_unknown_there_and_those_of_nobody_are_left_out() -> None:
    x, y, z = ["0.5"] * 6 + [""] * 6, [""] * 4 + ["1"] * 7 + [""], ["0.2"] + [""] * 11
    asked = ask(shares("y", "z", "x"), clips(["a"] * 12, x=x, y=y, z=z), own=4)
    assert asked.question.labels == ("y", "x")
    assert asked.rows.tolist() == list(range(11))
    assert np.array_equal(asked.question.targets[[0, 5, 10]], [[np.nan, 0.5], [1, 0.5], [1, np.nan]], equal_nan=True)
    assert asked.left_out == (f"'z', of which there is one example (needed: {LEAST})",)


def test_artists_who_share_a_billing_are_one_in_a_question() -> None:
    asked = ask(HeadPlan("head"), clips(["a", "b"] * 6, ["Ann", "Ann feat. Bob", "Bob"] * 4), own=4)
    assert len(set(asked.question.artists)) == 1


PLANS = (
    HeadPlan("style"),
    HeadPlan("kinds", MULTI, sets={"pieces": Labels(column="kinds")}),
    HeadPlan("loud", SHARES, sets={"pieces": Labels(columns={"loudness": "loud"})}),
    HeadPlan("height", NUMBER, MOOD, sets={"pieces": Labels(columns={"metres": "height"})}),
)


@pytest.fixture(scope="module")
def trained(pieces: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Heads of all plans, for any headed bundle: all have one network."""
    bundle = load_bundle(write_headed_bundle(tmp_path_factory.mktemp("bundles") / "headed"))
    return train_heads(PLANS, [pieces.folder], bundle)


def test_heads_of_all_kinds_are_trained_and_tell_what_the_pieces_are(
    bundle: Bundle, pieces: Dataset, trained: Trained
) -> None:
    style, kinds, loud, height = trained.heads
    assert (trained.failures, trained.notes) == ((), ())
    assert [head.kind for head in trained.heads] == [SINGLE, MULTI, SHARES, NUMBER]
    assert {head.network for head in trained.heads} == {bundle.info.sha256}
    assert [head.role for head in trained.heads] == ["", "", "", MOOD]
    assert style.labels == pieces.labels
    assert style.figures["accuracy"] > 0.7
    assert (style.figures["n"], style.figures["n_artists"], style.figures["trained_on"]) == (24, 12, ["pieces"])
    assert style.figures["splices"] == {"n": 0}  # pieces of 4.5 s are too short
    assert kinds.figures["labels"]["hiss"]["auc"] > 0.8
    assert loud.figures["n"] == 19  # of five clips one is not known
    assert loud.figures["labels"]["loudness"]["spearman"] > 0.5
    assert height.figures["numbers"]["metres"]["sign"] > 0.7


def test_a_head_whose_sets_are_not_there_is_left_out_and_that_is_said(bundle: Bundle, pieces: Dataset) -> None:
    elsewhere = HeadPlan("far", sets={"another": Labels()})
    done = train_heads([elsewhere, PLANS[3]], [pieces.folder], bundle)
    assert [head.name for head in done.heads] == ["height"]
    assert done.notes == ("far: not trained, as none of its sets is there.",)


def test_how_good_heads_are_is_told_in_words(trained: Trained) -> None:
    style, kinds, loud, height = map(in_words, trained.heads)
    assert style.startswith("style: 24 examples by 12 artists. Right in ")
    assert "of tracks by artists it never heard; always the commonest label: 25 %." in style
    assert kinds.startswith("kinds: 24 examples by 12 artists. beat AUC ")
    assert loud.startswith("loud: 19 examples by 12 artists. loudness rank correlation 0.")
    assert height.startswith("height: 24 examples by 12 artists. metres right side of 0 in ")


def test_the_same_music_gives_the_same_heads(bundle: Bundle, pieces: Dataset, trained: Trained) -> None:
    (again,) = train_heads(PLANS[3:], [pieces.folder], bundle).heads
    assert again.to_dict() == trained.heads[3].to_dict()


def refused(plan: HeadPlan, paths: Sequence[Path], bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> DataError:
    """What is said; before anything is heard."""

    def hear(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("earmark.teach.heads.hear_sets", hear)
    with pytest.raises(DataError) as caught:
        train_heads([plan], paths, bundle)
    return caught.value


@pytest.mark.parametrize(
    ("plan", "words", "hint"),
    [
        (HeadPlan("head", sets={"*": Labels(column="feel")}), "The set pieces has no column 'feel'", "motif_start_s"),
        (HeadPlan("head", sets={"4q": Labels()}), "no label has enough examples", "there are pieces"),
        (HeadPlan("head", sets={"*": Labels(column="id")}), "no label has enough examples", ""),
        (HeadPlan("head", SHARES, sets={"4q": Labels(columns={"x": "x"})}), "No clip has a number", "are pieces"),
        (HeadPlan("head", SHARES, sets={"*": Labels(columns={"x": "height"})}), "learns from 0 to 1", ""),
        (HeadPlan("head", sets={"*": Labels(map={"pulse": "a", "drone": "a"})}), "'a' alone has enough", ""),
    ],
)
def test_what_cannot_be_learned_is_said_before_the_music_is_heard(
    plan: HeadPlan, words: str, hint: str, bundle: Bundle, pieces: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = refused(plan, [pieces.folder], bundle, monkeypatch)
    assert words in said.sentence
    assert hint in said.hint


def test_one_artist_alone_is_refused_before_the_music_is_heard(
    bundle: Bundle, pieces: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = read_rows(pieces.folder / CLIPS_FILE)
    write_rows(tmp_path / "pieces" / CLIPS_FILE, [{**row, "artist": "Ann" if number % 2 else "Ann feat. Bob"} for number, row in enumerate(rows)])  # fmt: skip # noqa: E501
    said = refused(PLANS[3], [tmp_path / "pieces"], bundle, monkeypatch)
    assert "All examples are by one artist" in said.sentence


def test_a_clip_that_no_plan_asks_of_is_not_heard(
    bundle: Bundle, pieces: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earmark.teach.heads.train_head", lambda *_, **__: None)
    rows = read_rows(pieces.folder / CLIPS_FILE)
    for row in rows[:3]:
        row["genre"] = ""
    (tmp_path / "pieces").mkdir()
    write_rows(tmp_path / "pieces" / CLIPS_FILE, rows)
    (tmp_path / "pieces" / "mel").symlink_to(pieces.folder / "mel")
    seen: list[int] = []
    train_heads(PLANS[:1], [tmp_path / "pieces"], bundle, progress=lambda done, total: seen.append(total))
    assert set(seen) == {21}


def test_what_is_written_stands_beside_what_was_there_and_replaces_its_namesake(
    bundle: Bundle, trained: Trained
) -> None:
    style, kinds = trained.heads[:2]
    assert write_beside(bundle, [style, kinds]) == bundle.folder / HEADS_FILE
    other = replace(style, figures={"n": 1})
    write_beside(bundle, [other])
    found = read_heads(bundle.folder / HEADS_FILE)
    assert [(head.name, head.figures.get("n")) for head in found] == [("kinds", 24), ("style", 1)]
    assert [head.name for head in load_bundle(bundle.folder).heads] == ["kinds", "style"]


def test_a_file_of_heads_that_is_damaged_is_not_written_over(bundle: Bundle, trained: Trained) -> None:
    file = bundle.folder / HEADS_FILE
    file.write_text('{"schema": 1, "heads": [')
    with pytest.raises(BundleError, match="is not JSON"):
        write_beside(bundle, trained.heads)
    assert file.read_text() == '{"schema": 1, "heads": ['
