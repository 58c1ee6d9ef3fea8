"""Several sets and several teachers in one recipe: shares of sets, pieces of long clips, labels that narrow, styles."""

from pathlib import Path

import numpy as np
import pytest
import torch

import synthetic
from earmark.data.dataset import Clip, Dataset
from earmark.data.layout import read_picture, write_picture, write_rows
from earmark.errors import RecipeError
from earmark.models.heads import GENRE
from earmark.models.registry import Outputs
from earmark.train.augment import augment
from earmark.train.batches import Examples, allowed_genres, batches, gather, outside_of
from earmark.train.checkpoint import Checkpoint
from earmark.train.distill import teacher_loss
from earmark.train.loop import Place, Run, train
from earmark.train.options import AugmentOptions, SetOptions, TeacherOptions
from earmark.train.recipe import Recipe

CPU = Place(torch.device("cpu"))


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return synthetic.dataset(tmp_path / "pieces", clips_per_style=4)


@pytest.fixture
def loose(tmp_path: Path, data: Dataset) -> Dataset:
    """Two tracks without genre: one as long as a clip, one of 90 s and a rest."""
    short = read_picture(data.clips[0].picture_path)
    write_picture(tmp_path / "loose" / "mel" / "short.png", short)
    write_picture(tmp_path / "loose" / "mel" / "long.png", np.resize(short, (128, 1200)))
    rows = [{"id": "short", "path": "short.ogg"}, {"id": "long", "path": "long.ogg", "duration_s": "93"}]
    write_rows(tmp_path / "loose" / "clips.csv", rows)
    return Dataset.load(tmp_path / "loose")


def write_teachers(data: Dataset, loose: Dataset) -> None:
    """One that knows two tags of all clips of `data`, one that knows one tag and has vectors of the loose tracks."""
    ids = [clip.id for clip in data.clips]
    windows = np.full((len(ids), 3, 2), 1.0, np.float16)
    times = {"hop_s": 3.0, "window_s": 3.0}
    np.savez(data.folder / "one.npz", ids=ids, tags=["a", "b"], logits=windows, windows=np.full(len(ids), 3), **times)
    parts = {"starts": [0, 9], "logits": np.arange(9, dtype=np.float16)[:, None], "duration_s": [93.0]}
    vectors = np.arange(18, dtype=np.float16).reshape(9, 2)
    times = {"hop_s": 10.0, "window_s": 10.0}
    np.savez(loose.folder / "two.npz", ids=["long.ogg"], tags=["c"], features=vectors, **parts, **times)


def recipe(**sections: object) -> Recipe:
    plain = synthetic.recipe(epochs=2).to_dict()
    plain["model"]["heads"] = {"tags": 3, "embedding": 2}
    teacher = {"files": {"one": 1.0, "two": 0.5}, "tags": 1.0, "embedding": 1.0}
    return Recipe.from_dict({**plain, "teacher": teacher, **sections})


def test_a_long_clip_without_a_label_is_heard_in_pieces_each_with_what_its_teacher_heard_there(
    data: Dataset, loose: Dataset
) -> None:
    write_teachers(data, loose)
    examples = gather([data, loose], recipe(), data.labels)
    assert [clip.id for clip in examples.clips[len(data.clips) :]] == ["short", "long@0", "long@1", "long@2"]
    assert examples.frames[-3:].tolist() == [387, 387, 387]
    one, two = examples.targets
    assert (one.names, two.names) == (("a", "b"), ("c",))
    assert one.taught.tolist() == [True] * len(data.clips) + [False] * 4
    assert two.windows[-4:].tolist() == [0, 3, 3, 3]
    assert two.logits[-2:, :3, 0].tolist() == [[3, 4, 5], [6, 7, 8]]
    assert two.embedding[-1].tolist() == [14.0, 15.0]  # the mean of its three windows


