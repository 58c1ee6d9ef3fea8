"""The answer for a track, summed up window by window.

A track's logits (of genres, of tags, of "none of these") are the mean of its windows' logits, each weighted by how many
of its tokens are new and not silent; a window without such tokens is left out. The attention of a window's new tokens,
as shares of their sum, times the window's weight, is their attention on the track: every token has it once, and where
the network looks at all tokens alike so does the timeline. Memory grows by the timeline alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.errors import EarmarkError
from earmark.listen.bundle import Bundle, BundleInfo, Outputs
from earmark.listen.calibrate import prediction_set, softmax
from earmark.listen.explain import decisive_segments
from earmark.sound import mel, tokens
from earmark.track import NONE, Label, Moment, Track, ranked, sorted_labels

_HEADS = ("logits", "tags", "outside")  # of Outputs: one answer a window


@dataclass(frozen=True, slots=True)
class Answer:
    """What a track is: fields as in `Track`, without what belongs to its seconds."""

    genres: tuple[Label, ...]
    genre_set: tuple[str, ...]
    cannot_tell: bool
    outside: float | None = None
    none_of_these: bool = False

    @property
    def answers(self) -> tuple[Label, ...]:
        """As in `Track`: the genres and, where it is told, "none of these", the most probable first."""
        return ranked(self.genres, self.outside)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; genres as {name: probability}, the most probable first."""
        return {
            "genres": {label.name: label.probability for label in self.genres},
            "genre_set": list(self.genre_set),
            "cannot_tell": self.cannot_tell,
            "outside": self.outside,
            "none_of_these": self.none_of_these,
        }


def answer(info: BundleInfo, logits: ArrayLike, outside: ArrayLike | None = None) -> Answer:
    """What a track's mean logits mean by the calibration of a bundle.

    `logits` are (genres,), `outside` is the one that it is none of them, for a bundle that tells.
    """
    probabilities = softmax(np.asarray(logits, dtype=np.float64) / info.calibration.temperature)
    names, quantile = info.labels, info.calibration.set_quantile
    if info.outside is not None and outside is not None:
        probabilities = info.outside.probabilities(probabilities, outside)
        names = (*info.labels, NONE)
        quantile = quantile if info.outside.set_quantile is None else info.outside.set_quantile
    shares = {name: _short(probability) for name, probability in zip(names, probabilities, strict=True)}
    answers = sorted_labels(shares)
    # In their order, so that of equal ones that which is told first is in the set.
    chosen = prediction_set([[label.probability for label in answers]], quantile)[0]
    return Answer(
        genres=tuple(label for label in answers if label.name in info.labels),
        genre_set=tuple(label.name for label, inside in zip(answers, chosen, strict=True) if inside),
        cannot_tell=int(chosen.sum()) > info.calibration.max_set,
        outside=shares.get(NONE),
        none_of_these=answers[0].name == NONE,
    )


def sounding_new_tokens(window: tokens.Window, *, token_frames: int) -> int:
    """How many of a window's new tokens are more than silence: its weight in a track's answer."""
    peaks_db = window.db.reshape(len(window.db), -1, token_frames).max(axis=(0, 2))  # (tokens,)
    sounding = peaks_db > max(mel.FLOOR_DB, tokens.SILENCE_DB - window.peak_db)
    return int(np.asarray(sounding)[-window.new_tokens :].sum())


