"""The proposal's findings, asked of spaces and steps where the answer is known."""

import numpy as np
import pytest

from earmark.analyze import claims, space
from earmark.analyze.genres import Draws

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
# On a plane: blues, country and rock near each other, classical far away, hiphop, pop and reggae together.
PLACES = {
    "blues": (0.0, 0.0),
    "country": (1.0, 0.2),
    "rock": (2.0, 0.9),
    "metal": (3.0, 1.6),
    "disco": (4.0, -1.5),
    "jazz": (-2.5, 1.0),
    "classical": (-9.0, 3.0),
    "hiphop": (6.0, -3.0),
    "pop": (5.5, -3.4),
    "reggae": (5.2, -2.9),
}


def draws(places, *, spread=0.02, rounds=200):
    rng = np.random.default_rng(0)
    means = np.array([places[name] for name in GENRES], dtype=float)
    many = means + spread * rng.standard_normal((rounds, *means.shape))
    pca = space.principal_axes(means, 2)
    return Draws(pca, {"full": means, "map3": means, "map2": means}, {"full": many, "map3": many, "map2": many})


def steps(last=0.06, genres=GENRES):
    means = np.full((len(genres), 20), 0.05)
    means[:, -1] = last
    means /= means.sum(axis=1, keepdims=True)
    top = (-means).argsort(axis=1, kind="stable")[:, :3]
    figures = {"uniform": 0.05, "top": top, "p_uniform_adjusted": [0.5] * len(genres)}
    return figures, np.repeat(means[None], 100, axis=0)


def axis(rho, low, high, name="tempo"):
    return {"axis": 1, "feature": name, "rho": rho, "low": low, "high": high}


WEAK = axis(0.1, 0.0, 0.2)


def asked(places=PLACES, axes=(WEAK,), last=0.06):
    figures, drawn = steps(last)
    found = claims.claims(GENRES, [draws(places)], {"axes": list(axes)}, figures, drawn)
    return {row.claim: row for row in found}


def test_verdicts_need_nine_of_ten():
    assert [claims.verdict(share) for share in (0.95, 0.9, 0.5, 0.1, 0.0)] == [
        claims.HOLDS,
        claims.HOLDS,
        claims.CANNOT_BE_TOLD,
        claims.DOES_NOT,
        claims.DOES_NOT,
    ]


def test_every_finding_of_the_proposal_is_asked():
    found = asked()
    assert len([claim for claim in found if claim.startswith("nearest to")]) == 10
    assert len([claim for claim in found if claim.endswith("are close")]) == 5
    assert {"classical is furthest from the others", "axis 1 is tempo"} <= set(found)
    assert {"blues − country + pop = reggae", "blues − classical + jazz = hiphop"} <= set(found)
    assert "the last step (19) is high in 7 genres" in found
    assert "pop is heard at steps 0, 5, 10, 11" in found
    assert "hiphop is heard early" in found


def test_what_the_space_shows_holds_and_what_it_does_not_fails():
    found = asked()
    assert found["nearest to hiphop: pop and reggae"].verdict == claims.HOLDS
    assert found["nearest to metal: rock and disco"].verdict == claims.DOES_NOT
    assert "here rock and country" in found["nearest to metal: rock and disco"].figure
    assert found["hiphop and reggae are close"].verdict == claims.HOLDS
    assert found["classical is furthest from the others"].verdict == claims.HOLDS
    # 0 - (1, 0.2) + (5.5, -3.4) is nearest to reggae once pop may not answer.
    assert found["blues − country + pop = reggae"].verdict == claims.HOLDS


def test_what_draws_disagree_on_cannot_be_told():
    close = dict(PLACES, metal=(3.0, 1.6), disco=(4.0, 0.0))
    figures, drawn = steps()
    found = claims.claims(GENRES, [draws(close, spread=3.0)], {"axes": []}, figures, drawn)
    verdicts = {row.claim: row.verdict for row in found}
    assert verdicts["rock and metal are close"] == claims.CANNOT_BE_TOLD
    assert "axis 1 is tempo" not in verdicts  # nobody measured it


def test_an_axis_is_tempo_only_where_nothing_goes_with_it_more():
    assert asked(axes=[axis(0.6, 0.5, 0.7)])["axis 1 is tempo"].verdict == claims.HOLDS
    stronger = [axis(0.5, 0.4, 0.6), axis(-0.7, -0.8, -0.6, "brightness")]
    assert asked(axes=stronger)["axis 1 is tempo"].verdict == claims.DOES_NOT
    assert asked(axes=[axis(0.1, -0.1, 0.2)])["axis 1 is tempo"].verdict == claims.DOES_NOT
    assert asked(axes=[axis(0.3, 0.1, 0.5)])["axis 1 is tempo"].verdict == claims.CANNOT_BE_TOLD


def test_steps_are_high_where_they_are_above_their_share():
    assert asked(last=0.06)["the last step (19) is high in 7 genres"].verdict == claims.HOLDS
    assert asked(last=0.04)["the last step (19) is high in 7 genres"].verdict == claims.DOES_NOT


def test_steps_of_a_genre_need_attention_that_is_told_from_uniform():
    figures, drawn = steps()
    drawn[:, GENRES.index("metal"), 10:12] = 0.06
    claim = "metal is heard at steps 10, 11"

    def said(p):
        told = {**figures, "p_uniform_adjusted": [p] * len(GENRES)}
        found = claims.claims(GENRES, [draws(PLACES)], {"axes": []}, told, drawn)
        return {row.claim: row.verdict for row in found}[claim]

    assert said(0.01) == claims.HOLDS
    assert said(0.2) == claims.CANNOT_BE_TOLD


def test_other_genres_are_not_asked_of():
    figures, drawn = steps(genres=("drone", "noise"))
    means = np.array([[0.0, 0], [1, 1]])
    own = Draws(space.principal_axes(np.eye(3), 2), {"full": means}, {"full": means[None]})
    assert claims.claims(("drone", "noise"), [own], {"axes": []}, figures, drawn) == []


@pytest.mark.parametrize("share", [0.11, 0.89])
def test_the_border_is_not_crossed(share):
    assert claims.verdict(share) == claims.CANNOT_BE_TOLD
