"""Learning from a teacher: targets at the right second, and a student that comes to agree with it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import synthetic
from earmark.data.dataset import Dataset
from earmark.data.splits import artist_folds
from earmark.data.teacher import Teacher
from earmark.errors import DataError, RecipeError
from earmark.models.heads import GENRE
from earmark.models.registry import Outputs
from earmark.sound.tokens import FRAME_S
from earmark.train.batches import Examples, gather
from earmark.train.checkpoint import Checkpoint
from earmark.train.distill import Piece, Targets, targets_of, teacher_loss
from earmark.train.loop import Place, Run, train
from earmark.train.options import TeacherOptions
from earmark.train.recipe import Recipe

TAGS = ("beat", "still", "strings", "loud", "even")
STYLES_TAGS = {"pulse": 0, "drone": 1, "plucks": 2, "noise": 3}


def recipe(**teacher: float) -> Recipe:
    plain = synthetic.recipe(epochs=20).to_dict()
    plain["model"]["heads"] = {"tags": len(TAGS), "embedding": 7}
    return Recipe.from_dict({**plain, "teacher": {"tags": 1.0, "embedding": 0.5, **teacher}})


def write_teacher(folder: Path, clips: dict[str, str], *, tags: tuple[str, ...] = TAGS) -> None:
    """A teacher that knows the style: its tag is at +2, the others at -4, with a slope over the windows."""
    logits = np.full((len(clips), 4, len(tags)), -4.0)
    for row, style in enumerate(clips.values()):
        logits[row, :, STYLES_TAGS[style]] = 2.0
    logits += 0.1 * np.arange(4)[None, :, None]
    names = list(STYLES_TAGS)
    np.savez(
        folder / "teacher.npz",
        ids=np.array(list(clips)),
        tags=np.array(tags),
        logits=logits.astype(np.float16),
        windows=np.full(len(clips), 3, dtype=np.uint8),
        hop_s=np.float32(3),
        window_s=np.float32(3),
        embedding=np.array([np.eye(7)[names.index(style)] for style in clips.values()], dtype=np.float16),
    )


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    made = synthetic.dataset(tmp_path / "pieces", clips_per_style=6)
    write_teacher(made.folder, {clip.id: clip.label or "" for clip in made.clips})
    return made


def one_clip(**changes: torch.Tensor) -> Targets:
    plain = Targets(
        logits=torch.tensor([[[0.0], [1.0], [3.0], [9.0]]], dtype=torch.float16),
        windows=torch.tensor([3]),
        times=torch.tensor([[2.0, 4.0]]),  # a window of 4 s every 2 s: middles at 2, 4 and 6 s
        embedding=torch.zeros(1, 2),
        taught=torch.tensor([True]),
        embedded=torch.tensor([False]),
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("second", "logit"), [(0.0, 0.0), (2.0, 0.0), (3.0, 0.5), (4.0, 1.0), (5.5, 2.5), (6.0, 3.0), (20.0, 3.0)]
)
def test_a_tokens_target_is_what_the_teacher_heard_at_that_second(second: float, logit: float) -> None:
    place = torch.tensor([[second / FRAME_S]])
    assert one_clip().tags_at(place).item() == pytest.approx(logit, abs=1e-3)


def test_what_is_usual_counts_real_windows_of_taught_clips_alone() -> None:
    mean, spread = one_clip().usual()
    assert mean.item() == pytest.approx(4 / 3, abs=1e-3)
    assert spread.item() == pytest.approx(float(np.std([0, 1, 3], ddof=1)), abs=1e-3)
    flat = one_clip(logits=torch.zeros(1, 4, 1))
    assert flat.usual()[1].item() == pytest.approx(0.1)


def said(tags: torch.Tensor, embedding: torch.Tensor) -> Outputs:
    nothing = torch.zeros(1)
    heads = {"tags": tags.mean(dim=1), "embedding": embedding}
    return Outputs(nothing, nothing, nothing, nothing, None, heads=heads, token_heads={"tags": tags})


def test_the_loss_is_nothing_for_who_agrees_and_counts_errors_in_deviations() -> None:
    places = torch.arange(40, dtype=torch.float32)[None] * 2
    targets = one_clip(embedding=torch.tensor([[0.0, 2.0]]), embedded=torch.tensor([True]))
    wanted = targets.tags_at(places.reshape(1, 4, 10)[:, :, 5])
    options = TeacherOptions(tags=1.0, embedding=1.0)
    agree = said(wanted, torch.tensor([[0.0, 0.3]]))
    assert teacher_loss(agree, [targets], places, torch.ones(1), options).item() == pytest.approx(0, abs=1e-5)
    off = said(wanted + 3, torch.tensor([[1.0, 0.0]]))
    loss = teacher_loss(off, [targets], places, torch.full((1,), 1.5), options).item()
    assert loss == pytest.approx(2**2 + 2**2 + 1, rel=1e-3)
    untaught = replace(targets, taught=torch.tensor([False]), embedded=torch.tensor([False]))
    assert teacher_loss(off, [untaught], places, torch.ones(1), options).item() == 0


def test_what_a_teacher_says_of_a_whole_clip_is_learned_of_the_view_and_not_of_its_tokens() -> None:
    places = torch.arange(40, dtype=torch.float32)[None]
    whole = one_clip(logits=torch.tensor([[[2.0]]]), windows=torch.tensor([1]), times=torch.tensor([[1.0, 0.0]]))
    options = TeacherOptions(tags=1.0)
    uneven = torch.tensor([0.0, 4.0, 0.0, 4.0]).reshape(1, 4, 1)  # its mean is what the teacher says
    assert teacher_loss(said(uneven, torch.zeros(1, 2)), [whole], places, torch.ones(1), options).item() == 0
    wrong = said(uneven + 3, torch.zeros(1, 2))
    assert teacher_loss(wrong, [whole], places, torch.ones(1), options).item() == pytest.approx(9)


def test_a_student_comes_to_agree_with_its_teacher_on_artists_it_never_heard(data: Dataset, tmp_path: Path) -> None:
    plan = recipe()
    examples = gather([data], plan, data.labels)
    folds = artist_folds(examples.labels, examples.artists, folds=3)
    net = train(plan, examples.take(folds != 0), data.labels, tmp_path / "run").network()
    held = examples.take(folds == 0)
    db = torch.stack([torch.from_numpy(data.db(clip)[:, :114]) for clip in held.clips])
    with torch.inference_mode():
        answer = net(db)
    assert answer.heads["tags"].shape == (len(held), len(TAGS))
    assert answer.token_heads["tags"].shape == (len(held), 6, len(TAGS))
    styles = [STYLES_TAGS[clip.label or ""] for clip in held.clips]
    assert (answer.heads["tags"][:, :4].argmax(dim=1).numpy() == styles).mean() > 0.8
    (targets,) = held.targets
    error = (answer.heads["tags"] - targets.logits[:, 1].float()).abs().mean()
    assert error < 1.5
    alike = torch.cosine_similarity(answer.heads["embedding"], targets.embedding.float(), dim=1)
    assert alike.mean() > 0.7


def test_clips_without_a_genre_are_pupils_and_no_more(data: Dataset, tmp_path: Path) -> None:
    rows = (data.folder / "clips.csv").read_text().splitlines()
    head = rows[0].split(",")
    place = head.index("genre")
    cells = [row.split(",") for row in rows[1:]]
    for row in cells[:5]:
        row[place] = ""
    (data.folder / "clips.csv").write_text("\n".join([rows[0], *(",".join(row) for row in cells)]) + "\n")
    changed = Dataset.load(data.folder)
    labels = gather([changed], synthetic.recipe(), changed.labels)
    pupils = gather([changed], recipe(), changed.labels)
    assert (len(labels), len(pupils)) == (len(data.clips) - 5, len(data.clips))
    assert pupils.weights[:5].tolist() == [0.0] * 5
    assert pupils.allowed[:5].all()
    # A batch of pupils alone teaches tags and no genre: the genre head gets no gradient.
    run = Run(recipe(), pupils, changed.labels, seed=0, place=Place(torch.device("cpu")))
    run._train_batch(pupils.take(np.arange(4)))
    assert run.net.head_layers[GENRE].layer.weight.grad.abs().max() == 0  # type: ignore[union-attr]
    assert run.net.head_layers["tags"].layer.weight.grad.abs().max() > 0  # type: ignore[union-attr]


def test_genre_waits_until_the_teacher_has_been_heard_alone(data: Dataset) -> None:
    plan = recipe(alone=1)
    examples = gather([data], plan, data.labels)
    run = Run(plan, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    run.train_epoch()
    assert run.net.head_layers[GENRE].layer.weight.grad is None
    run.train_epoch()
    assert run.net.head_layers[GENRE].layer.weight.grad.abs().max() > 0  # type: ignore[union-attr]


def test_a_distilled_run_resumes_to_the_bit(data: Dataset, tmp_path: Path) -> None:
    plan = Recipe.from_dict({**recipe().to_dict(), "train": {**recipe().to_dict()["train"], "epochs": 4}})
    examples = gather([data], plan, data.labels)
    whole = train(plan, examples, data.labels, tmp_path / "whole")
    train(plan, examples, data.labels, tmp_path / "cut", stop_after=2)
    resumed = train(plan, examples, data.labels, tmp_path / "cut")
    assert all(torch.equal(whole.averaged[key], resumed.averaged[key]) for key in whole.averaged)
    net = Checkpoint.load(tmp_path / "cut").network()
    torch.testing.assert_close(net.head_layers["tags"].usual, examples.targets[0].usual()[0])  # type: ignore[union-attr]


def test_what_cannot_be_learned_is_said_in_words(data: Dataset, tmp_path: Path) -> None:
    bare = synthetic.dataset(tmp_path / "bare", clips_per_style=2)
    with pytest.raises(DataError, match="bare has one"):
        gather([bare], recipe(), bare.labels)
    (bare.folder / "teacher.npz").write_text("chalk")
    with pytest.raises(DataError, match="is not a teacher"):
        Teacher.load(bare.folder)
    write_teacher(bare.folder, {clip.id: clip.label or "" for clip in bare.clips}, tags=("a", "b", "c", "d", "e"))
    with pytest.raises(DataError, match="other tags"):
        targets_of([Piece(clip) for clip in [*data.clips, *bare.clips]], TeacherOptions())
    plain = recipe().to_dict()
    few = Recipe.from_dict({**plain, "model": {**plain["model"], "heads": {"tags": 3, "embedding": 7}}})
    examples: Examples = gather([data], few, data.labels)
    with pytest.raises(RecipeError, match="5 tags"):
        Run(few, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    short = Recipe.from_dict({**plain, "model": {**plain["model"], "heads": {"tags": 5, "embedding": 3}}})
    with pytest.raises(RecipeError, match="vectors have 7 numbers, and the network learns 3"):
        Run(short, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    (targets,) = examples.targets
    bare_targets = replace(targets, embedding=targets.embedding[:, :0])
    with pytest.raises(DataError, match="no teacher of these sets has any"):
        Run(recipe(), replace(examples, targets=(bare_targets,)), data.labels, seed=0, place=Place(torch.device("cpu")))
