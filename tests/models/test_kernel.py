"""A kernel machine knows what it was shown, and how far it may be trusted."""

import numpy as np
import pytest
import torch

from earmark.models.descriptors import Descriptors
from earmark.models.kernel import DULL, FAR, PIECE_FRAMES, PIECES, VIEW, KernelHead, KernelOptions, SecondOpinion
from earmark.models.registry import Lessons
from earmark.sound.mel import FLOOR_DB


def music(windows: int = 2, frames: int = 190, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return FLOOR_DB * torch.rand(windows, 128, frames, generator=rng)


def test_an_unfitted_machine_says_nothing_and_a_fitted_one_goes_by_likeness() -> None:
    head = KernelHead(centres=3, components=2, outputs=4)
    assert head(music()).abs().max() == 0
    head.known.copy_(torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 9.0]]))
    head.width.fill_(2.0)
    place = torch.tensor([[3.0, 0.0]])
    likeness = head.likeness(place)
    assert likeness[0].tolist() == pytest.approx([np.exp(-4.5), 1.0, np.exp(-45)], rel=1e-4)


def test_of_a_short_window_less_is_said_and_that_by_the_machine_of_pieces() -> None:
    both = SecondOpinion(centres=2, components=3, sizes={"genre": 1})
    both.pieces.usual.fill_(1.0)
    shares = {1: 19 / 65, 5: 1, 10: 1, 20: 1}, {1: 0.1, 5: 0.5, 10: 1, 20: 1}
    for tokens in (1, 5, 10, 20):
        pieces, dull = (each[tokens] for each in shares)
        answers, share, *_ = both(music(frames=19 * tokens))
        assert answers["genre"].flatten().tolist() == pytest.approx([pieces / (pieces + dull)] * 2)
        assert share.item() == pytest.approx((pieces + dull) / 2)


def test_the_dull_machine_hears_no_treble() -> None:
    both = SecondOpinion(centres=2, components=3, sizes={"genre": 1})
    db = music()
    without = db.clone()
    without[:, DULL:] = FLOOR_DB
    assert torch.equal(both.dull.describe(db), both.dull.describe(without))
    assert not torch.equal(both.pieces.describe(db), both.pieces.describe(without))


def test_pieces_are_the_beginning_the_middle_and_the_end_each_under_its_own_maximum() -> None:
    head = KernelHead(centres=2, components=3, outputs=1, pieces=PIECES)
    db = music(frames=380)
    db[0, :, :PIECE_FRAMES] = (db[0, :, :PIECE_FRAMES] - 20).clamp(min=FLOOR_DB)
    alone = Descriptors()
    for piece, start in enumerate((0, 123, 247)):
        part = db[:, :, start : start + PIECE_FRAMES]
        part = (part - part.amax(dim=(1, 2), keepdim=True)).clamp(min=FLOOR_DB)
        assert torch.allclose(head.describe(db)[:, piece], alone(part), atol=1e-4)


def test_a_window_shorter_than_a_piece_is_repeated() -> None:
    head = KernelHead(centres=2, components=3, outputs=1, pieces=PIECES)
    short = music(frames=57)
    described = head.describe(short)
    assert torch.equal(described[:, 0], described[:, 2])
    again = torch.cat([short, short, short[:, :, :19]], dim=2)
    top = again.amax(dim=(1, 2), keepdim=True)
    assert torch.allclose(described[:, 0], Descriptors()((again - top).clamp(min=FLOOR_DB)), atol=1e-4)


