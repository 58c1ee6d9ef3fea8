"""Augmentation: what each change does, and what none may do."""

import math
from dataclasses import replace

import pytest
import torch
from scipy.stats import beta
from torch import Tensor

from earmark.sound.mel import band_corners_hz
from earmark.train.augment import augment, colour, cut_views, mask, mixup
from earmark.train.options import AugmentOptions

OFF = AugmentOptions()
ALL = AugmentOptions(
    roll=True, stretch=0.15, shift_bands=2, tilt_db=4, equalise_db=3, range=0.15, low_pass=0.5, high_pass=0.5,
    floor=0.5, mask_bands=20, mask_frames=30,
)  # fmt: skip
WINDOW = 95


def clips(count: int = 6, frames: int = 120) -> Tensor:
    db = -80 * torch.rand(count, 128, frames, generator=torch.Generator().manual_seed(3))
    return db - db.amax(dim=(1, 2), keepdim=True)


def lengths(db: Tensor, frames: int = 120) -> Tensor:
    return torch.full((len(db),), frames)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_coarse_views_have_every_third_column_and_straight_lines_between() -> None:
    ramp = torch.arange(36.0).square()[None, None].repeat(64, 128, 1) / 20 - 60
    frames = torch.full((64,), 36)
    still = replace(OFF, coarse=0.5)
    views = cut_views(ramp, frames, 36, still, torch.Generator().manual_seed(0)).db
    bends = views[:, 0].diff(n=2).abs() > 1e-3  # a parabola bends everywhere, a straight line nowhere
    coarse = bends.float().mean(dim=1) < 0.5
    assert 0.3 < coarse.float().mean() < 0.7
    for view in bends[coarse]:
        corners = view.nonzero().flatten()
        assert set(corners.diff().tolist()) == {3}
    assert bends[~coarse].all()
    assert {int(view.nonzero()[0]) % 3 for view in bends[coarse]} == {0, 1, 2}  # any column may be the first


def test_without_options_a_view_is_a_stretch_of_the_clip_and_nothing_else() -> None:
    db = clips()
    view = cut_views(db, lengths(db), 120, OFF, rng()).db
    torch.testing.assert_close(view, db, atol=1e-3, rtol=0)


def test_the_end_is_never_padding_of_shorter_clips() -> None:
    db = clips(frames=200)
    db[:, :, 150:] = 1000.0  # what lies behind the clip's end must not be heard
    for options in (OFF, replace(OFF, roll=True, stretch=0.2)):
        for seed in range(20):
            assert cut_views(db, lengths(db, 150), WINDOW, options, rng(seed)).db.max() <= 0


@pytest.mark.parametrize("seed", range(5))
def test_views_are_db_under_their_own_maximum(seed: int) -> None:
    view = augment(clips(), lengths(clips()), WINDOW, replace(ALL, mask_bands=0, mask_frames=0), rng(seed)).db
    assert view.shape == (6, 128, WINDOW)
    assert (view >= -80).all()
    torch.testing.assert_close(view.amax(dim=(1, 2)), torch.zeros(6))


