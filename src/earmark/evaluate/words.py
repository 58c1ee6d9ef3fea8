"""The words that a network can tell: their calibration, their figures, and how they are made of its outputs.

A word's score is the mean of the logits of its outputs, each in units of its deviation over all clips. It is held
against its judge (`judging`): probabilities by a line that no row was fitted on, the ROC AUC within sets. A word whose
judge says too little, or that is told too badly, is left out, with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError
from earmark.evaluate import calibration
from earmark.evaluate.judging import Bench, Judgement
from earmark.evaluate.tag_times import PAIRS, RIGHT, TAGS
from earmark.evaluate.tagging import HEARD, TEACHERS
from earmark.evaluate.vocabulary import STYLES, Output, Word
from earmark.listen.calibrate import fit_platt
from earmark.listen.heads import PEOPLE, Tag, TagInfo
from earmark.measure.binary import adaptive_ece
from earmark.measure.bootstrap import artist_interval_of
from earmark.train.recipe import Recipe

LEAST_AUC = 0.75  # of a word that is told
PRECISION = 0.5  # a word counts as heard from where on it is more often right than not
# ... and in any case where it is as probable as this: many times the share of clips that most words are said of, and
# judges leave out much that they could have said.
LIKELY = 0.35
LEAST_SAID = 10  # rows from which a precision can be told
LEAST_PAIRS = 100  # of windows, to say how right a word's seconds are
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Mix = Mapping[str, Mapping[str, Mapping[str, float]]]  # word: head: number of the output: weight of its logit


@dataclass(frozen=True)
class Words:
    """What `fit_words` found: the words that are told, None where there are none; what they are made of, and why others
    are not.
    """

    info: TagInfo | None
    mix: Mix
    left_out: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class _Measured:
    word: Word
    tag: Tag
    judgement: Judgement
    honest: Floats  # (n,) probabilities by lines that no row was fitted on; 0 where the judge says nothing


def fit_words(
    said: Mapping[str, NDArray[np.floating]],
    outputs: Mapping[str, Sequence[Output]],
    words: Sequence[Word],
    bench: Bench,
    artists: Sequence[str],
    folds: NDArray[np.int64],
    *,
    seeds: NDArray[np.int64],
    rounds: int = 500,
    rng: np.random.Generator,
) -> Words:
    """Calibrate and measure words.

    Parameters
    ----------
    said:
        Logits of each head, (n, outputs), out of fold; a row a clip and seed. With them, where they were counted, the
        pairs of windows of `tag_times`.
    outputs:
        What the outputs of each head are, in the order of its columns.
    words, bench:
        The words, by those outputs alone, and who judges them.
    artists, folds, seeds:
        (n,) each; a seed's folds have no artist in common.
    rounds, rng:
        Of the artist bootstrap.

    Raises
    ------
    DataError
        Arrays that do not fit each other, fewer than two folds or artists.
    """
    for head, names in outputs.items():
        if said[head].shape != (len(folds), len(names)):
            raise DataError(f"The head '{head}' said {said[head].shape}, and {len(names)} outputs are known of it.")
    parts = calibration.checked_parts(len(folds), artists, seeds, folds)
    units = {head: _units(rows) for head, rows in said.items() if head in outputs}
    mix = {word.name: _mix(word, outputs, units) for word in words}
    left_out: dict[str, str] = {}
    kept: list[_Measured] = []
    for word in words:
        judgement = bench.judge(word)
        if isinstance(judgement, str):
            left_out[word.name] = judgement
            continue
        if not all((others & judgement.known).any() for _, others in parts):
            left_out[word.name] = "known in one fold alone"
            continue
        in_time = _in_time(said, mix[word.name])
        found = _measured(word, scores_of(said, mix[word.name]), judgement, parts, bench.count(judgement)[0], in_time)
        if found.tag.auc < LEAST_AUC:
            left_out[word.name] = f"told too badly: AUC {found.tag.auc:.2f} by {judgement.by}"
        else:
            kept.append(found)
    info = _info(kept, artists, folds, seeds, rounds=rounds, rng=rng) if kept else None
    return Words(info, {found.tag.name: mix[found.tag.name] for found in kept}, left_out)


def tells_words(recipe: Recipe) -> bool:
    """Whether a recipe's tags are told as words: where they come from several sources, which have words in common."""
    return bool(recipe.styles) or (recipe.teacher is not None and len(recipe.teacher.files) > 1)


def scores_of(said: Mapping[str, NDArray[np.floating]], parts: Mapping[str, Mapping[str, float]]) -> Floats:
    """(n,) the score of a word that is made of these outputs, from the logits of each head, (n, outputs)."""
    columns = [said[head][:, int(number)] * weight for head, each in parts.items() for number, weight in each.items()]
    return np.asarray(np.sum(columns, axis=0), dtype=np.float64)


