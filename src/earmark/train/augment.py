"""Augmentation: random changes to a batch of spectrograms that leave the genre as it is.

All work on `(clips, 128 bands, frames)` float32 dB and draw from a `torch.Generator`, so a run can be repeated to the
bit. Everything is done on the whole batch at once: on a laptop the augmentation must cost far less than the network.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from earmark.sound.mel import FLOOR_DB, band_corners_hz
from earmark.sound.spectra import Scale
from earmark.train.options import AugmentOptions

COARSE_STEP = 3  # columns of ours in one of the coarser data sets, all but 1 %


class View(NamedTuple):
    """A random view of each clip, and the frame of the clip that each of its frames was read at."""

    db: Tensor  # (clips, bands, window) float32
    places: Tensor  # (clips, window) float32, frames of the clip, from 0 to below its length


def augment(
    db: Tensor,
    frames: Tensor,
    window: int,
    options: AugmentOptions,
    rng: torch.Generator,
    *,
    scale: Scale = "db",
    coarse: Tensor | None = None,
) -> View:
    """One random view of each clip.

    Parameters
    ----------
    db:
        (clips, 128, longest) float32, dB under each clip's maximum.
    frames:
        (clips,) how many frames of each are not padding.
    window:
        Frames in the view, at most those of a network's window.
    scale:
        What `db` holds where it comes from a front end of the recipe's own, of any number of bands. Values on the scale
        "log1p" keep their level, and the recipe refuses changes that work on dB.
    coarse:
        (clips,) bool, those whose columns are coarse as they are, and are not made coarser.

    Returns
    -------
    Views with dB under their own maximum, -80 to 0; or on the scale "log1p".
    """
    view, places = cut_views(db, frames, window, options, rng, coarse=coarse)
    if scale == "db":
        view = colour(view, options, rng)
        view = under_own_maximum(view)
    return View(mask(view, options, rng), places)


def cut_views(
    db: Tensor,
    frames: Tensor,
    window: int,
    options: AugmentOptions,
    rng: torch.Generator,
    *,
    coarse: Tensor | None = None,
) -> View:
    """A stretch of time of each clip: rolled, faster or slower, moved along the bands; read off by interpolation."""
    count = len(db)
    frames = frames.to(db.device)
    speed = _per_clip(count, 1 - options.stretch, 1 + options.stretch, rng, db)
    start = _per_clip(count, 0.0, 1.0, rng, db)
    steps = torch.arange(window, device=db.device, dtype=db.dtype)
    offset = steps[None] * speed[:, None]  # (clips, window): how far into the clip
    if options.roll:
        place = (start * frames)[:, None] + offset
    else:
        slack = (frames - offset[:, -1] - 1).clamp(min=0)
        place = (start * slack)[:, None] + offset
    low = place.floor()
    share = (place - low)[:, None, :]  # (clips, 1, window)
    first = torch.remainder(low.long(), frames[:, None])
    second = torch.remainder(first + 1, frames[:, None])
    view = _columns(db, first).lerp(_columns(db, second), share)
    if options.coarse:
        view = _coarse(view, options.coarse, rng, coarse)
    if options.shift_bands:
        view = _shift_bands(view, options.shift_bands, rng)
    return View(view, torch.remainder(place, frames[:, None]))


def _columns(db: Tensor, index: Tensor) -> Tensor:
    return db.gather(2, index[:, None, :].expand(-1, db.shape[1], -1))


def _coarse(view: Tensor, chance: float, rng: torch.Generator, already: Tensor | None) -> Tensor:
    """A third of the resolution in time, as pictures of some data sets have it: columns between are interpolated."""
    count, _, window = view.shape
    phase = _per_clip(count, 0.0, COARSE_STEP, rng, view).floor()[:, None]
    chosen = _per_clip(count, 0.0, 1.0, rng, view) < chance
    if already is not None:
        chosen &= ~already.to(view.device)
    place = (torch.arange(window, device=view.device)[None] - phase) / COARSE_STEP
    low = (place.floor() * COARSE_STEP + phase).clamp(0, window - 1).long()
    high = ((place.floor() + 1) * COARSE_STEP + phase).clamp(0, window - 1).long()
    between = _columns(view, low).lerp(_columns(view, high), (place - place.floor())[:, None, :])
    return torch.where(chosen[:, None, None], between, view)


def _shift_bands(view: Tensor, largest: float, rng: torch.Generator) -> Tensor:
    """Up or down by a whole number of bands; what comes in at the edge repeats the edge."""
    count, bands, window = view.shape
    shift = _per_clip(count, -largest - 0.5, largest + 0.5, rng, view).round().long()
    index = (torch.arange(bands, device=view.device)[None] + shift[:, None]).clamp(0, bands - 1)
    return view.gather(1, index[:, :, None].expand(-1, -1, window))


def colour(view: Tensor, options: AugmentOptions, rng: torch.Generator) -> Tensor:
    """Other rooms, other records: tilt, equaliser, range of levels, noise floor, low-pass."""
    count, bands, _ = view.shape
    line = torch.linspace(-1, 1, bands, device=view.device)
    curve = options.tilt_db * _normal(count, 1, rng, view) * line
    if options.equalise_db:
        # Three slow cosines with random weights: a smooth curve of about this many dB.
        waves = torch.stack([torch.cos(math.pi * k * (line + 1) / 2) for k in (2, 3, 4)])  # (3, bands)
        curve = curve + options.equalise_db / math.sqrt(3) * _normal(count, 3, rng, view) @ waves
    if options.high_pass:
        curve = curve + _high_pass(count, bands, options.high_pass, rng, view)
    view = view + curve[:, :, None]
    if options.range:
        view = view * _per_clip(count, 1 - options.range, 1 + options.range, rng, view)[:, None, None]
    if options.floor:
        level = _per_clip(count, FLOOR_DB, FLOOR_DB / 2, rng, view)
        chosen = _per_clip(count, 0.0, 1.0, rng, view) < options.floor
        floor = torch.where(chosen, level, torch.full_like(level, 2 * FLOOR_DB))
        view = view.maximum(floor[:, None, None])
    if options.low_pass:
        # The highest band kept: from 60 % of the bands (about 3.5 kHz) up to nearly all.
        cut = _per_clip(count, 0.6, 1.0, rng, view) * bands
        chosen = _per_clip(count, 0.0, 1.0, rng, view) < options.low_pass
        cut = torch.where(chosen, cut, torch.full_like(cut, bands))
        gone = torch.arange(bands, device=view.device)[None] >= cut[:, None]
        view = view.masked_fill(gone[:, :, None], 2 * FLOOR_DB)
    return view


def _high_pass(count: int, bands: int, chance: float, rng: torch.Generator, like: Tensor) -> Tensor:
    """What small loudspeakers leave of the lower bands, (count, bands) dB; nothing is taken where chance says so."""
    centres_hz = torch.from_numpy(band_corners_hz(bands=bands)[1:-1]).to(like)
    corner = 100.0 * 6.0 ** _per_clip(count, 0.0, 1.0, rng, like)  # 100 to 600 Hz
    slope = _per_clip(count, 12.0, 24.0, rng, like)
    chosen = _per_clip(count, 0.0, 1.0, rng, like) < chance
    octaves = torch.log2(centres_hz[None] / corner[:, None]).clamp(max=0.0)
    return octaves * (slope * chosen)[:, None]


def under_own_maximum(view: Tensor) -> Tensor:
    """dB under the maximum of each view, -80 to 0, as `sound.mel.under_maximum` has it."""
    return (view - view.amax(dim=(1, 2), keepdim=True)).clamp(FLOOR_DB, 0.0)


def mask(view: Tensor, options: AugmentOptions, rng: torch.Generator) -> Tensor:
    """SpecAugment: two bars along time and two along the bands, filled with the view's mean level of each band."""
    for axis, largest in ((1, options.mask_bands), (2, options.mask_frames)):
        for _ in range(2 if largest else 0):
            view = torch.where(_bar(view, axis, largest, rng), view.mean(dim=2, keepdim=True), view)
    return view


