"""The kernel machine in a training run: fitted once at the end, right about artists it never heard, and shipped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import synthetic
from earmark.data.dataset import Dataset
from earmark.errors import RecipeError
from earmark.models.attention import AttentionNet
from earmark.models.kernel import KernelOptions, _counts
from earmark.train.batches import Examples, gather
from earmark.train.checkpoint import Checkpoint
from earmark.train.distill import Targets
from earmark.train.export import OUTPUTS, PARITY, largest_difference, to_onnx
from earmark.train.lessons import lessons_of
from earmark.train.loop import Place, Run, train
from earmark.train.options import AugmentOptions
from earmark.train.predict import clip_answers
from earmark.train.recipe import Model, Recipe

TOKEN_FRAMES = 19


def recipe(epochs: int = 1, centres: int = 60, **kernel: float) -> Recipe:
    plain = synthetic.recipe(epochs=epochs).to_dict()
    plain["model"] |= {"kernel": centres, "components": 24}
    return Recipe.from_dict({**plain, "kernel": kernel})


def network(plan: Recipe, **model: object) -> AttentionNet:
    net = Model.from_dict(plan.model.to_dict() | model).build(4)
    assert isinstance(net, AttentionNet)
    return net.eval()


def fit(
    net: AttentionNet, examples: Examples, options: KernelOptions, changes: AugmentOptions, rng: torch.Generator
) -> None:
    changed = net.finish(lessons_of(net, examples, options, changes, rng))
    assert changed
    assert all(name.startswith("kernel.") for name in changed)
    assert not net.unfinished


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic.dataset(tmp_path_factory.mktemp("kernel") / "pieces", clips_per_style=6)


@pytest.fixture(scope="module")
def examples(data: Dataset) -> Examples:
    return gather([data], recipe(), data.labels)


def halves(examples: Examples) -> np.ndarray:
    artists = sorted(set(examples.artists))
    return np.array([artists.index(artist) % 2 == 0 for artist in examples.artists])


@pytest.mark.parametrize(("centres", "copies"), [(60, 0), (60, 1), (6, 0)])
def test_it_knows_pieces_by_artists_it_never_heard(examples: Examples, centres: int, copies: int) -> None:
    torch.manual_seed(0)
    plan = recipe(centres=centres)
    net = network(plan, kernel_weight=1000.0)  # so that it alone decides
    mine = halves(examples)
    rng = torch.Generator().manual_seed(0)
    fit(net, examples.take(mine), KernelOptions(copies=copies), AugmentOptions(roll=True, floor=0.5), rng)
    held = examples.take(~mine)
    right = clip_answers(net, held)["logits"].argmax(axis=1) == held.allowed.numpy().argmax(axis=1)
    assert right.mean() > (0.85 if centres == 60 else 0.6)


def test_genres_that_are_not_known_for_a_clip_do_not_count(examples: Examples) -> None:
    plan = recipe()
    nets = [network(plan), network(plan)]
    known = np.arange(len(examples)) % 2 == 0
    half = examples.take(known)
    blurred = replace(
        examples,
        weights=torch.from_numpy(known).float(),
        allowed=torch.where(torch.from_numpy(known)[:, None], examples.allowed, ~examples.allowed),
    )
    options = KernelOptions(ridge=1e-3)
    for net, those in zip(nets, (half, blurred), strict=True):
        fit(net, those, options, AugmentOptions(), torch.Generator().manual_seed(0))
    first = examples.take(np.arange(4))
    answers = [clip_answers(net, first)["opinion"].argmax(axis=1).tolist() for net in nets]
    assert answers[0] == answers[1] == first.allowed.int().argmax(dim=1).tolist()


def taught(examples: Examples) -> Examples:
    """With a teacher whose first tag is the first genre and whose second is never heard; the last genre is outside."""
    first, last = examples.allowed[:, 0].float(), examples.allowed[:, -1].float()
    logits = torch.stack([6 * first - 3, torch.full_like(first, -5.0)], dim=1)[:, None].half()  # one window
    ones = torch.ones(len(examples))
    times = torch.stack([ones, ones], dim=1)
    targets = Targets(logits, ones.long(), times, torch.zeros(len(examples), 0), ones.bool(), ~ones.bool())
    return replace(examples, targets=(targets,), outside=last)


def test_tags_and_what_is_outside_come_from_their_own_columns_and_half_from_the_machines(examples: Examples) -> None:
    torch.manual_seed(0)
    net = network(recipe(), heads={"tags": 2, "outside": 1}, kernel_weight=1000.0)
    before = clip_answers(net, examples)
    assert "opinion" not in before  # a machine that is not fitted takes no part
    shown = taught(examples)
    fit(net, shown, KernelOptions(ridge=1e-3), AugmentOptions(), torch.Generator().manual_seed(0))
    after = clip_answers(net, examples)
    wanted = shown.targets[0].logits[:, 0].float().numpy()
    assert net.kernel is not None
    share = net.kernel(torch.zeros(1, 128, 6 * TOKEN_FRAMES)).share.item()  # the pieces have six tokens
    machines = before["tags"] + 2 / share * (after["tags"] - before["tags"])
    assert machines == pytest.approx(wanted, abs=1.0)
    assert ((after["outside"][:, 0] > 500 * share) == (shown.outside.numpy() == 1)).all()


def test_in_a_short_window_the_machines_move_tags_less_and_never_towards_nothing(examples: Examples) -> None:
    net = network(recipe(), heads={"tags": 2, "outside": 1})
    shown = taught(examples)
    token = torch.full((1, 128, TOKEN_FRAMES), -40.0)
    before = net(token).heads["tags"]
    fit(net, shown, KernelOptions(), AugmentOptions(), torch.Generator().manual_seed(0))
    assert net.kernel is not None
    answers, share, *_ = net.kernel(token)
    assert share.item() == pytest.approx((19 / 65 + 19 / 190) / 2)
    assert torch.allclose(net(token).heads["tags"], before + share / 2 * (answers["tags"] - before))


def test_it_is_fitted_when_the_last_epoch_is_done_and_not_again(
    data: Dataset, examples: Examples, tmp_path: Path
) -> None:
    plan = recipe(epochs=2)
    cut_off = train(plan, examples, data.labels, tmp_path / "run", stop_after=1)
    assert not cut_off.weights["kernel.pieces.weights"].any()
    done = train(plan, examples, data.labels, tmp_path / "run")
    assert done.weights["kernel.pieces.weights"].any()
    saved = Checkpoint.load(tmp_path / "run" / "checkpoint.pt")
    for kept in (saved.weights, saved.averaged):
        if kept:
            assert torch.equal(kept["kernel.pieces.weights"], done.weights["kernel.pieces.weights"])
    again = Run(plan, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    again.resume(saved, tmp_path)
    assert not again.finish()
    at_once = train(plan, examples, data.labels, tmp_path / "other")
    assert torch.equal(at_once.weights["kernel.pieces.weights"], done.weights["kernel.pieces.weights"])


@pytest.fixture(scope="module")
def exported(examples: Examples) -> tuple[AttentionNet, bytes]:
    """A network whose machines are fitted, and the same as ONNX."""
    net = network(recipe())
    fit(net, examples, KernelOptions(), AugmentOptions(), torch.Generator().manual_seed(0))
    return net, to_onnx(net)


@pytest.mark.parametrize("tokens", [1, 3, 20])
def test_onnx_has_it_too(exported: tuple[AttentionNet, bytes], tokens: int) -> None:
    net, network_file = exported
    assert largest_difference(net, network_file, tokens=tokens) < PARITY
    outputs = {output.name: output for output in onnx.load_from_string(network_file).graph.output}
    assert set(OUTPUTS) <= set(outputs)
    plain = network(recipe(), kernel=0)
    plain.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("kernel.")})
    view = torch.zeros(1, 128, tokens * TOKEN_FRAMES) - 40
    assert (net(view).logits - plain(view).logits).abs().max() > 0.01


@pytest.mark.parametrize("tokens", [1, 4, 7, 20, 33])
def test_the_second_opinion_in_time_sums_to_the_whole_of_it(examples: Examples, tokens: int) -> None:
    net = network(recipe(), kernel_weight=3.0)
    fit(net, examples, KernelOptions(), AugmentOptions(), torch.Generator().manual_seed(0))
    view = -80 * torch.rand(2, 128, tokens * TOKEN_FRAMES, generator=torch.Generator().manual_seed(2))
    said = net(view, attention=True)
    assert said.opinion_tokens.shape == (2, tokens, 4)
    assert said.opinion.abs().max() > 0.1
    torch.testing.assert_close(said.opinion_tokens.sum(dim=1), said.opinion, atol=1e-5, rtol=1e-4)
    assert net(view).opinion_tokens is None


def test_what_kernel_machines_hear_in_the_last_piece_is_told_of_its_tokens(examples: Examples) -> None:
    net = network(recipe())
    fit(net, examples, KernelOptions(), AugmentOptions(), torch.Generator().manual_seed(0))
    noise = torch.Generator().manual_seed(2)
    view = -80 * torch.rand(1, 128, 20 * TOKEN_FRAMES, generator=noise)
    other = view.clone()
    other[:, :, 14 * TOKEN_FRAMES :] = -80 * torch.rand(1, 128, 6 * TOKEN_FRAMES, generator=noise).square()
    before, after = (net(each, attention=True).opinion_tokens[0] for each in (view, other))
    change = (after - before).abs().amax(dim=1)
    # The machine that hears the window whole changes all tokens alike, that of pieces those of the last piece.
    torch.testing.assert_close(change[:12], change[:1].expand(12), atol=1e-5, rtol=1e-3)
    assert (change[14:] > 2 * change[0]).all()


def test_a_network_without_a_machine_is_refused_in_words(examples: Examples) -> None:
    with pytest.raises(RecipeError, match="kernel machines"):
        recipe(centres=0, ridge=0.2)
    with pytest.raises(RecipeError, match="front_end"):
        recipe().with_values({"front_end.bands": 64, "augment.mixup": 0.0})


def test_copies_count_less_and_all_views_of_a_clip_together_count_one() -> None:
    assert _counts(3, 0.5).tolist() == [0.5, 0.25, 0.25]
    assert _counts(1, 0.5).tolist() == [1.0]