def test_the_same_generator_gives_the_same_views_and_another_gives_others() -> None:
    db = clips()
    first, again, other = (augment(db, lengths(db), WINDOW, ALL, rng(seed)).db for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_louder_clip_gives_the_same_view() -> None:
    db = clips()
    for seed in range(5):
        quiet = augment(db, lengths(db), WINDOW, ALL, rng(seed)).db
        loud = augment(db + 17, lengths(db), WINDOW, replace(ALL, range=0, floor=0), rng(seed)).db
        same = augment(db, lengths(db), WINDOW, replace(ALL, range=0, floor=0), rng(seed)).db
        torch.testing.assert_close(loud, same, atol=1e-3, rtol=0)
        assert quiet.shape == loud.shape


@pytest.mark.parametrize(
    "options",
    [
        replace(OFF, roll=True), replace(OFF, stretch=0.2), replace(OFF, shift_bands=3), replace(OFF, tilt_db=6),
        replace(OFF, equalise_db=6), replace(OFF, range=0.3), replace(OFF, low_pass=1.0), replace(OFF, high_pass=1.0),
        replace(OFF, floor=1.0),        replace(OFF, mask_bands=30), replace(OFF, mask_frames=40),
    ],
    ids=lambda options: next(name for name, value in vars(options).items() if value),
)  # fmt: skip
def test_each_change_changes_something(options: AugmentOptions) -> None:
    db = clips()
    plain = augment(db, lengths(db), 120, OFF, rng()).db
    assert (augment(db, lengths(db), 120, options, rng()).db - plain).abs().max() > 1


def test_high_pass_takes_off_the_lower_bands_alone_and_more_the_lower_they_are() -> None:
    flat = torch.full((6, 128, 120), -20.0)
    flat[:, 100] = 0.0  # the loudest band, so that the level stays
    view = augment(flat, lengths(flat), 120, replace(OFF, high_pass=1.0), rng()).db
    assert (view[:, 40:] == flat[:, 40:]).all()
    assert (view[:, 0, 0] < -45).all()
    assert (view[:, 1:, 0] - view[:, :-1, 0] >= 0)[:, :40].all()
    assert (augment(flat, lengths(flat), 120, replace(OFF, high_pass=0.0), rng()).db == flat).all()


def test_low_pass_empties_the_upper_bands_alone() -> None:
    view = augment(clips(), lengths(clips()), 120, replace(OFF, low_pass=1.0), rng()).db
    assert (view[:, -1] == -80).all()
    assert (view[:, :70] > -80).any(dim=2).all()


def test_mixup_is_the_share_of_each_and_names_the_partner() -> None:
    db = clips()
    blend, partner, share = mixup(db, 0.4, rng())
    assert 0.5 <= share <= 1
    torch.testing.assert_close(blend, share * db + (1 - share) * db[partner])


@pytest.mark.parametrize(("options", "axis"), [(replace(OFF, mask_bands=30), 1), (replace(OFF, mask_frames=30), 2)])
def test_each_kind_of_mask_comes_twice(options: AugmentOptions, axis: int) -> None:
    view = clips(200)
    changed = (mask(view, options, rng()) != view).any(dim=3 - axis)  # (clips, bands or frames)
    bars = changed[:, 0].long() + (changed[:, 1:] & ~changed[:, :-1]).sum(dim=1)
    # Two bars may meet, and a bar may be narrower than a band: most views show two, and none shows three.
    assert bars.max() == 2
    assert (bars == 2).float().mean() > 0.5
    assert 30 < changed.sum(dim=1).max() <= 60


def test_what_is_masked_is_filled_with_the_mean_level_of_each_band() -> None:
    view = clips(20)
    masked = mask(view, replace(OFF, mask_bands=30), rng())
    gone = (masked != view).any(dim=2)
    expected = view.mean(dim=2, keepdim=True).expand_as(view)
    torch.testing.assert_close(masked[gone], expected[gone])


def test_time_runs_faster_and_slower_by_the_share_that_is_allowed_and_stays_within_the_clip() -> None:
    db = clips(400, frames=150)
    places = cut_views(db, lengths(db, 130), 100, replace(OFF, stretch=0.2), rng()).places
    speed = places.diff(dim=1)
    torch.testing.assert_close(speed, speed[:, :1].expand_as(speed), atol=1e-3, rtol=0)
    assert 0.8 <= speed.min() < 0.82
    assert 1.18 < speed.max() <= 1.2 + 1e-3
    assert places.min() >= 0
    assert places.max() <= 129


def test_a_rolled_view_begins_anywhere_and_goes_on_at_the_start_of_the_clip() -> None:
    db = torch.arange(40.0).expand(300, 128, 40).contiguous()
    view = cut_views(db, lengths(db, 30), 30, replace(OFF, roll=True), rng())
    begin = view.places[:, 0]
    assert begin.min() < 1
    assert begin.max() > 29
    turned = (begin[:, None] + torch.arange(30)) % 30
    torch.testing.assert_close(view.places, turned, atol=1e-4, rtol=0)
    inside = turned < 29  # between the last frame and the first it is a mean of both
    torch.testing.assert_close(view.db[:, 5][inside], turned[inside], atol=1e-3, rtol=0)


def test_a_shift_moves_whole_bands_and_repeats_the_edge() -> None:
    db = torch.arange(128.0)[None, :, None].expand(300, 128, 20).contiguous()
    view = cut_views(db, lengths(db, 20), 20, replace(OFF, shift_bands=2), rng()).db
    found = {tuple(each[:, 0].tolist()) for each in view}
    bands = torch.arange(128)
    assert found == {tuple((bands + shift).clamp(0, 127).float().tolist()) for shift in range(-2, 3)}


def coloured(count: int = 600, **options: float) -> Tensor:
    """What is added to silence at -40 dB, (count, bands)."""
    flat = torch.full((count, 128, 2), -40.0)
    changed = colour(flat, replace(OFF, **options), rng())
    assert torch.equal(changed[:, :, 0], changed[:, :, 1])
    return changed[:, :, 0] + 40


def test_a_tilt_is_a_straight_line_about_the_middle_as_steep_as_is_said() -> None:
    curve = coloured(tilt_db=4.0)
    torch.testing.assert_close(curve, curve[:, -1:] * torch.linspace(-1, 1, 128), atol=1e-3, rtol=0)
    assert 3.6 < curve[:, -1].std() < 4.4


def test_an_equaliser_is_three_slow_waves_of_as_many_db_as_is_said() -> None:
    curve = coloured(equalise_db=3.0)
    place = torch.linspace(0, math.pi, 128)
    waves = torch.stack([torch.cos(k * place) for k in (2, 3, 4)], dim=1)  # (bands, 3)
    weights = torch.linalg.lstsq(waves, curve.T).solution
    torch.testing.assert_close(waves @ weights, curve.T, atol=1e-3, rtol=0)
    assert weights.std(dim=1).tolist() == pytest.approx([math.sqrt(3)] * 3, rel=0.1)


def test_levels_are_drawn_together_or_apart_by_the_share_that_is_allowed() -> None:
    factors = 1 - coloured(range=0.25) / 40
    assert torch.equal(factors, factors[:, :1].expand_as(factors))
    assert 0.75 <= factors.min() < 0.76
    assert 1.24 < factors.max() <= 1.25


def test_a_noise_floor_rises_to_half_the_range_in_the_share_of_clips_that_is_said() -> None:
    low = torch.full((1000, 128, 1), -100.0)
    floor = colour(low, replace(OFF, floor=0.3), rng()).amax(dim=(1, 2))
    raised = floor[floor > -100]
    assert 250 < len(raised) < 350
    assert -80 <= raised.min() < -79
    assert -41 < raised.max() <= -40


def test_a_low_pass_keeps_from_three_fifths_of_the_bands_up_in_the_share_of_clips_that_is_said() -> None:
    kept = (coloured(1000, low_pass=0.4) == 0).sum(dim=1)
    cut = kept[kept < 128]
    assert 330 < len(cut) < 470
    assert 77 <= cut.min() < 79
    assert cut.max() > 125


def test_a_high_pass_falls_by_12_to_24_db_an_octave_from_100_to_600_hz_down() -> None:
    centres_hz = torch.from_numpy(band_corners_hz()[1:-1]).float()
    curve = coloured(1000, high_pass=0.5)
    chosen = curve[curve[:, 0] < -1e-3]
    assert 430 < len(chosen) < 570
    octave = torch.log2(centres_hz[1] / centres_hz[0])
    slope = (chosen[:, 1] - chosen[:, 0]) / octave
    sure = chosen[:, 1] < 0  # both bands lie below the corner
    assert 12 - 0.1 < slope[sure].min() < 12.5
    assert 23.5 < slope[sure].max() < 24.1
    corner_hz = centres_hz[0] * 2 ** (-chosen[sure, 0] / slope[sure])
    assert 99 < corner_hz.min() < 110
    assert 560 < corner_hz.max() < 606


def test_mixup_draws_its_share_from_the_beta_distribution_and_leaves_torch_s_own_generator_alone() -> None:
    db = clips(3, frames=2)
    before = torch.get_rng_state()
    shares = torch.tensor([mixup(db, 0.4, rng(seed))[2] for seed in range(1500)])
    assert torch.equal(torch.get_rng_state(), before)
    # Of beta(0.4, 0.4) the larger part has a mean of 0.858 and is above 0.99 in every fourth draw or so.
    oracle = beta(0.4, 0.4)
    for quantile in (0.6, 0.75, 0.9, 0.99):
        expected = oracle.cdf(quantile) - oracle.cdf(1 - quantile)
        assert (shares <= quantile).float().mean().item() == pytest.approx(expected, abs=0.04)
