"""What the proposal found in its network, held against readings of ours: holds, does not, or cannot be told.

A finding is asked of every draw of artists in every reading. Where it is true in nine of ten draws it holds, where it
is true in one of ten it does not, and between the two nobody can tell from these clips; steps of a genre hold only
where its attention is told from uniform at all. Findings are those of the course project "attention-guided spectrogram
sequence modelling with CNNs"; step 0 is a clip's first token.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.analyze import space
from earmark.analyze.genres import Draws

Figures = dict[str, Any]
Floats = NDArray[np.float64]

HOLDS, DOES_NOT, CANNOT_BE_TOLD = "holds", "does not hold", "cannot be told"
SURE = 0.9

NEAREST: Mapping[str, tuple[str, str]] = {
    "blues": ("country", "reggae"),
    "classical": ("jazz", "blues"),
    "country": ("blues", "rock"),
    "disco": ("rock", "hiphop"),
    "hiphop": ("pop", "reggae"),
    "jazz": ("classical", "blues"),
    "metal": ("rock", "disco"),
    "pop": ("hiphop", "reggae"),
    "reggae": ("hiphop", "pop"),
    "rock": ("disco", "country"),
}
CLOSE = (("hiphop", "pop"), ("hiphop", "reggae"), ("pop", "reggae"), ("rock", "metal"), ("blues", "country"))
FURTHEST = "classical"
EQUATIONS = (("blues", "country", "pop", "reggae"), ("blues", "classical", "jazz", "hiphop"))
LAST_STEP_IN = 7  # genres
STEPS: Mapping[str, tuple[int, ...]] = {
    "country": (10, 11),
    "reggae": (10, 11),
    "metal": (10, 11),
    "pop": (0, 5, 10, 11),
    "classical": (7, 9, 16),
}
EARLY = ("disco", "hiphop", "rock")
EARLY_SHARE = 1 / 3  # of the steps
LEVEL = 0.05  # of p, adjusted, below which a genre's steps are told from uniform
TEMPO_LEAST = 0.3  # of a rank correlation that is worth naming an axis after


@dataclass(frozen=True)
class Verdict:
    """A finding, what became of it, and the figure behind that."""

    claim: str
    verdict: str
    figure: str


def claims(
    genres: Sequence[str], draws: Sequence[Draws], genre_map: Figures, steps: Figures, drawn_steps: Floats
) -> list[Verdict]:
    """Every finding that these genres allow to ask for.

    Parameters
    ----------
    genres:
        Names, in the order of the rows of everything else.
    draws:
        Genre means of each reading and draw.
    genre_map, steps:
        What `genres.genre_map` and `in_time.steps` found.
    drawn_steps:
        (draws, genres, tokens) mean attention.
    """
    place = {name: row for row, name in enumerate(genres)}
    return [
        *_nearest(place, draws),
        *_distances(place, draws),
        *_tempo(genre_map),
        *_equations(place, draws),
        *_steps(place, steps, drawn_steps),
    ]


def verdict(share: float) -> str:
    """In words, of the share of draws in which a finding is true."""
    if share >= SURE:
        return HOLDS
    return DOES_NOT if share <= round(1 - SURE, 9) else CANNOT_BE_TOLD


def _nearest(place: Mapping[str, int], draws: Sequence[Draws]) -> Iterator[Verdict]:
    between = [space.distances(each.drawn["full"]) for each in draws]
    found = [space.nearest(gaps) for gaps in between]
    names = list(place)
    ours = space.nearest(space.distances(draws[0].means["full"]))
    for genre, pair in NEAREST.items():
        if not {genre, *pair} <= set(place):
            continue
        wanted = {place[name] for name in pair}
        drawn = np.concatenate(found)[:, place[genre]]  # (draws of all readings, 2)
        both = float(np.mean([set(each.tolist()) == wanted for each in drawn]))
        each_of = [float((drawn == place[name]).any(axis=1).mean()) for name in pair]
        partly = ", ".join(f"{name} {share:.0%}" for name, share in zip(pair, each_of, strict=True))
        own = " and ".join(names[one] for one in ours[place[genre]])
        yield Verdict(
            f"nearest to {genre}: {pair[0]} and {pair[1]}",
            verdict(both),
            f"both in {both:.0%} of draws ({partly}); here {own}",
        )


def _distances(place: Mapping[str, int], draws: Sequence[Draws]) -> Iterator[Verdict]:
    between = np.concatenate([space.distances(each.drawn["full"]) for each in draws])
    count = between.shape[1]
    upper = np.triu_indices(count, 1)
    ranks = between[:, *upper].argsort(axis=1).argsort(axis=1)  # of every pair, 0 the nearest
    pairs = {(int(i), int(j)): number for number, (i, j) in enumerate(zip(*upper, strict=True))}
    quarter = len(pairs) / 4
    for one, other in CLOSE:
        if {one, other} <= set(place):
            i, j = sorted((place[one], place[other]))
            rank = ranks[:, pairs[i, j]]
            share = float((rank < quarter).mean())
            yield Verdict(
                f"{one} and {other} are close",
                verdict(share),
                f"among the nearest quarter of pairs in {share:.0%} of draws; pair {np.median(rank) + 1:.0f} of "
                f"{len(pairs)} in the median",
            )
    if FURTHEST in place:
        mean = between.sum(axis=2) / (count - 1)
        share = float((mean.argmax(axis=1) == place[FURTHEST]).mean())
        last = np.bincount(mean.argmax(axis=1), minlength=count)
        most = list(place)[int(last.argmax())]
        yield Verdict(
            f"{FURTHEST} is furthest from the others",
            verdict(share),
            f"in {share:.0%} of draws; most often it is {most} ({last.max() / last.sum():.0%})",
        )


def _tempo(genre_map: Figures) -> Iterator[Verdict]:
    rows = [row for row in genre_map["axes"] if row["axis"] == 1]
    tempo = next((row for row in rows if row["feature"] == "tempo"), None)
    if tempo is None:
        return
    strongest = max(rows, key=lambda row: abs(row["rho"]))
    low, high = sorted((abs(tempo["low"]), abs(tempo["high"])))
    low = 0.0 if tempo["low"] < 0 < tempo["high"] else low
    said = CANNOT_BE_TOLD
    if low >= TEMPO_LEAST and strongest is tempo:
        said = HOLDS
    elif high < TEMPO_LEAST or (strongest is not tempo and strongest["low"] * strongest["high"] > 0):
        said = DOES_NOT
    yield Verdict(
        "axis 1 is tempo",
        said,
        f"rank correlation {tempo['rho']:+.2f} ({tempo['low']:+.2f} to {tempo['high']:+.2f}); the strongest is "
        f"{strongest['feature']}, {strongest['rho']:+.2f} ({strongest['low']:+.2f} to {strongest['high']:+.2f})",
    )


def _equations(place: Mapping[str, int], draws: Sequence[Draws]) -> Iterator[Verdict]:
    if len(place) < 5:
        return
    equations = space.Equations.all(len(place))
    names = list(place)
    for a, b, c, d in EQUATIONS:
        if not {a, b, c, d} <= set(place):
            continue
        row = equations.place(place[a], place[b], place[c])
        shares, answers = {}, {}
        for kind in ("full", "map3"):
            drawn = np.concatenate([equations.answers(equations.gaps(each.drawn[kind]))[:, row] for each in draws])
            shares[kind] = float((drawn == place[d]).mean())
            answers[kind] = names[int(np.bincount(drawn, minlength=len(place)).argmax())]
        said = {verdict(share) for share in shares.values()}
        yield Verdict(
            f"{a} − {b} + {c} = {d}",
            said.pop() if len(said) == 1 else CANNOT_BE_TOLD,
            f"in {shares['full']:.0%} of draws, on the map in {shares['map3']:.0%} (chance "
            f"{1 / (len(place) - 3):.0%}); most often {answers['full']}, on the map {answers['map3']}",
        )


def _steps(place: Mapping[str, int], steps: Figures, drawn: Floats) -> Iterator[Verdict]:
    uniform, count = steps["uniform"], drawn.shape[2]
    above = drawn > uniform  # (draws, genres, tokens)
    last = above[:, :, -1].sum(axis=1)
    if len(place) >= LAST_STEP_IN:
        share = float((last >= LAST_STEP_IN).mean())
        yield Verdict(
            f"the last step ({count - 1}) is high in {LAST_STEP_IN} genres",
            verdict(share),
            f"above 1/{count} in {LAST_STEP_IN} or more genres in {share:.0%} of draws; in {np.median(last):.0f} in "
            "the median",
        )
    for genre, wanted in STEPS.items():
        if genre in place and max(wanted) < count:
            share = float(above[:, place[genre]][:, list(wanted)].all(axis=1).mean())
            own = ", ".join(str(step) for step in steps["top"][place[genre]])
            p = steps["p_uniform_adjusted"][place[genre]]
            said = verdict(share)
            if said == HOLDS and p > LEVEL:
                said = CANNOT_BE_TOLD  # some steps are above their share in every genre
            yield Verdict(
                f"{genre} is heard at steps {', '.join(map(str, wanted))}",
                said,
                f"all above 1/{count} in {share:.0%} of draws ({0.5 ** len(wanted):.0%} by chance); here most at "
                f"{own}, which is {'not told' if p > LEVEL else 'told'} from uniform (p = {p:.2g}, adjusted)",
            )
    first = round(EARLY_SHARE * count)
    for genre in EARLY:
        if genre in place:
            early = drawn[:, place[genre], :first].sum(axis=1)
            share = float((early > first * uniform).mean())
            yield Verdict(
                f"{genre} is heard early",
                verdict(share),
                f"the first {first} steps have more than their share in {share:.0%} of draws: "
                f"{np.median(early):.1%}, where {first * uniform:.1%} is even",
            )


def to_dicts(verdicts: Sequence[Verdict]) -> list[dict[str, str]]:
    """Plain JSON values."""
    return [asdict(each) for each in verdicts]