def test_a_piece_is_of_the_tokens_that_it_has_frames_of() -> None:
    head = KernelHead(centres=2, components=3, outputs=1, pieces=PIECES)
    cover = head.cover(music(frames=380), token_frames=19)
    assert cover.shape == (PIECES, 20)
    assert cover.sum(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert cover[0].tolist() == pytest.approx([1 / 7] * 7 + [0] * 13)
    # The second is of frames 123 to 255: of token 6 it has ten frames, of token 13 nine.
    assert (cover[1] * PIECE_FRAMES).tolist() == pytest.approx([0] * 6 + [10] + [19] * 6 + [9] + [0] * 6)
    assert cover[2].nonzero().flatten().tolist() == list(range(13, 20))


def test_of_a_window_shorter_than_a_piece_every_token_is_as_often_in_it_as_it_is_repeated() -> None:
    head = KernelHead(centres=2, components=3, outputs=1, pieces=PIECES)
    cover = head.cover(music(frames=57), token_frames=19)
    assert (cover * 7).tolist() == [pytest.approx([3, 2, 2])] * PIECES


def test_what_the_machines_add_sums_to_what_they_say_and_by_token_too() -> None:
    both = SecondOpinion(centres=2, components=3, sizes={"genre": 2, "outside": 1})
    torch.manual_seed(0)
    for head in both.heads:
        head.usual.copy_(torch.randn(3))
        head.weights.copy_(torch.randn(2, 3))
        head.width.fill_(1e6)
    for tokens in (1, 5, 20):
        db = music(frames=19 * tokens)
        said = both(db)
        whole = said.share * torch.cat([said.answers["genre"], said.answers["outside"]], dim=1)
        assert torch.allclose(said.pieces.sum(dim=1) + said.whole, whole, atol=1e-5)
        in_time = both.by_token(said, "outside", db, token_frames=19)
        assert in_time.shape == (2, tokens, 1)
        assert torch.allclose(in_time.sum(dim=1), whole[:, 2:], atol=1e-5)


def test_a_machine_of_pieces_says_the_mean_of_what_it_says_of_each() -> None:
    head = KernelHead(centres=3, components=2, outputs=4, pieces=PIECES)
    torch.manual_seed(0)
    for parameter in (head.axes, head.known, head.weights):
        parameter.copy_(torch.randn(parameter.shape))
    head.width.fill_(1e6)
    db = music(frames=380)
    each = [head.answers(head.describe(db)[:, piece]) for piece in range(PIECES)]
    assert not torch.allclose(each[0], each[1])
    assert torch.allclose(head(db), torch.stack(each).mean(dim=0), atol=1e-5)


def knowing(centres: int, needed: int | None = None, *, seed: int = 0) -> KernelHead:
    """A machine that knows some places, of its `centres` as many as are `needed`."""
    head = KernelHead(centres=centres, components=4, outputs=1)
    places = torch.randn(100, 4, generator=torch.Generator().manual_seed(seed))[: needed or centres]
    head.known.fill_(FAR)
    head.known[: len(places)] = places
    head.width.fill_(6.0)
    return head


def test_axes_of_the_view_are_the_same_each_time_and_point_one_way() -> None:
    head = knowing(20)
    axes = head.view_axes()
    assert axes.shape == (20, VIEW)
    assert head.view_axes() is axes
    assert torch.equal(knowing(20).view_axes(), axes)
    told = axes[:, axes.abs().sum(dim=0) > 0]
    assert (told.gather(0, told.abs().argmax(dim=0, keepdim=True)) > 0).all()


def test_axes_of_the_view_are_at_right_angles_among_the_centres_and_the_first_tells_most() -> None:
    head = knowing(20)
    axes, among = head.view_axes().double(), head.likeness(head.known).double()
    angles = axes.T @ among @ axes
    told = int((angles.diagonal() > 0.5).sum())
    assert 5 < told <= 20
    wanted = torch.diag((torch.arange(VIEW) < told).double())
    assert torch.allclose(angles, wanted, atol=2e-3)
    # Where likeness differs by rounding alone there is no axis, so that it need not be told.
    values = torch.linalg.eigvalsh(among).flip(0)
    assert told == int((values > 1e-3 * values[0]).sum())
    spread = (among @ axes).square().sum(dim=0)[:told]
    assert spread.tolist() == sorted(spread.tolist(), reverse=True)


@pytest.mark.parametrize("centres", [21, 90])
def test_centres_that_are_not_needed_have_no_part_in_the_view(centres: int) -> None:
    full, spare = knowing(20), knowing(centres, needed=20)
    assert spare.view_axes()[20:].abs().max() == 0
    place = torch.randn(7, 4, generator=torch.Generator().manual_seed(3))
    views = [head.likeness(place) @ head.view_axes() for head in (full, spare)]
    assert torch.allclose(views[0], views[1], atol=1e-4)
    assert views[0].abs().max() > 0.1


def test_axes_of_the_view_are_found_anew_for_other_centres() -> None:
    head, other = knowing(20), knowing(20, seed=1)
    axes = head.view_axes()
    head.load_state_dict(other.state_dict())
    assert torch.equal(head.view_axes(), other.view_axes())
    assert not torch.equal(head.view_axes(), axes)
    head.known.copy_(knowing(20).known)
    head.forget_view()
    assert torch.equal(head.view_axes(), axes)


def test_machines_that_are_fitted_again_have_another_view() -> None:
    def lessons(seed: int) -> Lessons:
        views = [list(music(windows=6, frames=190, seed=seed))]
        targets = {"genre": (torch.eye(2, dtype=torch.float64)[[0, 1] * 3], torch.ones(6, dtype=torch.float64))}
        return Lessons(views, targets, KernelOptions(), torch.Generator().manual_seed(0))

    both, fresh = (SecondOpinion(centres=4, components=3, sizes={"genre": 2}) for _ in range(2))
    both.fit(lessons(1))
    old = [head.view_axes() for head in both.heads]
    both.fit(lessons(2))
    fresh.fit(lessons(2))
    for head, other, axes in zip(both.heads, fresh.heads, old, strict=True):
        assert torch.equal(head.view_axes(), other.view_axes())
        assert not torch.equal(head.view_axes(), axes)


def test_the_view_is_that_of_one_machine_behind_that_of_the_other() -> None:
    both = SecondOpinion(centres=5, components=3, sizes={"genre": 1})
    for seed, head in enumerate(both.heads):
        torch.manual_seed(seed)
        head.axes.copy_(torch.randn(head.axes.shape) / 1000)
        head.known.copy_(torch.randn(head.known.shape))
        head.width.fill_(5.0)
    db = music(frames=380)
    view = both.view(both(db))
    assert view.shape == (2, 2 * VIEW)
    for head, part in zip(both.heads, view.split(VIEW, dim=1), strict=True):
        assert torch.allclose(part, head.alike(db).mean(dim=1) @ head.view_axes())
        assert part.abs().max() > 0.01