def test_teachers_have_their_places_in_the_heads_one_after_the_other(data: Dataset, loose: Dataset) -> None:
    write_teachers(data, loose)
    plan = recipe()
    examples = gather([data, loose], plan, data.labels)
    rows = examples.take(np.array([0, len(examples) - 1]))
    tags = torch.zeros(2, 1, 3)
    tags[0, 0, :2] = 1.0  # as the first teacher says of the first clip
    tags[1, 0, 2] = 6.0  # as the second says of the last one's first window
    nothing = torch.zeros(1)
    heads = {"tags": tags[:, 0], "embedding": torch.tensor([[0.0, 1.0], [14.0, 15.0]])}
    outputs = Outputs(nothing, nothing, nothing, nothing, None, heads=heads, token_heads={"tags": tags})
    places = torch.zeros(2, 19)
    options = plan.teacher or TeacherOptions()
    assert teacher_loss(outputs, rows.targets, places, torch.ones(3), options).abs().max() < 1e-5
    outputs.heads["embedding"][1] = torch.tensor([15.0, -14.0])  # at a right angle, and the second teacher counts half
    loss = teacher_loss(outputs, rows.targets, places, torch.ones(3), options)
    assert loss.tolist() == pytest.approx([0.0, 0.5], abs=1e-3)


def test_standardised_vectors_have_no_mean_and_one_deviation(data: Dataset, loose: Dataset) -> None:
    write_teachers(data, loose)
    plain = recipe().to_dict()
    plan = Recipe.from_dict({**plain, "teacher": {**plain["teacher"], "standardise": True}})
    vectors = gather([data, loose], plan, data.labels).targets[1]
    those = vectors.embedding[vectors.embedded].float()
    torch.testing.assert_close(those.mean(dim=0), torch.zeros(2), atol=1e-3, rtol=0)
    torch.testing.assert_close(those.std(dim=0, correction=0), torch.ones(2), atol=1e-3, rtol=0)
    assert not vectors.embedding[~vectors.embedded].any()


def test_a_first_stage_may_take_other_shares_of_sets_but_no_other_teachers(
    data: Dataset, loose: Dataset, tmp_path: Path
) -> None:
    write_teachers(data, loose)
    first = {"train": {"epochs": 1}, "teacher": {"alone": 1}, "sets": {"loose": {"share": 1.0}}}
    plan = recipe(sets={"loose": {"share": 0.0}}, first=first)
    examples = gather([data, loose], plan, data.labels)
    checkpoint = train(plan, examples, data.labels, tmp_path / "run")
    before = Checkpoint.load(tmp_path / "run" / "first").recipe
    assert (before.sets["loose"].share, checkpoint.recipe.sets["loose"].share) == (1.0, 0.0)
    with pytest.raises(RecipeError, match="other files"):
        recipe(first={"teacher": {"files": {"three": 1.0}}})


def test_an_epoch_takes_a_share_of_a_set_others_every_time(data: Dataset) -> None:
    examples = gather([data], synthetic.recipe(), data.labels)
    rng = torch.Generator().manual_seed(0)

    def epoch(share: float) -> list[str]:
        parts = batches(examples, 3, rng=rng, shares={"pieces": share, "other": 0.5})
        return [clip.id for part in parts for clip in part.clips]

    assert sorted(epoch(1.0)) == sorted(clip.id for clip in data.clips)
    drawn = [epoch(0.5) for _ in range(8)]
    assert {len(each) for each in drawn} == {len(data.clips) // 2}
    assert all(len(set(each)) == len(each) for each in drawn)
    assert set().union(*drawn) == {clip.id for clip in data.clips}


GENRES = ("metal", "reggae", "rock", "world")
FMA = SetOptions(
    column="styles",
    narrow=True,
    outside=["Field Recordings"],
    map={"Rock": ["rock", "metal"], "Metal": "metal", "Punk": "rock", "International": ["world", "reggae"]},
)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("Rock", "metal rock"),
        ("Rock;Metal", "metal"),
        ("Rock;Lo-Fi;Punk", "rock"),  # what the map does not know says nothing
        ("Rock;Punk;Metal", "metal rock"),  # nothing in common: one of all
        ("International;Field Recordings", ""),
    ],
)
def test_labels_that_narrow_each_other_down_leave_what_all_allow(cell: str, wanted: str) -> None:
    clip = Clip("a", Path("set"), None, "", {"styles": cell})
    allowed = allowed_genres(clip, FMA, GENRES)
    assert [genre for genre, may in zip(GENRES, allowed, strict=True) if may] == wanted.split()
    assert outside_of(clip, allowed, FMA) == float("Field Recordings" in cell)


