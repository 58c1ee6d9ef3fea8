"""What a generator is worth on artists that had no part in it: drawing tokens again, and foretelling them.

Errors of pictures are root mean squares of cells in dB. The next token's likelihood stands beside those of Gaussians
with the deviations of the learned sequences around simple guesses: the mean of all tokens, the last token again, and
the line through the last two. Every figure is a mean over tokens that have at least two before them.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from earmark.models.attention import AttentionNet
from earmark.models.following import Mixture, NextToken, log_likelihood
from earmark.sound.mel import FLOOR_DB
from earmark.train.walks import Walk

ACTIVE = 0.01  # variance of a number's mean over tokens, from which it says something (Burda et al. 2016)
_NEAREST = 4000  # learned tokens among which the nearest is sought
_SMALLEST = 0.05  # deviation, as the model's own


def figures_of(net: AttentionNet, follower: NextToken, learned: list[Walk], aside: list[Walk]) -> dict[str, Any]:
    """Figures on the walks kept aside, as JSON has them; see the module."""
    with torch.inference_mode():
        return {
            "clips": len({walk.clip for walk in aside}),
            "artists": len({walk.clip.artist_key for walk in aside}),
            "tokens": sum(len(walk.means) for walk in aside),
            "learned_clips": len({walk.clip for walk in learned}),
            "reconstruction_db": _reconstruction(net, learned, aside),
            **_divergence(aside),
            "next_nats": _likelihoods(follower, learned, aside),
            "next_db": _pictures(net, follower, learned, aside),
        }


def _reconstruction(net: AttentionNet, learned: list[Walk], aside: list[Walk]) -> dict[str, float]:
    """The decoder from means and from samples, beside the mean token and the nearest of some learned ones."""
    rng = torch.Generator().manual_seed(0)
    known, usual = _some(learned), _usual(learned)
    totals: dict[str, list[float]] = {"decoded": [], "decoded_sample": [], "mean_token": [], "nearest_token": []}
    for walk in aside:
        true = walk.drawn()
        noise = torch.randn(walk.means.shape, generator=rng) * torch.exp(0.5 * walk.log_variances)
        guesses = {
            "decoded": net.decoder()(walk.means),
            "decoded_sample": net.decoder()(walk.means + noise),
            "mean_token": usual,
            "nearest_token": known[torch.cdist(true.flatten(1), known.flatten(1)).argmin(dim=1)],
        }
        for name, guess in guesses.items():
            totals[name] += _errors(guess, true)
    return {name: _root(errors) for name, errors in totals.items()}


def _divergence(aside: list[Walk]) -> dict[str, Any]:
    nats = torch.cat([walk.nats for walk in aside]).mean(dim=0)
    active = torch.cat([walk.means for walk in aside]).var(dim=0) > ACTIVE
    return {
        "kl_nats": float(nats.sum()),
        "kl_nats_each": [round(float(each), 4) for each in nats.sort(descending=True).values],
        "numbers": len(nats),
        "active_numbers": int(active.sum()),
    }


def _likelihoods(follower: NextToken, learned: list[Walk], aside: list[Walk]) -> dict[str, float]:
    """Mean negative log-likelihood of the next token, nats; `unconditional` is the model with genre and mood hidden."""
    spreads = {name: _spread(learned, name) for name in ("mean", "last", "line")}
    usual = torch.cat([walk.means for walk in learned]).mean(dim=0)
    totals: dict[str, list[Tensor]] = {}
    for walk in aside:
        target = walk.means[2:]
        said = {"model": _said(follower, walk, walk.conditions), "unconditional": _said(follower, walk)}
        said |= {
            name: Mixture(torch.zeros(len(target), 1), guess[:, None], spreads[name].log().expand_as(guess)[:, None])
            for name, guess in _guesses(walk, usual).items()
        }
        for name, mixture in said.items():
            totals.setdefault(name, []).append(-log_likelihood(mixture, target))
    return {name: float(torch.cat(parts).mean()) for name, parts in totals.items()}


def _pictures(net: AttentionNet, follower: NextToken, learned: list[Walk], aside: list[Walk]) -> dict[str, float]:
    """Error of the next token's picture: of what is expected, of the last token again, of the line, of the mean."""
    usual, totals = _usual(learned), dict[str, list[float]]()
    for walk in aside:
        true, drawn = walk.drawn(), net.decoder()
        line = (2 * true[1:-1] - true[:-2]).clamp(0, 1)
        expected = drawn(_said(follower, walk, walk.conditions).mean)
        guesses = {"model": expected, "last": true[1:-1], "line": line, "mean": usual.expand_as(true[2:])}
        guesses["last_decoded"] = drawn(walk.means[1:-1])
        for name, guess in guesses.items():
            totals.setdefault(name, []).extend(_errors(guess, true[2:]))
    return {name: _root(errors) for name, errors in totals.items()}


def _said(follower: NextToken, walk: Walk, known: Tensor | None = None) -> Mixture:
    """What the model says of each token from the third on, its parts (tokens - 2, ...)."""
    before = torch.cat([torch.zeros(1, walk.means.shape[1]), walk.means[:-1]])
    conditions = torch.zeros_like(walk.conditions) if known is None else known
    return Mixture(*(part[0, 2:] for part in follower(before[None], conditions[None])))


def _guesses(walk: Walk, usual: Tensor) -> dict[str, Tensor]:
    means = walk.means
    return {"mean": usual.expand_as(means[2:]), "last": means[1:-1], "line": 2 * means[1:-1] - means[:-2]}


def _spread(learned: list[Walk], name: str) -> Tensor:
    """The deviation of the learned tokens around a guess, (vector,)."""
    usual = torch.cat([walk.means for walk in learned]).mean(dim=0)
    errors = [(walk.means[2:] - _guesses(walk, usual)[name]).square() for walk in learned]
    return torch.cat(errors).mean(dim=0).sqrt().clamp(min=_SMALLEST)


def _some(learned: list[Walk]) -> Tensor:
    """Pictures of some learned tokens, (tokens, 128, 19) from 0 to 1."""
    pictures: NDArray[np.uint8] = np.concatenate([walk.pictures for walk in learned])
    rows = np.random.default_rng(0).permutation(len(pictures))[:_NEAREST]
    return torch.from_numpy(pictures[rows]).float() / 255


def _usual(learned: list[Walk]) -> Tensor:
    """The mean picture of the learned tokens, (128, 19) from 0 to 1."""
    total = sum(walk.pictures.sum(axis=0, dtype=np.float64) for walk in learned)
    return torch.from_numpy(np.asarray(total / sum(len(walk.pictures) for walk in learned) / 255)).float()


def _errors(guess: Tensor, true: Tensor) -> list[float]:
    """Mean square of each token's cells, dB squared."""
    errors: list[float] = ((guess.clamp(0, 1) - true) * FLOOR_DB).square().mean(dim=(1, 2)).tolist()
    return errors


def _root(errors: list[float]) -> float:
    return float(np.sqrt(np.mean(errors)))
