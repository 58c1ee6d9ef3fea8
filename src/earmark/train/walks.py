"""Sequences of tokens as a generator learns them: pictures, vectors, and what is known of the music they are of.

Conditions are the genres that a clip's label leaves open, alike probable, and the sides of valence and arousal that its
quadrant says (`mood.SIDES`); zeros where nothing is known. A sequence begins with a vector of zeros, so that what a
generator says after it is how music begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from earmark.data.dataset import Clip
from earmark.models.attention import AttentionNet
from earmark.models.codes import divergence
from earmark.mood import QUADRANTS, SIDES
from earmark.sound.mel import BANDS
from earmark.sound.tokens import TOKEN_FRAMES
from earmark.train.batches import Examples

QUADRANT = "quadrant"  # the column of clips.csv, Q1 to Q4 as in `mood.QUADRANTS`
OFFSETS = (0, 9)  # frames at which a clip is cut into tokens, once each
LONGEST = 40  # tokens of a sequence, a minute


@dataclass(frozen=True, eq=False)
class Walk:
    """A clip's tokens, in order.

    `pictures` (tokens, 128, 19) uint8 as in `Dataset.pictures`, `means` and `log_variances` (tokens, vector) float32 of
    the network, `nats` (tokens, vector) float32 its divergence from a standard normal, `conditions` (genres + 2,).
    """

    clip: Clip
    pictures: NDArray[np.uint8]
    means: Tensor
    log_variances: Tensor
    nats: Tensor
    conditions: Tensor

    def drawn(self) -> Tensor:
        """The pictures from 0 to 1, (tokens, 128, 19) float32."""
        return torch.from_numpy(self.pictures).float() / 255


def walks_of(net: AttentionNet, examples: Examples, *, offsets: tuple[int, ...] = OFFSETS) -> Iterator[Walk]:
    """Each clip once an offset, as the network's code has it; clips with fewer than two tokens are left out."""
    net.eval()
    for row, clip in enumerate(examples.clips):
        whole = examples.pictures[row, :, : int(examples.frames[row])].numpy()
        for offset in offsets:
            tokens = min((whole.shape[1] - offset) // TOKEN_FRAMES, LONGEST)
            if tokens < 2:
                continue
            part = whole[:, offset : offset + tokens * TOKEN_FRAMES]
            pictures = np.ascontiguousarray(part.reshape(BANDS, tokens, TOKEN_FRAMES).transpose(1, 0, 2))
            yield Walk(clip, pictures, *_heard(net, pictures), conditions_of(examples, row))


def conditions_of(examples: Examples, row: int) -> Tensor:
    """What is known of a clip, (genres + 2,) float32: shares of genres, valence, arousal."""
    allowed = examples.allowed[row].float() * (examples.weights[row] > 0)
    shares = allowed / allowed.sum().clamp(min=1)
    return torch.cat([shares, torch.tensor(sides_of(examples.clips[row]))])


def sides_of(clip: Clip) -> tuple[float, float]:
    """Valence and arousal by the clip's quadrant, each 1 or -1; 0 where it has none."""
    number = clip.columns.get(QUADRANT, "").strip().removeprefix("Q")
    if number not in ("1", "2", "3", "4"):
        return 0.0, 0.0
    valence, arousal = SIDES[QUADRANTS[int(number) - 1]]
    return float(valence), float(arousal)


def coded(net: AttentionNet, drawn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Means, log-variances and nats of tokens that are drawn from 0 to 1, (tokens, 128, 19); each (tokens, vector)."""
    found = net.cnn.coded(2 * drawn[None] - 1)  # as `AttentionNet` scales its windows
    assert found.means is not None
    assert found.log_variances is not None
    return found.means[0], found.log_variances[0], divergence(found)[0]


def _heard(net: AttentionNet, pictures: NDArray[np.uint8]) -> tuple[Tensor, Tensor, Tensor]:
    with torch.inference_mode():
        means, log_variances, nats = coded(net, torch.from_numpy(pictures).float() / 255)
    return means.clone(), log_variances.clone(), nats.clone()


def batches_of(walks: list[Walk], size: int, rng: torch.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """One pass in random order: vectors after one of zeros, (walks, 1 + tokens, vector), their mask, conditions.

    Shorter walks are padded at their end; the mask (walks, tokens) is 1 where there is a token.
    """
    order = torch.randperm(len(walks), generator=rng).tolist()
    for start in range(0, len(order), size):
        mine = [walks[place] for place in order[start : start + size]]
        longest, vector = max(len(walk.means) for walk in mine), mine[0].means.shape[1]
        vectors, mask = torch.zeros(len(mine), 1 + longest, vector), torch.zeros(len(mine), longest)
        for row, walk in enumerate(mine):
            vectors[row, 1 : 1 + len(walk.means)] = walk.means
            mask[row, : len(walk.means)] = 1
        yield vectors, mask, torch.stack([walk.conditions for walk in mine])
