"""The next token: its likelihood, and that what is to come has no part in what is said of it."""

import numpy as np
import pytest
import torch
from scipy import stats

from earmark.models.following import Mixture, NextToken, log_likelihood


def test_the_likelihood_of_a_mixture_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(3))
    means, sds, point = rng.normal(size=(3, 4)), rng.uniform(0.2, 2, (3, 4)), rng.normal(size=4)
    theirs = sum(
        weight * stats.multivariate_normal(mean, np.diag(sd**2)).pdf(point)
        for weight, mean, sd in zip(weights, means, sds, strict=True)
    )
    mixture = Mixture(*(torch.from_numpy(array) for array in (np.log(weights), means, np.log(sds))))
    assert np.isclose(log_likelihood(mixture, torch.from_numpy(point)).item(), np.log(theirs))
    assert np.allclose(mixture.mean.numpy(), weights @ means)


def test_what_comes_later_changes_nothing_that_was_said_before() -> None:
    torch.manual_seed(0)
    net = NextToken(6, 3, conditions=2).eval()
    vectors, conditions = torch.randn(2, 7, 6), torch.randn(2, 2)
    changed = vectors.clone()
    changed[:, 4:] = 9.0
    with torch.inference_mode():
        before, after = net(vectors, conditions), net(changed, conditions)
    for part, other in zip(before, after, strict=True):
        assert torch.equal(part[:, :4], other[:, :4])
        assert not torch.allclose(part[:, 4:], other[:, 4:])


def test_conditions_are_heard_at_every_token() -> None:
    torch.manual_seed(0)
    net = NextToken(6, 3, conditions=2).eval()
    vectors = torch.randn(2, 3, 6)
    one, other = net(vectors, torch.zeros(2, 2)), net(vectors, torch.ones(2, 2))
    assert ((one.means - other.means).abs().amax(dim=(0, 2, 3)) > 1e-4).all()


def test_a_mixture_learns_two_things_that_may_come() -> None:
    """After a token of zeros comes +1 or -1, never the mean of both."""
    torch.manual_seed(0)
    net, coming = NextToken(1, 2, width=4), torch.tensor([[[1.0]], [[0.9]], [[-1.0]], [[-0.9]]])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(60):
        loss = -log_likelihood(net(torch.zeros(4, 1, 1)), coming).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert sorted(net(torch.zeros(1, 1, 1)).means.flatten().tolist()) == pytest.approx([-0.95, 0.95], abs=0.1)
    assert loss.item() < 0  # one Gaussian over both could not be below 1.4
