"""Learning from sound alone: three tasks whose answer is in the spectrogram itself, so that no clip needs a label.

Hidden tokens are told from those around them (as BERT's words, Devlin et al. 2018, arXiv 1810.04805; for spectrograms
Gong et al. 2022, arXiv 2110.09784), the next token from those before it (predictive coding, van den Oord et al. 2018,
arXiv 1807.03748), and two halves of one view are to be found among the halves of other clips (COLA, Saeed, Grangier &
Zeghidour 2021, arXiv 2010.10915). The CNN has done its part by then: all three work on its token vectors and cost next
to nothing beside it.

A fourth needs names and no genres: two clips of one artist are to be found among those of others (after Park et al.
2018, arXiv 1710.06648, who learned from artists' names what genres sound like).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from earmark.errors import RecipeError
from earmark.models.registry import Outputs, Relates
from earmark.sound.mel import FLOOR_DB
from earmark.train.options import PretextOptions

HIDDEN = 0.4  # share of the tokens
TEMPERATURE = 0.1  # of the similarities of halves


def pretext_loss(net: Relates, outputs: Outputs, view: Tensor, options: PretextOptions, rng: torch.Generator) -> Tensor:
    """The weighted sum of the tasks' losses on a batch, a scalar.

    Parameters
    ----------
    net:
        The network.
    outputs:
        For `view`, because of the token vectors.
    view:
        (clips, bands, tokens * token_frames) float32 dB.
    rng:
        Draws the hidden tokens, and the token that is predicted.

    Raises
    ------
    RecipeError
        Views have fewer than two tokens.
    """
    clips, tokens = outputs.vectors.shape[:2]
    if tokens < 2:
        raise RecipeError("[pretext] needs views of at least two tokens.")
    vectors, head = outputs.vectors.float(), net.pretext_head()
    wanted = token_profiles(view, tokens)
    loss = torch.zeros((), device=view.device)
    if options.masked:
        hidden = (torch.rand(clips, tokens, generator=rng) < HIDDEN).to(view.device)
        guessed = head.masked(net.relate(torch.where(hidden[:, :, None], head.mask, vectors)))
        error = (guessed - wanted).square().mean(dim=2)  # (clips, tokens)
        loss = loss + options.masked * (error * hidden).sum() / hidden.sum().clamp(min=1)
    if options.following:
        future = int(torch.randint(1, tokens, (1,), generator=rng))
        past, _ = net.pool(net.relate(vectors[:, :future]))
        loss = loss + options.following * (head.following(past) - wanted[:, future]).square().mean()
    if options.contrast:
        halves = [vectors[:, : tokens // 2], vectors[:, tokens // 2 :]]
        one, other = (head.contrast(net.pool(net.relate(half))[0]) for half in halves)
        loss = loss + options.contrast * contrastive_loss(one, other)
    return loss


def artist_loss(net: Relates, outputs: Outputs, artists: Sequence[str]) -> Tensor:
    """Cross-entropy of finding each view's partner among those of other artists, a scalar.

    `outputs` are of views whose second half are the partners of the first, in the same order; `artists` are of all. A
    last view without a partner is left out.
    """
    pairs = len(artists) // 2
    one, other = net.pretext_head().contrast(outputs.vector.float())[: 2 * pairs].split(pairs)
    names = np.array(artists)
    same = names[:pairs, None] == names[None, pairs : 2 * pairs]
    return contrastive_loss(one, other, also_alike=torch.from_numpy(same).to(one.device))


def token_profiles(view: Tensor, tokens: int) -> Tensor:
    """Mean and deviation of each band in each token, (clips, tokens, 2 * bands) float32, from the view's own mean.

    The mean over all tokens of a view is subtracted, so that it is no prediction to repeat it. The unit is 20 dB, about
    the deviation of music.
    """
    clips, bands, frames = view.shape
    pieces = view.reshape(clips, bands, tokens, frames // tokens) / (-FLOOR_DB / 4)
    mean = pieces.mean(dim=3)
    profiles = torch.cat([mean - mean.mean(dim=2, keepdim=True), pieces.std(dim=3, correction=0)], dim=1)
    return profiles.transpose(1, 2)


def contrastive_loss(one: Tensor, other: Tensor, *, also_alike: Tensor | None = None) -> Tensor:
    """Cross-entropy of finding each row of `one` (clips, size) among those of `other`, and vice versa: a scalar.

    Where `also_alike` (clips, clips) is true, a row of `other` is not held against one of `one`: it is no other either.
    """
    alike = nn.functional.normalize(one, dim=1) @ nn.functional.normalize(other, dim=1).T / TEMPERATURE
    if also_alike is not None:
        alike = alike.masked_fill(
            also_alike & ~torch.eye(len(alike), dtype=torch.bool, device=alike.device), -torch.inf
        )
    own = torch.arange(len(alike), device=alike.device)
    return (nn.functional.cross_entropy(alike, own) + nn.functional.cross_entropy(alike.T, own)) / 2
