"""The shape of the space of tokens' vectors: drawn again, near a normal distribution, sparse, foretelling the next.

Reconstruction is the negative log likelihood of a token's picture under Gaussians around what the decoder draws, whose
common deviation is the best one for the batch (sigma-VAE, Rybkin, Daniilidis & Levine 2021, arXiv 2006.13202), so that
no weight against the divergence has to be chosen: with `beta` 1 both are the bound of Kingma & Welling 2014 (arXiv
1312.6114). beta: Higgins et al. 2017; its rise: Bowman et al. 2016 (arXiv 1511.06349); free bits: Kingma et al. 2016
(arXiv 1606.04934).
"""

import torch
from torch import Tensor

from earmark.errors import RecipeError
from earmark.models.codes import Coded, divergence
from earmark.models.decoder import token_pictures
from earmark.models.following import log_likelihood
from earmark.models.registry import Draws, Outputs
from earmark.train.options import LatentOptions

_TINY = 1e-6


def latent_loss(net: Draws, outputs: Outputs, view: Tensor, options: LatentOptions, *, epoch: int) -> Tensor:
    """The weighted sum of all that [latent] asks for, a scalar.

    Parameters
    ----------
    net:
        In training.
    outputs:
        For `view`, because of the token vectors and what they are drawn from.
    view:
        (clips, bands, tokens * token_frames) float32 dB.
    epoch:
        How many are done.

    Raises
    ------
    RecipeError
        The next token shall be told, and views have fewer than two.
    """
    coded, vectors = outputs.coded, outputs.vectors.float()
    assert coded is not None
    loss = torch.zeros((), device=view.device)
    wanted = token_pictures(view, vectors.shape[1])
    if options.reconstruction:
        loss = loss + options.reconstruction * picture_loss(net.decoder()(vectors), wanted)
    if options.beta:
        cells = wanted.shape[2] * wanted.shape[3]
        beta = options.beta * risen(epoch, options.beta_epochs)
        loss = loss + beta * divergence_loss(coded, options.free_bits) / cells
    if options.l1:
        loss = loss + options.l1 * l1_loss(vectors if coded.means is None else coded.means.float())
    if options.following or options.foreseen:
        loss = loss + _next(net, coded, wanted, options)
    return loss


def _next(net: Draws, coded: Coded, wanted: Tensor, options: LatentOptions) -> Tensor:
    """The loss by the token that follows: its vector stands still, or it would move to where it is easily foretold."""
    if coded.vectors.shape[1] < 2:
        raise RecipeError("[latent] 'following' and 'foreseen' need views of at least two tokens.")
    vectors = coded.vectors.float()
    target = (vectors if coded.means is None else coded.means.float()).detach()
    mixture = net.next_token()(vectors[:, :-1])
    loss = -options.following * log_likelihood(mixture, target[:, 1:]).mean() / target.shape[2]
    if options.foreseen:
        loss = loss + options.foreseen * picture_loss(net.decoder()(mixture.mean), wanted[:, 1:])
    return loss


def picture_loss(drawn: Tensor, wanted: Tensor) -> Tensor:
    """Mean negative log likelihood of a cell, nats, but for a constant: the log of the root mean square error."""
    return 0.5 * ((drawn.float() - wanted).square().mean() + _TINY).log()


def divergence_loss(coded: Coded, free_bits: float) -> Tensor:
    """Nats a token, summed over numbers, each of which has `free_bits` nats for nothing as a mean over tokens."""
    of_numbers = divergence(coded).float().flatten(0, -2).mean(dim=0)  # (vector,)
    return of_numbers.clamp(min=free_bits).sum()


def l1_loss(vectors: Tensor) -> Tensor:
    """Mean absolute number over the root mean square of the vector: 1 where all are as large, small where few are."""
    sizes = (vectors.square().mean(dim=-1) + _TINY).sqrt()
    return (vectors.abs().mean(dim=-1) / sizes).mean()


def risen(epoch: int, epochs: int) -> float:
    """The share of its value that beta has after so many epochs: a straight line from 0 to 1 over `epochs`."""
    return min(1.0, epoch / epochs) if epochs else 1.0
