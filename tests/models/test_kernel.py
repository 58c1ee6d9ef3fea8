"""A kernel machine knows what it was shown, and how far it may be trusted."""

import numpy as np
import pytest
import torch

from earmark.models.descriptors import Descriptors
from earmark.models.kernel import DULL, PIECE_FRAMES, PIECES, KernelHead, SecondOpinion
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
