"""The seconds in which tags are heard, from the logits of a track's tokens.

A token's logits are smoothed with those of its neighbours, and made probabilities by the line of the whole track: as
though all of it sounded like that moment. Spans are runs of tokens from a tag's threshold on, joined over short gaps;
what is shorter than some seconds is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.label import Label, six_digits
from earmark.listen.heads import GROUPS, MOST_OF_A_GROUP, PASSING, Tag, TagInfo
from earmark.track import HeardTag, Span

LEAST_S = 2.9  # two tokens
JOINED_S = 3.0  # gaps of two tokens
LEAST_PASSING_S = 5.8  # four tokens: of what is not heard in the track as a whole
SURE = 0.5  # ... and so probable in them
THROUGHOUT = 0.9  # share of the seconds that were heard
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TokenTags:
    """What tokens say of tags: their starts (tokens,) in order of time, the seconds of each, logits (tokens, tags).

    Quiet tokens are left out. `end_s` is the end of the track.
    """

    starts_s: Floats
    token_s: float
    logits: Floats
    end_s: float

    def smoothed(self) -> Floats:
        """The logits as means over each token and those right before and right after it."""
        follows = (np.diff(self.starts_s) < 1.5 * self.token_s)[:, np.newaxis]  # no quiet token lies between
        total, count = self.logits.copy(), np.ones((len(self.logits), 1))
        total[1:] += follows * self.logits[:-1]
        total[:-1] += follows * self.logits[1:]
        count[1:] += follows
        count[:-1] += follows
        return np.asarray(total / count)


def heard_in_time(
    info: TagInfo, labels: Sequence[Label], told: Sequence[str], tokens: TokenTags
) -> tuple[HeardTag, ...]:
    """The tags that are told of a track with their seconds, and those heard in passing, by group.

    Parameters
    ----------
    info:
        Of the bundle's tags, in the order of the columns of `tokens`.
    labels:
        All tags with their probability in the track.
    told:
        The names of those that count as heard in the track as a whole.
    tokens:
        What the track's tokens say.
    """
    smoothed = tokens.smoothed()
    probability = {label.name: label.probability for label in labels}
    found: list[HeardTag] = []
    for column, tag in enumerate(info.each):
        spans: tuple[Span, ...] = ()
        if tag.timed:
            shares = tag.calibration.probabilities(smoothed[:, column])
            spans = tuple(spans_of(tokens, shares, info.threshold_of(tag)))
        if tag.name in told:
            found.append(HeardTag(tag.name, tag.group, probability[tag.name], spans, throughout(tokens, spans)))
        else:
            found += _passing(tag, spans)
    return tuple(_fewest(found))


def throughout(tokens: TokenTags, spans: Sequence[Span]) -> bool:
    """Whether spans are nearly all of the seconds that were heard."""
    heard_s = sum(span.end_s - span.start_s for span in spans)
    return heard_s >= THROUGHOUT * len(tokens.starts_s) * tokens.token_s


def _passing(tag: Tag, spans: Sequence[Span]) -> list[HeardTag]:
    """The tag, where it comes and goes, if there are seconds in which it is sure."""
    sure = tuple(span for span in spans if span.end_s - span.start_s >= LEAST_PASSING_S and span.probability >= SURE)
    if tag.group not in PASSING or not sure:
        return []
    return [HeardTag(tag.name, tag.group, max(span.probability for span in sure), sure, passing=True)]


def _fewest(tags: Sequence[HeardTag]) -> Iterator[HeardTag]:
    """In the order of groups, the most probable first; what is heard in passing only as far as a group has room."""
    for group in ("", *GROUPS):
        here = [tag for tag in tags if tag.group == group]
        whole = [tag for tag in here if not tag.passing]
        passing = sorted((tag for tag in here if tag.passing), key=lambda tag: (-tag.probability, tag.name))
        room = max(MOST_OF_A_GROUP - len(whole), 0)
        yield from sorted(whole, key=lambda tag: (-tag.probability, tag.name))
        yield from passing[:room]


def spans_of(tokens: TokenTags, shares: Floats, threshold: float) -> Iterator[Span]:
    """The spans of one tag, from its probability in each token."""
    runs: list[list[int]] = []
    for place in np.flatnonzero(shares >= threshold).tolist():
        start_s = tokens.starts_s[place]
        if runs and start_s - (tokens.starts_s[runs[-1][-1]] + tokens.token_s) <= JOINED_S + 0.01:
            runs[-1].append(place)
        else:
            runs.append([place])
    for run in runs:
        start_s, end_s = tokens.starts_s[run[0]], min(tokens.starts_s[run[-1]] + tokens.token_s, tokens.end_s)
        if end_s - start_s >= LEAST_S:
            # Gaps that were joined count too: the mean is of all that is told.
            mean = shares[run[0] : run[-1] + 1].mean()
            yield Span(round(float(start_s), 3), round(float(end_s), 3), six_digits(float(mean)))