def with_styles(data: Dataset, weight: float) -> tuple[Recipe, Examples]:
    plain = synthetic.recipe(epochs=8).to_dict()
    plain["model"]["heads"] = {"styles": 2}
    plain["train"]["style_loss"] = weight
    sets = {"pieces": {"styles": "genre"}}
    plan = Recipe.from_dict({**plain, "styles": ["drone", "noise"], "sets": sets})
    return plan, gather([data], plan, data.labels)


def test_styles_are_learned_beside_genres_and_are_told_of_tokens_too(data: Dataset, tmp_path: Path) -> None:
    plan, examples = with_styles(data, 1.0)
    truth = torch.tensor([[clip.label == "drone", clip.label == "noise"] for clip in data.clips])
    assert torch.equal(examples.styles.bool(), truth)
    net = train(plan, examples, data.labels, tmp_path / "run").network()
    db = torch.stack([torch.from_numpy(data.db(clip)[:, :114]) for clip in data.clips])
    with torch.inference_mode():
        said = net(db)
    assert said.token_heads["styles"].shape == (len(data.clips), 6, 2)
    assert said.heads["styles"][truth].mean() > said.heads["styles"][~truth].mean() + 2


def test_styles_that_are_not_known_teach_nothing(data: Dataset) -> None:
    plan, examples = with_styles(data, 1.0)
    examples.styles.fill_(torch.nan)
    run = Run(plan, examples, data.labels, seed=0, place=CPU)
    run._train_batch(examples.take(np.arange(4)))
    assert not run.net.head_layers["styles"].layer.weight.grad.any()  # type: ignore[union-attr]
    assert run.net.head_layers[GENRE].layer.weight.grad.any()  # type: ignore[union-attr]


def test_styles_and_their_head_must_be_as_many() -> None:
    plain = synthetic.recipe().to_dict()
    plain["train"]["style_loss"] = 0.5
    with pytest.raises(RecipeError, match="'style_loss' needs the head 'styles'"):
        Recipe.from_dict({**plain, "styles": ["dub"]})
    plain["model"]["heads"] = {"styles": 2}
    with pytest.raises(RecipeError, match="has the size 2, and there are 1 styles"):
        Recipe.from_dict({**plain, "styles": ["dub"]})


def test_what_is_coarse_is_made_no_coarser() -> None:
    db = torch.rand(2, 128, 300, generator=torch.Generator().manual_seed(1)) * -60
    options, frames = AugmentOptions(coarse=1.0), torch.full((2,), 300)

    def views(coarse: list[bool]) -> torch.Tensor:
        rng = torch.Generator().manual_seed(2)
        return augment(db, frames, 114, options, rng, coarse=torch.tensor(coarse)).db

    fine, mixed = views([True, True]), views([False, True])
    assert torch.equal(fine[1], mixed[1])
    assert not torch.equal(fine[0], mixed[0])


def test_kernel_machines_hear_what_their_sets_allow_and_judge_what_they_may(data: Dataset, tmp_path: Path) -> None:
    other = synthetic.dataset(tmp_path / "aside", clips_per_style=2)
    plain = synthetic.recipe(epochs=1).to_dict()
    plain["model"] |= {"kernel": 8, "components": 4, "heads": {"outside": 1}, "kernel_judges": ["genre"]}
    heard = {}
    for kernel in (1.0, 0.5, 0.0):
        plan = Recipe.from_dict({**plain, "sets": {"aside": {"kernel": kernel}}})
        examples = gather([data, other], plan, data.labels)
        weights = train(plan, examples, data.labels, tmp_path / f"{kernel}").answering
        heard[kernel] = weights["kernel.pieces.mean"]
        assert weights["kernel.pieces.usual"].shape == (4,)  # genres alone
    assert not torch.equal(heard[1.0], heard[0.0])
    assert not torch.equal(heard[0.5], heard[0.0])
    with pytest.raises(RecipeError, match=r"'kernel_judges'.*names 'styles'"):
        Recipe.from_dict({**plain, "model": plain["model"] | {"kernel_judges": ["genre", "styles"]}})
    model = plain["model"] | {"heads": {"tags": 3}, "kernel_judges": ["genre", "tags"]}
    with pytest.raises(RecipeError, match="tags of one teacher alone"):
        Recipe.from_dict({**plain, "model": model, "teacher": {"files": {"one": 1.0, "two": 1.0}}})