def _bar(view: Tensor, axis: int, largest: int, rng: torch.Generator) -> Tensor:
    size = view.shape[axis]
    width = _per_clip(len(view), 0.0, float(min(largest, size)), rng, view)
    start = _per_clip(len(view), 0.0, 1.0, rng, view) * (size - width)
    place = torch.arange(size, device=view.device)[None]
    inside = (place >= start[:, None]) & (place < (start + width)[:, None])  # (clips, size)
    return inside[:, :, None] if axis == 1 else inside[:, None, :]


def mixup(view: Tensor, alpha: float, rng: torch.Generator) -> tuple[Tensor, Tensor, float]:
    """Blend each clip with another of the batch: the blend, the partner's row of each, and the share of the first."""
    partner = torch.randperm(len(view), generator=rng)
    seed = int(torch.randint(2**31, (1,), generator=rng))
    gamma = torch.distributions.Beta(alpha, alpha)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        share = float(gamma.sample())
    share = max(share, 1 - share)
    return share * view + (1 - share) * view[partner.to(view.device)], partner, share


def _per_clip(count: int, low: float, high: float, rng: torch.Generator, like: Tensor) -> Tensor:
    return (low + (high - low) * torch.rand(count, generator=rng)).to(like.device)


def _normal(count: int, size: int, rng: torch.Generator, like: Tensor) -> Tensor:
    return torch.randn(count, size, generator=rng).to(like.device)