def _units(rows: NDArray[np.floating]) -> Floats:
    """(outputs,) the deviation of each; 1 where it never changes."""
    deviation = rows.astype(np.float64).std(axis=0)
    return np.where(deviation > 1e-6, deviation, 1.0)


def _mix(
    word: Word, outputs: Mapping[str, Sequence[Output]], units: Mapping[str, Floats]
) -> dict[str, dict[str, float]]:
    parts: dict[str, dict[str, float]] = {}
    for head, names in outputs.items():
        for number, output in enumerate(names):
            if output in word.heard_by:
                weight = 1 / (units[head][number] * len(word.heard_by))
                parts.setdefault(head, {})[str(number)] = float(f"{weight:.6g}")
    return parts


def _measured(
    word: Word,
    scores: Floats,
    judgement: Judgement,
    parts: Sequence[tuple[Bools, Bools]],
    positives: int,
    in_time: float | None,
) -> _Measured:
    known, truth = judgement.known, judgement.positives.astype(np.float64)
    honest = np.zeros(len(scores))
    for here, others in parts:
        line = fit_platt(scores[others & known], truth[others & known])
        honest[here & known] = line.probabilities(scores[here & known])
    tag = Tag(
        name=word.name,
        calibration=fit_platt(scores[known], truth[known]),
        auc=float(judgement.auc(honest, np.ones((1, len(honest))))[0]),
        correlation=float(np.corrcoef(scores[known], truth[known])[0, 1]) if scores[known].std() else 0.0,
        group=word.group,
        judged_by=judgement.by,
        positives=positives,
        threshold=_threshold(honest[known], judgement.positives[known]),
        in_time=in_time,
    )
    return _Measured(word, tag, judgement, honest)


def _in_time(said: Mapping[str, NDArray[np.floating]], parts: Mapping[str, Mapping[str, float]]) -> float | None:
    """The share of pairs of windows that the teachers' outputs of a word order rightly; None where they are few."""
    if PAIRS not in said:
        return None
    columns = [int(number) for number in parts.get(TAGS, {})]
    pairs = float(said[PAIRS][:, columns].sum())
    return float(said[RIGHT][:, columns].sum()) / pairs if pairs >= LEAST_PAIRS else None


def _threshold(probabilities: Floats, truth: Bools) -> float:
    """The lowest from which on the word is right at least as often as `PRECISION`, within `HEARD` and `LIKELY`."""
    order = np.argsort(-probabilities, kind="stable")
    precision = np.cumsum(truth[order]) / np.arange(1, len(order) + 1)
    right = np.flatnonzero(precision[LEAST_SAID - 1 :] >= PRECISION)
    lowest = float(probabilities[order][right[-1] + LEAST_SAID - 1]) if len(right) else LIKELY
    return round(min(max(lowest, HEARD), LIKELY), 3)


def _info(
    kept: Sequence[_Measured],
    artists: Sequence[str],
    folds: NDArray[np.int64],
    seeds: NDArray[np.int64],
    *,
    rounds: int,
    rng: np.random.Generator,
) -> TagInfo:
    def mean_auc(weights: Floats) -> Floats:
        return np.asarray(np.mean([found.judgement.auc(found.honest, weights) for found in kept], axis=0))

    low, high = artist_interval_of(mean_auc, artists, rounds=rounds, rng=rng)
    known = np.any([found.judgement.known for found in kept], axis=0)
    pairs = [(found.honest, found.judgement.positives.astype(float), found.judgement.known) for found in kept]
    judged = [found.judgement for found in kept if found.judgement.by == PEOPLE]
    learned = dict.fromkeys(output.source for found in kept for output in found.word.heard_by)
    teachers = [TEACHERS.get(f"{source}.npz", (source, "unknown")) for source in learned if source != STYLES]
    return TagInfo(
        each=tuple(found.tag for found in kept),
        threshold=HEARD,
        teacher="; ".join(name for name, _ in teachers),
        teacher_licence="; ".join(licence for _, licence in teachers),
        auc=float(np.mean([found.tag.auc for found in kept])),
        auc_low=low,
        auc_high=high,
        correlation=float(np.mean([found.tag.correlation for found in kept])),
        calibration_error=float(np.mean([adaptive_ece(told[here], truth[here]) for told, truth, here in pairs])),
        protocol=calibration.protocol(folds),
        n=calibration.clips_of(int(known.sum()), seeds),
        n_artists=len({artists[row] for row in np.flatnonzero(known).tolist()}),
        people=", ".join(sorted({name for judgement in judged for name in judgement.sources})),
    )
