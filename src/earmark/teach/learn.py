"""Learning a user's word from a few tracks: a head with one label, held against other tracks and the background.

How good it is, it says of artists that it did not hear: each is left out in turn, with as large a part of what is none
of the word. Probabilities are calibrated on these scores, as though one track in five had the word.

The background is other music than the user's. Whatever a collection has in common (its years, its encoder) tells it
from the background, and so the word from it too: of words whose examples and background came from different sets, an
AUC of 0.95 to 1.00 was expected and 0.78 to 0.80 found among the set's own tracks. Counter-examples of the user's own
mend that, and with five or more of them what is expected is measured on these alone: it was right to 0.06.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import artist_key
from earmark.data.splits import artist_folds, linked_artists
from earmark.errors import BundleError, DataError
from earmark.listen.background import Background
from earmark.listen.calibrate import Platt, fit_platt
from earmark.listen.linear import MULTI, TOLD_FROM, YOURS, Layer, LinearHead
from earmark.measure.binary import roc_auc
from earmark.teach.cache import Example
from earmark.teach.fit import Penalty, fit_layer

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Nobody knows how many of a person's tracks are "gym"; probabilities hold for a collection in which one in five is.
PRIOR = 0.2
# Among the best of ridges 1 to 300 and shares 0 to 2, by 5 as by 20 examples of genres of FMA and moods of 4Q.
PENALTY = Penalty(own=20.0, view=30.0, share=0.5)
LEAST = 2  # examples: with fewer nothing is learned
ENOUGH = 5  # examples: with fewer nothing can be said of how good a word is
MOST_FOLDS = 20
ALIKE_FROM = 0.6  # AUC: below, examples are told from other music hardly better than by chance
OWN = 20  # so many counter-examples count as much as the whole background
OWN_CALIBRATION = 0.5  # what counter-examples count in the calibration, from ENOUGH of them on
LEAST_OTHERS = 5  # of counter-examples and background together
_YES, _NO, _BACKGROUND = "yes", "no", "background"


@dataclass(frozen=True, eq=False)
class _Material:
    """What is learned from: `numbers` (rows, numbers), `yes` (rows,), `loads` (rows,) of sum 1 over the others, and
    1 over the examples, `artists` (rows,) keys, `strata` (rows,): what the row is.
    """

    numbers: NDArray[np.float32]
    yes: Bools
    loads: Floats
    artists: list[str]
    strata: list[str]
    own: int

    def of(self, stratum: str) -> Bools:
        """(rows,): which rows are this."""
        return np.array([each == stratum for each in self.strata])

    def fit(self, rows: Bools) -> Layer:
        """The layer that some rows teach: examples count 1 each, all others together as much as they."""
        loads = self.loads[rows] * self.yes.sum()
        targets = self.yes[rows, None].astype(np.float64)
        return fit_layer(self.numbers[rows], targets, kind=MULTI, own=self.own, weights=loads, penalty=PENALTY)


def learn(
    word: str,
    examples: Sequence[Example],
    counter: Sequence[Example] = (),
    background: Background | None = None,
    *,
    network: str,
) -> LinearHead:
    """Learn a word.

    Parameters
    ----------
    word:
        Its name, as `words.checked_name` gives it.
    examples, counter:
        What has the word, and what has it not. A recording that is there twice counts once.
    background:
        Of the bundle; what is by an artist of the examples is left out of it.
    network:
        The SHA-256 of the network that heard all of it.

    Raises
    ------
    DataError
        Too few examples, or nothing to tell them from; a recording that both has the word and has it not.
    BundleError
        The background does not fit the network.
    """
    wanted, others = _each_once(examples), _each_once(counter)
    there = {each.numbers.tobytes(): each for each in wanted}
    for each in others:
        if each.numbers.tobytes() in there:
            raise DataError(f"{each.path} is named both as '{word}' and as none of it.", hint="Leave one of them out.")
    if len(wanted) < LEAST:
        raise DataError(
            f"'{word}' cannot be learned from {_count(len(wanted), 'track') if wanted else 'nothing'}.",
            hint=f"Name {LEAST} or more, better {ENOUGH}, by several artists.",
        )
    if background is not None and background.numbers.shape[1] != len(wanted[0].numbers):
        raise BundleError(
            "The bundle's background has other numbers than its network makes.",
            hint="Make it again with: earmark model atlas --data SET",
        )
    material = _material(wanted, others, background)
    if (~material.yes).sum() < LEAST_OTHERS:
        raise DataError(
            f"There is too little that is none of '{word}', and the bundle has no background.",
            hint=f"Name {LEAST_OTHERS} or more tracks that are none of it.",
        )
    artists = len({artist for artist, yes in zip(material.artists, material.yes, strict=True) if yes})
    scores = _scores_of_strangers(material, artists)
    line = _line(scores, material)
    told = line.probabilities(scores) >= TOLD_FROM
    against = material.of(_NO if len(others) >= ENOUGH or background is None else _BACKGROUND)
    asked = material.yes | against
    return LinearHead(
        name=word,
        kind=MULTI,
        labels=(word,),
        network=network,
        layer=material.fit(np.ones(len(material.yes), np.bool_)),
        lines=(line,),
        told_from=(TOLD_FROM,),
        role=YOURS,
        figures={
            "n": len(wanted),
            "n_artists": artists,
            "n_counter": len(others),
            "n_background": material.strata.count(_BACKGROUND),
            "auc": roc_auc(scores[asked], material.yes[asked]),
            "found": float(told[material.yes].mean()),
            "others": float(told[against].mean()),
            "against_own": bool(material.of(_NO)[against].any()),
            "prior": PRIOR,
            "penalty": asdict(PENALTY),
            "examples": [each.path for each in wanted],
            "counter": [each.path for each in others],
        },
    )


def _each_once(examples: Sequence[Example]) -> list[Example]:
    """Without those that are the same recording as an earlier one."""
    return list({each.numbers.tobytes(): each for each in reversed(examples)}.values())[::-1]


def _material(wanted: Sequence[Example], others: Sequence[Example], background: Background | None) -> _Material:
    keys = [artist_key(each.artist) or f"?{each.path}" for each in (*wanted, *others)]
    far = [] if background is None else [artist_key(name) or f"?{row}" for row, name in enumerate(background.artists)]
    linked = linked_artists([*keys, *far])
    mine = set(linked[: len(keys)])
    kept = [row for row, artist in enumerate(linked[len(keys) :]) if artist not in mine]
    numbers = np.stack([each.numbers for each in (*wanted, *others)])
    if background is not None:
        numbers = np.concatenate([numbers, background.numbers[kept].astype(np.float32)])
    share = len(others) / (len(others) + OWN) if kept else 1.0
    loads = np.concatenate([
        np.full(len(wanted), 1 / len(wanted)),
        np.full(len(others), share / max(len(others), 1)),
        np.full(len(kept), (1 - share) / max(len(kept), 1)),
    ])  # fmt: skip
    return _Material(
        numbers=numbers,
        yes=np.arange(len(numbers)) < len(wanted),
        loads=loads,
        artists=[*linked[: len(keys)], *(linked[len(keys) + row] for row in kept)],
        strata=[_YES] * len(wanted) + [_NO] * len(others) + [_BACKGROUND] * len(kept),
        own=wanted[0].own,
    )


def _scores_of_strangers(material: _Material, artists: int) -> Floats:
    """Of each row the score by a layer that heard nothing of its artist.

    Where one artist has all examples, each of these is left out in turn instead.
    """
    keys = material.artists
    if artists == 1:
        keys = [f"?{row}" if yes else key for row, (key, yes) in enumerate(zip(keys, material.yes, strict=True))]
        artists = int(material.yes.sum())
    folds = artist_folds(material.strata, keys, folds=min(artists, MOST_FOLDS))
    scores = np.zeros(len(folds))
    for fold in np.unique(folds):
        held = folds == fold
        scores[held] = material.fit(~held).scores(material.numbers[held])[:, 0]
    return scores


def _line(scores: Floats, material: _Material) -> Platt:
    """The calibration: of so few examples none is told for certain (Platt's targets, 1999), and none by a line that
    falls.
    """
    yes, own, far = material.yes, material.of(_NO), material.of(_BACKGROUND)
    targets = np.where(yes, (yes.sum() + 1) / (yes.sum() + 2), 1 / ((~yes).sum() + 2))
    weights = material.loads * np.where(yes, PRIOR, 1 - PRIOR)
    if own.sum() >= ENOUGH and far.any():
        weights[own] = (1 - PRIOR) * OWN_CALIBRATION / own.sum()
        weights[far] = (1 - PRIOR) * (1 - OWN_CALIBRATION) / far.sum()
    line = fit_platt(scores, targets, weights=weights)
    return line if line.slope > 0 else Platt(0.0, float(np.log(PRIOR / (1 - PRIOR))))


def verdict(head: LinearHead) -> str:
    """What can be said of how good a word is: "told", or that there are "too few" examples, that "one artist" has all
    of them, or that they are "not alike".
    """
    said = head.figures
    if said["n"] < ENOUGH:
        return "too few"
    if said["n_artists"] == 1:
        return "one artist"
    return "told" if said["auc"] >= ALIKE_FROM else "not alike"


def in_short(head: LinearHead) -> str:
    """What a word was learned from and how good it is, in half a line."""
    said = head.figures
    against = f" and {said['n_counter']} that are none of it" if said["n_counter"] else ""
    base = f"{_count(said['n'], 'track')} by {_count(said['n_artists'], 'artist')}{against}"
    how = {
        "too few": "too few to tell how good",
        "one artist": "of one artist, so nobody knows how good",
        "not alike": "which do not sound alike",
        "told": f"AUC {said['auc']:.2f}{'' if said['against_own'] else ' against the background'}",
    }
    return f"{base}, {how[verdict(head)]}"


def in_words(head: LinearHead) -> list[str]:
    """What a word was learned from and how good it is expected to be, in sentences."""
    said, found = head.figures, verdict(head)
    against = [f"{said['n_counter']} that are none of it"] if said["n_counter"] else []
    against += [f"{said['n_background']} of the bundle's background"] if said["n_background"] else []
    tracks = f"{_count(said['n'], 'track')} by {_count(said['n_artists'], 'artist')}"
    return [
        f"{head.name}: learned from {tracks}, against {' and '.join(against)}.",
        *(_HINDERED[found] if found in _HINDERED else _expected(said)),
    ]


_HINDERED = {
    "too few": (
        f"Too few to tell how good it is: with {ENOUGH} tracks or more, by several artists, that can be said.",
    ),
    "one artist": ("All are by one artist, so how well it finds those of others cannot be told.",),
    "not alike": (
        "The examples do not sound alike: it tells such tracks from others hardly better than by chance, so it will "
        "seldom be right.",
    ),
}


def _expected(said: Mapping[str, Any]) -> list[str]:
    of_ten = f"Of ten tracks like yours, by artists it never heard, it would find {round(10 * said['found'])}"
    others = f"call {_of_ten(said['others'])} of {'the others' if said['against_own'] else 'the background'} so"
    line = f"{of_ten}, and {others} (AUC {said['auc']:.2f})."
    if said["against_own"]:
        return [line]
    nearer = (
        f"Your other tracks may be nearer to it than the background is: name {ENOUGH} or more that are none of it "
        "(--not), and it learns to tell those apart, and says how well."
    )
    return [line, nearer]


def _of_ten(share: float) -> str:
    return f"{round(10 * share)} in ten" if share >= 0.05 else "fewer than one in twenty"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
