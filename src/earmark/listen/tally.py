"""The answer for a track, summed up window by window.

A track's logits (of genres, of tags, of "none of these") are the mean of its windows' logits, each weighted by its new
tokens, which count by how loud they are (`loudness`). A window whose new tokens are all quiet is left out, and of the
others the network sees the tokens that are not. What counts how much is settled at the end, when the loudest moment is
known. The attention of a window's new tokens, weighted likewise, as shares of their sum, times the window's weight, is
their attention on the track: every token has it once, and where the network looks at all tokens alike so does the
timeline. Memory grows by the timeline and the tokens' vectors, 20 kB a minute.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.errors import BundleError, EarmarkError
from earmark.label import Label, six_digits, sorted_labels
from earmark.listen.bundle import Bundle, BundleInfo, Outputs
from earmark.listen.calibrate import prediction_set, softmax
from earmark.listen.explain import decisive_segments, evidence, token_answers
from earmark.listen.linear import LinearHead
from earmark.listen.loudness import Loudness, integrated, only
from earmark.listen.reading import Moments, read_heads_of
from earmark.listen.spans import TokenTags, heard_in_time
from earmark.sound import tokens
from earmark.track import NONE, Moment, Track, ranked

OWN_NUMBERS = ("vector", "pitch")  # of Outputs
_HEADS = ("logits", "tags", "outside")  # of Outputs: one answer a window
_NUMBERS = (*OWN_NUMBERS, "view")  # of Outputs: what heads read of a window, in this order


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
    shares = {name: six_digits(probability) for name, probability in zip(names, probabilities, strict=True)}
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


@dataclass(frozen=True, eq=False, slots=True)
class _HeardWindow:
    """What the network said of a window, and of its new tokens that were loud enough by then, k of them."""

    starts_s: list[float]
    levels_db: NDArray[np.float64]  # (k,)
    lufs: NDArray[np.float64]  # (k,)
    said: dict[str, NDArray[np.float64]]  # of each head, logits
    attention: NDArray[np.float64]  # (k,)
    vectors: NDArray[np.float32]  # (k, 128)
    token_logits: NDArray[np.float32]  # (k, genres)
    token_tags: NDArray[np.float16] | None  # (k, tags), where the bundle has them
    token_answers: NDArray[np.float32]  # (k, genres), with what kernel machines hear around them
    alone: NDArray[np.float16] | None  # (k, 128), each token as a whole window, where the bundle has them


class Tally:
    """The sum over a track's windows, and its tokens in order of time: `add` each window, in any order, then ask.

    Parameters
    ----------
    bundle:
        The network that hears the windows.
    heads:
        What else is read off what it makes of them (`listen.linear`).
    """

    def __init__(self, bundle: Bundle, heads: Sequence[LinearHead] = ()) -> None:
        self._bundle = bundle
        self._heads = heads
        self._token_frames = bundle.info.front_end.token_frames
        self._token_s = self._token_frames * tokens.FRAME_S
        self._loudness = Loudness(token_frames=self._token_frames)
        self._windows: list[_HeardWindow] = []
        self._starts_s: list[float] = []  # of all tokens

    @property
    def empty(self) -> bool:
        """Whether nothing but silence was heard: there is no answer then."""
        return not self._windows

    @property
    def vector(self) -> NDArray[np.float32]:
        """What the network makes of the track: the mean of its tokens' vectors by attention, (128,) float32, raw."""
        total = sum(attention @ heard.vectors for heard, _, attention in self._settled())
        return np.asarray(total / self._weight(), dtype=np.float32)

    @property
    def numbers(self) -> NDArray[np.float32]:
        """What heads read of the track, (numbers,) float32: the vector that decides, and the kernel machines' view."""
        means = self._means()
        return np.concatenate([means[name] for name in _NUMBERS if name in means]).astype(np.float32)

    @property
    def own(self) -> int:
        """How many of the numbers have a spread of their own: all but the kernel machines' view."""
        means = self._means()
        return sum(len(means[name]) for name in OWN_NUMBERS if name in means)

    @property
    def moments(self) -> Moments:
        """What heads read of its tokens; BundleError where the bundle does not tell that of single tokens."""
        if any(heard.alone is None for heard, _, _ in self._settled()):
            hint = "Export it again with this version, or name another one with --model."
            raise BundleError(f"The bundle {self._bundle.info.model} is too old for heads.", hint=hint)
        return self._of_tokens(lambda heard: heard.alone)

    @property
    def token_vectors(self) -> Moments:
        """Its tokens' own vectors, of which `vector` is the mean by attention; not the space of `moments`."""
        return self._of_tokens(lambda heard: heard.vectors.astype(np.float16))

    def _of_tokens(self, vectors_of: Callable[["_HeardWindow"], Any]) -> Moments:
        """Something of each token that is loud enough, in order of time."""
        starts_s: list[float] = []
        vectors, weights = [], []
        for heard, loud, _ in self._settled():
            kept = np.flatnonzero(loud)
            starts_s += [heard.starts_s[place] for place in kept]
            vectors.append(vectors_of(heard)[kept])
            weights.append(loud[kept])
        order = np.argsort(starts_s, kind="stable")
        times_s, found, loads = np.array(starts_s)[order], np.concatenate(vectors)[order], np.concatenate(weights)
        return Moments(times_s, self._token_s, found, loads[order])

    @property
    def loudness_lufs(self) -> float:
        """How loud the track is, as in `Track`: by its tokens that are not quiet."""
        return integrated(np.concatenate([heard.lufs[weights > 0] for heard, weights, _ in self._settled()]))

    @property
    def answer(self) -> Answer:
        """What the track is by what was heard of it so far."""
        means = self._means()
        return answer(self._bundle.info, means["logits"], means.get("outside"))

    def add(self, window: tokens.Window, *, silence_db: float = tokens.SILENCE_DB) -> None:
        """Hear the next window of the track; raises EarmarkError where the network gives what is not a number.

        Up to `silence_db`, absolute, there is no sound.
        """
        judged = self._loudness.judge(window, silence_db=silence_db)
        first = len(judged.kept) - window.new_tokens
        starts_s = window.starts_s(self._token_s)
        self._starts_s += starts_s
        new = judged.new_kept
        if not new.any():
            return
        db = only(window.db, judged.kept, token_frames=self._token_frames)
        outputs = _finite(self._bundle.run(db[np.newaxis]), self._bundle)
        count = int(new.sum())
        self._windows.append(
            _HeardWindow(
                starts_s=[start_s for start_s, kept in zip(starts_s, new, strict=True) if kept],
                levels_db=judged.levels_db[first:][new],
                lufs=judged.lufs[first:][new],
                said={name: said[0].astype(np.float64) for name, said in _said(outputs).items()},
                attention=outputs.attention[0, -count:].astype(np.float64) + 1e-12,  # never nothing to share out
                vectors=outputs.vectors[0, -count:],
                token_logits=_token_logits(outputs)[0, -count:],
                token_tags=None if outputs.token_tags is None else outputs.token_tags[0, -count:].astype(np.float16),
                token_answers=token_answers(_token_logits(outputs), outputs.opinion_tokens)[0, -count:],
                alone=None if outputs.alone_vectors is None else outputs.alone_vectors[0, -count:].astype(np.float16),
            )
        )

    def _settled(self) -> Iterator[tuple[_HeardWindow, NDArray[np.float64], NDArray[np.float64]]]:
        """The windows in which there is more than quiet, the weights of their tokens, and the attention on these."""
        for heard in self._windows:
            weights = self._loudness.weights(heard.levels_db)
            if weights.any():
                attention = heard.attention * weights
                yield heard, weights, weights.sum() * attention / attention.sum()

    def _weight(self) -> float:
        return float(sum(weights.sum() for _, weights, _ in self._settled()))

    def track(
        self,
        path: str,
        duration_s: float,
        *,
        unread_s: float = 0.0,
        notes: Sequence[str] = (),
        heard_share: float = 1.0,
    ) -> Track:
        """The answer for a track of this name and length in seconds; the rest as `Track` has it."""
        info = self._bundle.info
        means = self._means()
        said = answer(info, means["logits"], means.get("outside"))
        timeline = tuple(self._moments(duration_s, said.genres[0].name))
        return Track(
            path=path,
            duration_s=round(duration_s, 3),
            genres=said.genres,
            genre_set=said.genre_set,
            cannot_tell=said.cannot_tell,
            decisive=decisive_segments(timeline, said.genres[0].name),
            timeline=timeline,
            model=info.model,
            unread_s=unread_s,
            notes=tuple(notes),
            heard_share=heard_share,
            loudness_lufs=round(self.loudness_lufs, 2),
            outside=said.outside,
            none_of_these=said.none_of_these,
            **self._further(means, duration_s),
        )

    def _means(self) -> dict[str, NDArray[np.float64]]:
        """What the network says of the track as a whole, by output: the mean over windows by what is new in them."""
        means: dict[str, NDArray[np.float64]] = {}
        for heard, weights, _ in self._settled():
            for name, logits in heard.said.items():
                means[name] = means.get(name, 0) + weights.sum() * logits
        weight = self._weight()
        return {name: total / weight for name, total in means.items()}

    def _further(self, means: Mapping[str, NDArray[np.float64]], duration_s: float) -> dict[str, Any]:
        """The fields of a track that only some bundles fill, and what heads say."""
        fields = _tag_fields(self._bundle.info, means, self._token_tags(duration_s))
        if not self._heads:
            return fields
        read = read_heads_of(self._heads, self.numbers, self.moments, duration_s)
        return {**fields, **read.with_tags(fields), "mood": read.mood, "heads": read.answers}

    def _token_tags(self, duration_s: float) -> TokenTags | None:
        """What the tokens that are not quiet say of tags; None where the bundle does not tell."""
        starts_s: list[float] = []
        logits = []
        for heard, weights, _ in self._settled():
            if heard.token_tags is not None:
                loud = np.flatnonzero(weights)
                starts_s += [heard.starts_s[place] for place in loud]
                logits.append(heard.token_tags[loud].astype(np.float64))
        if not logits:
            return None
        order = np.argsort(starts_s, kind="stable")
        return TokenTags(np.array(starts_s)[order], self._token_s, np.concatenate(logits)[order], duration_s)

    def _moments(self, duration_s: float, genre: str) -> Iterator[Moment]:
        """All moments in order of time, with the evidence for a genre."""
        heard = self._heard_moments(self._bundle.info.labels.index(genre))
        total = sum(each.evidence for each in heard.values()) or 1.0
        for start_s in sorted(self._starts_s):
            each = heard.get(start_s, _SILENT)
            yield Moment(
                round(start_s, 3),
                round(min(start_s + self._token_s, duration_s), 3),
                each.attention,
                each.genres,
                quiet=not each.genres,
                evidence=six_digits(each.evidence / total),
            )

    def _heard_moments(self, genre: int) -> dict[float, "_HeardMoment"]:
        """The moments that are not quiet, by their start, with evidence for the genre at this place."""
        info, weight = self._bundle.info, self._weight()
        moments = {}
        for heard, weights, attention in self._settled():
            probabilities = softmax(heard.token_logits / info.calibration.temperature)
            shares = attention / weight, weights / weight
            speaks = evidence(heard.token_answers, *shares, temperature=info.calibration.temperature)
            for place in np.flatnonzero(weights):
                genres = _labels(info.labels, probabilities[place])
                share = six_digits(shares[0][place])
                moments[heard.starts_s[place]] = _HeardMoment(share, float(speaks[place, genre]), genres)
        return moments


