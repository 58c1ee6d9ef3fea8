"""Maps, neighbours and arithmetic, held against NumPy, trees made by hand and plain loops."""

import numpy as np
import pytest

from earmark.analyze import space


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_axes_are_the_eigenvectors_of_the_covariance_and_never_flip(rng):
    points = rng.standard_normal((60, 7)) * [5, 4, 3, 2, 1, 1, 1]
    found = space.principal_axes(points, 3)
    variances, directions = np.linalg.eigh(np.cov(points.T))
    assert np.allclose(found.explained_variance_ratio_, variances[:-4:-1] / variances.sum())
    assert np.allclose(np.abs(found.components_), np.abs(directions[:, :-4:-1].T))
    assert (found.components_[np.arange(3), np.abs(found.components_).argmax(axis=1)] > 0).all()
    assert np.allclose(space.principal_axes(points[::-1], 3).components_, found.components_)


def test_axes_need_points():
    with pytest.raises(ValueError, match="axes need more than 3 points"):
        space.principal_axes(np.zeros((3, 4)), 3)
    with pytest.raises(ValueError, match="all the same"):
        space.principal_axes(np.ones((9, 4)), 2)


def test_a_turned_and_moved_cloud_lands_on_its_origin_even_where_rows_had_no_part(rng):
    target = rng.standard_normal((40, 6))
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    points = target @ turn + rng.standard_normal(6)
    assert np.allclose(space.aligned(points, target, np.arange(25)), target)


def test_rows_left_out_do_not_decide_where_others_land(rng):
    target, points = rng.standard_normal((2, 30, 4))
    moved = points.copy()
    moved[20:] += 100
    used = np.arange(20)
    assert np.allclose(space.aligned(points, target, used)[:20], space.aligned(moved, target, used)[:20])


def test_means_under_weights_are_means_of_repeated_clips(rng):
    points, labels = rng.standard_normal((6, 3)), np.array([0, 0, 1, 1, 2, 2])
    weights = np.array([[2.0, 1, 0, 3, 1, 1]])
    means = space.genre_means(points, labels, 3, weights)
    assert np.allclose(means[0, 0], (2 * points[0] + points[1]) / 3)
    assert np.allclose(means[0, 1], points[3])
    assert np.allclose(
        space.genre_means(points, labels, 3), [points[labels == genre].mean(axis=0) for genre in range(3)]
    )


def test_distances_and_the_nearest_two(rng):
    means = rng.standard_normal((4, 5))
    between = space.distances(means)
    assert np.allclose(between, np.linalg.norm(means[:, None] - means[None], axis=2))
    for genre, pair in enumerate(space.nearest(between)):
        others = sorted((other for other in range(4) if other != genre), key=lambda other: between[genre, other])
        assert pair.tolist() == others[:2]


def test_shares_of_neighbours_count_draws():
    near = np.array([[[1, 2], [0, 2], [0, 1]], [[1, 2], [2, 0], [1, 0]]])
    shares = space.nearest_shares(near[..., :1], 3)
    assert shares.tolist() == [[0, 1, 0], [0.5, 0, 0.5], [0.5, 0.5, 0]]


def test_joins_are_at_the_mean_of_the_distances_between_groups():
    between = np.abs(np.subtract.outer([0.0, 1, 4, 9], [0.0, 1, 4, 9]))
    # 0 and 1 at 1; then 4 to them, at (4 + 3) / 2; then 9, at (9 + 8 + 5) / 3.
    assert np.allclose(space.merges(between), [[0, 1, 1], [2, 4, 3.5], [3, 5, 22 / 3]])


def test_every_equation_stands_once_and_gaps_are_plain_distances(rng):
    equations = space.Equations.all(5)
    assert len(equations) == 5 * 4 * 3 // 2
    means = rng.standard_normal((2, 5, 7))
    gaps = equations.gaps(means)
    row = equations.place(3, 1, 2)
    wanted = np.linalg.norm(means[1, 3] - means[1, 1] + means[1, 2] - means[1], axis=1)
    assert np.allclose(gaps[1, row], wanted)
    assert equations.place(2, 1, 3) == row  # a and c may change places


def test_answers_leave_terms_out_where_that_is_asked():
    # On a line at 0, 1, 2.9 and 10: 0 - 1 + 2.9 is 1.9, next to 2.9, a term; of the others only 10 is left.
    means = np.array([[0.0], [1.0], [2.9], [10.0]])
    equations = space.Equations.all(4)
    row, gaps = equations.place(0, 1, 2), equations.gaps(means)
    assert equations.answers(gaps)[row] == 3
    assert equations.answers(gaps, excluding=False)[row] == 1


def test_the_ratio_is_that_of_the_two_nearest_that_are_no_terms():
    means = np.array([[0.0], [1.0], [3.0], [2.5], [10.0]])
    equations = space.Equations.all(5)
    row, gaps = equations.place(0, 1, 2), equations.gaps(means)  # at 2; 2.5 and 10 are left
    assert equations.ratios(gaps)[row] == pytest.approx(0.5 / 8)


def test_permuted_labels_keep_an_artists_clips_together_and_every_label(rng):
    labels = np.array([0, 0, 1, 1, 2, 2])
    artists = ["a", "a", "b", "b", "c", "c"]
    for dealt in space.permuted_labels(labels, artists, 3, 20, rng):
        assert (dealt[::2] == dealt[1::2]).all()
        assert sorted(set(dealt.tolist())) == [0, 1, 2]


def test_neighbours_kept_on_a_map_are_those_of_a_plain_loop(rng):
    points = rng.standard_normal((50, 9))
    shown = points[:, :2]

    def near(cloud, one):
        gaps = np.linalg.norm(cloud - cloud[one], axis=1)
        return set(sorted(set(range(50)) - {one}, key=lambda other: gaps[other])[:5])

    wanted = [len(near(points, one) & near(shown, one)) / 5 for one in range(50)]
    assert space.kept_neighbours(points, shown, 5).tolist() == wanted
    assert space.kept_neighbours(points, points, 5).tolist() == [1.0] * 50
