"""Labels into targets: full, partial, unknown and flagged."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import synthetic
from earmark.data.dataset import Clip, Dataset
from earmark.data.layout import CLIPS_FILE, read_rows, write_rows
from earmark.errors import DataError
from earmark.train.batches import allowed_genres, batches, gather, outside_of, to_db, with_noises
from earmark.train.distill import Targets
from earmark.train.options import SetOptions
from earmark.train.recipe import Recipe

GENRES = ("jazz", "metal", "pop", "rock")
ALLMUSIC = SetOptions(column="genres", map={"Pop/Rock": ["pop", "rock", "metal"], "Jazz": "jazz"})


def clip(**columns: str) -> Clip:
    return Clip("a", Path("set"), None, "", columns)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("Pop/Rock", "metal pop rock"),
        ("Jazz", "jazz"),
        ("Jazz; Pop/Rock", "jazz metal pop rock"),
        ("Latin", ""),
        ("", ""),
    ],
)
def test_a_map_turns_labels_into_the_genres_a_clip_may_be(cell: str, wanted: str) -> None:
    allowed = allowed_genres(clip(genres=cell), ALLMUSIC, GENRES)
    assert [genre for genre, may in zip(GENRES, allowed, strict=True) if may] == wanted.split()


def test_without_a_map_the_label_is_the_genre() -> None:
    assert allowed_genres(clip(genre="pop"), SetOptions(), GENRES).tolist() == [False, False, True, False]


def test_without_a_map_an_unknown_label_is_named() -> None:
    with pytest.raises(DataError, match="polka"):
        allowed_genres(clip(genre="polka"), SetOptions(), GENRES)


def test_a_flagged_clip_is_left_out() -> None:
    assert not allowed_genres(clip(genre="pop", flag="suspect"), SetOptions(), GENRES).any()


def test_pictures_become_decibels_and_other_spectrograms_stay_as_they_are() -> None:
    assert to_db(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == [-80.0, -64.0, 0.0]
    other = to_db(torch.tensor([0.5, 11.25], dtype=torch.float16))
    assert (other.dtype, other.tolist()) == (torch.float32, [0.5, 11.25])


@pytest.mark.parametrize(
    ("cell", "place"), [("Latin", 1.0), ("Latin; New Age", 1.0), ("Jazz", 0.0), ("Jazz; Latin", None), ("Vocal", None)]
)
def test_a_clip_is_outside_where_all_its_labels_are_and_unknown_where_some_are(cell: str, place: float | None) -> None:
    options = replace(ALLMUSIC, outside=["Latin", "New Age"])
    one = clip(genres=cell)
    found = outside_of(one, allowed_genres(one, options, GENRES), options)
    assert math.isnan(found) if place is None else found == place


def test_labels_outside_need_no_map() -> None:
    options = SetOptions(outside=["polka"])
    assert not allowed_genres(clip(genre="polka"), options, GENRES).any()
    flagged = clip(genre="polka", flag="suspect")
    assert math.isnan(outside_of(flagged, allowed_genres(flagged, options, GENRES), options))


def test_noises_are_none_of_the_genres_and_have_no_teacher(tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=2)
    plain = gather([data], synthetic.recipe(), data.labels)
    count = len(plain)
    ones = torch.ones(count)
    logits, times = torch.zeros(count, 2, 3).half(), torch.stack([3 * ones, 3 * ones], dim=1)
    targets = Targets(logits, 2 * ones.long(), times, torch.zeros(count, 0), ones.bool(), ones.bool())
    examples = with_noises(replace(plain, targets=(targets,)), 5, seed=0)
    assert len(examples) == count + 5
    assert examples.weights[count:].tolist() == [0.0] * 5
    assert examples.outside[count:].tolist() == [1.0] * 5
    assert examples.frames[count:].max() <= examples.pictures.shape[2]
    assert torch.equal(examples.pictures[:count], plain.pictures)
    (targets,) = examples.targets
    assert not targets.taught[count:].any()
    assert targets.tags_at(torch.zeros(count + 5, 4)).isfinite().all()
    assert len(set(examples.take(np.arange(count, count + 5)).artists)) == 5
    assert with_noises(plain, 0, seed=0) is plain


@pytest.mark.parametrize(
    ("count", "sizes"), [(16, [8, 8]), (20, [8, 8, 4]), (19, [8, 11]), (5, [5]), (8, [8]), (11, [11])]
)
def test_a_last_batch_of_under_half_the_size_is_joined_to_the_one_before(
    tmp_path: Path, count: int, sizes: list[int]
) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=6, duration_s=1.5)
    examples = gather([data], synthetic.recipe(), data.labels).take(np.arange(count))
    found = list(batches(examples, 8, rng=torch.Generator().manual_seed(0)))
    assert [len(batch) for batch in found] == sizes
    order = [clip.id for batch in found for clip in batch.clips]
    assert sorted(order) == sorted(clip.id for clip in examples.clips)
    assert order != [clip.id for clip in examples.clips]


def test_a_paired_batch_has_another_clip_of_each_artist_behind_it(tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=4)  # two artists a style, two clips each
    examples = gather([data], synthetic.recipe(), data.labels)
    heard = []
    for batch in batches(examples, 8, rng=torch.Generator().manual_seed(0), paired=True):
        first, second = batch.clips[: len(batch) // 2], batch.clips[len(batch) // 2 :]
        assert [clip.artist_key for clip in first] == [clip.artist_key for clip in second]
        assert all(one.id != other.id for one, other in zip(first, second, strict=True))
        heard += [clip.id for clip in first]
    assert sorted(heard) == sorted(clip.id for clip in data.clips)
    alone = examples.take(np.array([0]))
    (batch,) = batches(alone, 8, rng=torch.Generator(), paired=True)
    assert [clip.id for clip in batch.clips] == [data.clips[0].id] * 2
    halves = [
        list(batches(examples, 8, rng=torch.Generator().manual_seed(0), paired=True, rank=rank, world=2))
        for rank in (0, 1)
    ]
    assert sum(len(part) for half in halves for part in half) == 2 * len(data.clips)


def styled(folder: Path, cells: list[dict[str, str]], **options: object) -> torch.Tensor:
    """What the recipe makes of the styles of clips with these cells: rock, sad and glad of each."""
    data = synthetic.dataset(folder / "pieces", clips_per_style=2, duration_s=1.5)
    rows = read_rows(data.folder / CLIPS_FILE)
    empty = dict.fromkeys(name for cell in cells for name in cell)
    for number, row in enumerate(rows):
        row |= dict.fromkeys(empty, "") | (cells[number] if number < len(cells) else {})
    write_rows(data.folder / CLIPS_FILE, rows)
    values = synthetic.recipe().to_dict() | {"styles": ["rock", "sad", "glad"], "sets": {"pieces": options}}
    values["model"] |= {"heads": {"styles": 3}}
    values["train"] |= {"style_loss": 1.0}
    return gather([Dataset.load(data.folder)], Recipe.from_dict(values), data.labels).styles


def test_a_style_that_no_clip_of_a_set_names_is_unknown_there(tmp_path: Path) -> None:
    cells = [{"kind": "rock"}, {"kind": "rock; sad"}, {"kind": "polka"}]
    found = styled(tmp_path, cells, styles="kind")
    assert found[:4, :2].tolist() == [[1, 0], [1, 1], [0, 0], [0, 0]]
    assert found[:, 2].isnan().all()
    assert styled(tmp_path / "none", cells).isnan().all()  # no column of styles: nothing is known of them


def test_shares_are_styles_between_yes_and_no_and_unknown_where_they_are_empty(tmp_path: Path) -> None:
    cells = [{"kind": "rock", "sad": "0.25"}, {"sad": " 1 "}, {"kind": "rock", "flag": "broken", "sad": "0.5"}]
    found = styled(tmp_path, cells, styles="kind", shares=["sad"])
    assert found[:2, :2].tolist() == [[1, 0.25], [0, 1]]
    assert found[2:, 1].isnan().all()
    assert found[:, 2].isnan().all()
    assert styled(tmp_path / "alone", cells, shares=["sad"])[0, [0, 2]].isnan().all()


@pytest.mark.parametrize("cell", ["1.5", "-0.1", "much", "inf"])
def test_what_is_no_share_is_named_with_its_place(cell: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"pieces: '{cell}' in column 'sad' of clip .* is no share from 0 to 1"):
        styled(tmp_path, [{"sad": cell}], shares=["sad"])