@dataclass(frozen=True, slots=True)
class _HeardMoment:
    """What was heard in a moment; `evidence` is not yet a share."""

    attention: float
    evidence: float
    genres: tuple[Label, ...]


_SILENT = _HeardMoment(0.0, 0.0, ())


def _finite(outputs: Outputs, bundle: Bundle) -> Outputs:
    shown = (*_answers(outputs).values(), outputs.attention, _token_logits(outputs), outputs.vectors)
    told = [array for array in (outputs.opinion_tokens, outputs.token_tags) if array is not None]
    if not all(np.isfinite(array).all() for array in (*shown, *told)):
        raise EarmarkError(f"The network of {bundle.info.model} gave an answer that is not a number.")
    return outputs


def _token_logits(outputs: Outputs) -> NDArray[np.float32]:
    """Of each token, (windows, tokens, genres): on its own, or in the light of the others where a bundle is older."""
    return outputs.token_logits if outputs.alone is None else outputs.alone


def _said(outputs: Outputs) -> dict[str, NDArray[np.float32]]:
    """What there is of a window that is averaged over a track, by name."""
    numbers = {name: getattr(outputs, name) for name in _NUMBERS}
    return {**_answers(outputs), **{name: array for name, array in numbers.items() if array is not None}}


def _answers(outputs: Outputs) -> dict[str, NDArray[np.float32]]:
    """What the heads that there are say of the windows, by name."""
    said = {name: getattr(outputs, name) for name in _HEADS}
    return {name: logits for name, logits in said.items() if logits is not None}


def _tag_fields(
    info: BundleInfo, means: Mapping[str, NDArray[np.float64]], token_tags: TokenTags | None
) -> dict[str, Any]:
    """The fields of a track that bundles with tags fill."""
    if info.tags is None:
        return {}
    tags = info.tags.labels(means["tags"])
    told = info.tags.heard(tags)
    heard = () if token_tags is None else heard_in_time(info.tags, tags, told, token_tags)
    return {"tags": tags, "heard_tags": told, "heard": heard}


def _labels(names: tuple[str, ...], probabilities: NDArray[np.float64]) -> tuple[Label, ...]:
    return sorted_labels(dict(zip(names, probabilities.round(6).tolist(), strict=True)))
