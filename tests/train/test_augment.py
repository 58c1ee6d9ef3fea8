"""Augmentation: what each change does, and what none may do."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from earmark.train.augment import augment, cut_views, mask, mixup
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
