"""Streams of chance."""

import numpy as np

from earmark.generate.chance import Use, stream


def test_no_use_of_a_seed_draws_what_another_draws() -> None:
    drawn = [stream(7, use).random(3).tolist() for use in Use] + [np.random.default_rng(7).random(3).tolist()]
    assert len({tuple(each) for each in drawn}) == len(drawn) == len(Use) + 1
    assert stream(7, Use.WAY).random() == stream(7, Use.WAY).random() != stream(8, Use.WAY).random()
