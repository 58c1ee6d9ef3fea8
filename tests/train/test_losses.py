"""Losses against arithmetic done another way."""

import torch
from torch.nn.functional import cross_entropy

from earmark.train.losses import partial_cross_entropy


def logits(rows: int = 5) -> torch.Tensor:
    return torch.randn(rows, 4, generator=torch.Generator().manual_seed(1))


def test_one_allowed_genre_is_cross_entropy() -> None:
    labels = torch.tensor([0, 3, 1, 2, 2])
    allowed = torch.nn.functional.one_hot(labels, 4).bool()
    for smoothing in (0.0, 0.2):
        expected = cross_entropy(logits(), labels, reduction="none", label_smoothing=smoothing)
        torch.testing.assert_close(partial_cross_entropy(logits(), allowed, smoothing=smoothing), expected)


def test_a_partial_label_is_the_logarithm_of_the_summed_probability() -> None:
    allowed = torch.tensor([[True, False, True, False]]).expand(5, 4)
    expected = -(logits().softmax(dim=1)[:, [0, 2]].sum(dim=1)).log()
    torch.testing.assert_close(partial_cross_entropy(logits(), allowed), expected)


def test_allowing_all_genres_costs_nothing() -> None:
    loss = partial_cross_entropy(logits(), torch.ones(5, 4, dtype=torch.bool))
    torch.testing.assert_close(loss, torch.zeros(5), atol=1e-6, rtol=0)


def test_forbidden_genres_get_a_gradient_that_is_a_number() -> None:
    scores = torch.tensor([[50.0, -50.0, 0.0, 0.0]], requires_grad=True)
    partial_cross_entropy(scores, torch.tensor([[False, True, False, False]])).sum().backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()
