"""Codes: what becomes of a token's numbers, and how far what is drawn is from a standard normal."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from earmark.errors import RecipeError
from earmark.models.codes import Coded, GaussianCode, PlainCode, SparseCode, divergence, largest
from earmark.train.recipe import Model

STAGES = [{"channels": 4, "pool": [4, 2]}]


def numbers(size: int) -> torch.Tensor:
    return torch.randn(3, 5, size, generator=torch.Generator().manual_seed(0))


def test_the_divergence_is_that_of_torchs_distributions() -> None:
    means, log_variances = numbers(8), numbers(8).flip(0)
    ours = divergence(Coded(means, means, log_variances))
    theirs = kl_divergence(Normal(means, (0.5 * log_variances).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(ours, theirs)
    assert divergence(Coded(means, torch.zeros(4), torch.zeros(4))).tolist() == [0, 0, 0, 0]


def test_numbers_that_are_not_kept_cost_no_divergence() -> None:
    code = GaussianCode(8, kept=3).eval()
    coded = code.coded(numbers(16))
    assert coded.used is not None
    assert (divergence(coded) > 0).sum(dim=2).unique().tolist() == [3]
    assert (coded.vectors[coded.used == 0] == 0).all()


def test_a_plain_code_is_torchs_layer_norm() -> None:
    code, norm = PlainCode(6), torch.nn.LayerNorm(6)
    code.weight.data, norm.weight.data = torch.arange(6.0), torch.arange(6.0)
    assert code.state_dict().keys() == norm.state_dict().keys()
    assert torch.equal(code(numbers(6)), norm(numbers(6)))


def test_a_gaussian_code_draws_in_training_and_gives_the_mean_otherwise() -> None:
    code, given = GaussianCode(4), torch.zeros(20_000, 8)
    given[:, :4], given[:, 4:] = 2.0, -1.0
    torch.manual_seed(0)
    drawn = code.train()(given)
    assert drawn.mean().item() == pytest.approx(2.0, abs=0.02)
    assert drawn.var().item() == pytest.approx(torch.exp(torch.tensor(-1.0)).item(), rel=0.05)
    assert torch.equal(code.eval()(given), given[:, :4])


@pytest.mark.parametrize("kept", [1, 3, 8])
def test_so_many_numbers_are_kept_as_were_asked_for_and_they_are_the_largest(kept: int) -> None:
    given = numbers(8)
    assert largest(given, kept).sum(dim=2).unique().tolist() == [kept]
    assert largest(torch.zeros(2, 8), kept).sum(dim=1).tolist() == [kept, kept]  # ties too
    vectors = SparseCode(8, kept)(given)
    assert (vectors > 0).sum(dim=2).max() <= kept
    order = given.argsort(dim=2, descending=True)
    assert (vectors.gather(2, order[:, :, kept:]) == 0).all()


def test_a_sparse_vector_has_no_number_below_0_and_a_root_mean_square_of_1() -> None:
    vectors = SparseCode(8)(numbers(8))
    assert vectors.min() == 0
    torch.testing.assert_close(vectors.square().mean(dim=2), torch.ones(3, 5), atol=1e-4, rtol=0)
    assert SparseCode(8)(-numbers(8).abs()).abs().max() == 0  # nothing left, and no division by it


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kept": 4}, "'kept' 4"),
        ({"code": "sparse", "kept": 500}, "'kept' 500"),
        ({"code": "dense"}, "'code'"),
        ({"heads": {"decoder": 4}, "token_frames": 38}, "decoder"),
    ],
)
def test_codes_that_cannot_be_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        Model.from_dict({"kind": "attention", "stages": STAGES, **options})