class Tally:
    """The sum over a track's windows, and its tokens in order of time: `add` each window, then ask.

    Parameters
    ----------
    bundle:
        The network that hears the windows.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._token_frames = bundle.info.front_end.token_frames
        self._token_s = self._token_frames * tokens.FRAME_S
        self._weight = 0
        self._vector = np.zeros(())  # weight * attention * vectors, (128,) from the first window on
        self._sums: dict[str, NDArray[np.float64]] = {}  # of each head, weight * logits
        self._starts_s: list[float] = []
        self._attention: list[float] = []
        self._token_logits: list[NDArray[np.float32]] = []  # (genres,) each, of the token alone

    @property
    def empty(self) -> bool:
        """Whether nothing but silence was heard: there is no answer then."""
        return not self._weight

    @property
    def vector(self) -> NDArray[np.float32]:
        """Where the track is in the network's space: the mean of its tokens' vectors by attention, (128,) float32."""
        vector: NDArray[np.float32] = (self._vector / self._weight).astype(np.float32)
        return vector

    def add(self, window: tokens.Window) -> None:
        """Hear the next window of the track; raises EarmarkError where the network gives what is not a number."""
        weight = sounding_new_tokens(window, token_frames=self._token_frames)
        if not weight:
            return
        outputs = _finite(self._bundle.run(window.db[np.newaxis]), self._bundle)
        self._weight += weight
        for name, said in _answers(outputs).items():
            self._sums[name] = self._sums.get(name, 0) + weight * said[0].astype(np.float64)
        count = outputs.attention.shape[1]
        new = range(count - window.new_tokens, count)
        attention = outputs.attention[0, new.start :].astype(np.float64) + 1e-12  # never nothing to share out
        attention = weight * attention / attention.sum()
        self._vector = self._vector + attention @ outputs.vectors[0, new.start :]
        self._starts_s += [window.start_s + position * self._token_s for position in new]
        self._attention += attention.tolist()
        self._token_logits += list(_token_logits(outputs)[0, new.start :])

    def track(self, path: str, duration_s: float) -> Track:
        """The answer for a track of this name and length in seconds."""
        info = self._bundle.info
        means = {name: total / self._weight for name, total in self._sums.items()}
        said = answer(info, means["logits"], means.get("outside"))
        timeline = tuple(self._moments(duration_s))
        return Track(
            path=path,
            duration_s=round(duration_s, 3),
            genres=said.genres,
            genre_set=said.genre_set,
            cannot_tell=said.cannot_tell,
            decisive=decisive_segments(timeline, said.genres[0].name),
            timeline=timeline,
            model=info.model,
            outside=said.outside,
            none_of_these=said.none_of_these,
            **_further(info, means),
        )

    def _moments(self, duration_s: float) -> Iterator[Moment]:
        probabilities = softmax(np.stack(self._token_logits) / self._bundle.info.calibration.temperature)
        for start_s, attention, row in zip(self._starts_s, self._attention, probabilities, strict=True):
            yield Moment(
                start_s=round(start_s, 3),
                end_s=round(min(start_s + self._token_s, duration_s), 3),
                attention=_short(attention / self._weight),
                genres=_labels(self._bundle.info.labels, row),
            )


def _finite(outputs: Outputs, bundle: Bundle) -> Outputs:
    shown = (*_answers(outputs).values(), outputs.attention, _token_logits(outputs), outputs.vectors)
    if not all(np.isfinite(array).all() for array in shown):
        raise EarmarkError(f"The network of {bundle.info.model} gave an answer that is not a number.")
    return outputs


def _token_logits(outputs: Outputs) -> NDArray[np.float32]:
    """Of each token, (windows, tokens, genres): on its own, or in the light of the others where a bundle is older."""
    return outputs.token_logits if outputs.alone is None else outputs.alone


def _answers(outputs: Outputs) -> dict[str, NDArray[np.float32]]:
    """What the heads that there are say of the windows, by name."""
    said = {name: getattr(outputs, name) for name in _HEADS}
    return {name: logits for name, logits in said.items() if logits is not None}


def _further(info: BundleInfo, means: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    """The fields of a track that only some bundles fill."""
    if info.tags is None:
        return {}
    tags = info.tags.labels(means["tags"])
    return {"tags": tags, "heard_tags": info.tags.heard(tags)}


def _labels(names: tuple[str, ...], probabilities: NDArray[np.float64]) -> tuple[Label, ...]:
    return sorted_labels(dict(zip(names, probabilities.round(6).tolist(), strict=True)))


def _short(value: float) -> float:
    """Six digits that count: as much as float32 knows, and short in JSON."""
    return float(f"{value:.6g}")
