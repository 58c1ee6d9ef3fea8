"""What the API's JSON holds, for its description (/openapi.json). Answers are made by hand and tested against these.

`TrackJson` is the schema of `earmark listen --json` (`track.Track.to_dict`); times are seconds, probabilities 0 to 1.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Number = float | None


class Told(BaseModel):
    """A part of an answer: it has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class ProblemJson(Told):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="One sentence.")
    hint: str = Field(description="What to do about it; may be empty.")
    instance: str


class SpanJson(Told):
    """Seconds in which something is heard."""

    start_s: float
    end_s: float
    probability: float


class HeardTagJson(Told):
    """A tag that is told, and when it is heard."""

    name: str
    group: str
    probability: float
    spans: list[SpanJson]
    throughout: bool
    passing: bool


class SegmentJson(Told):
    """Seconds that decided."""

    start_s: float
    end_s: float
    attention: float
    probability: Number
    evidence: Number


class MomentJson(Told):
    """A token of the timeline."""

    start_s: float
    end_s: float
    attention: float
    genres: dict[str, float]
    quiet: bool
    evidence: Number


class HeadJson(Told):
    """What a further head says."""

    name: str
    kind: str
    labels: dict[str, float]
    numbers: dict[str, Any]
    told: list[str]
    cannot_tell: bool


class TrackJson(Told):
    """The answer for a track, as `earmark listen --json` prints it."""

    schema_: int = Field(alias="schema")
    path: str
    duration_s: float
    loudness_lufs: Number
    genres: dict[str, float]
    genre_set: list[str]
    cannot_tell: bool
    decisive: list[SegmentJson]
    timeline: list[MomentJson]
    model: str
    tags: dict[str, float]
    heard_tags: list[str]
    heard: list[HeardTagJson]
    outside: Number
    none_of_these: bool
    unread_s: float
    notes: list[str]
    mood: dict[str, Any] | None
    heads: list[HeadJson]
    heard_share: float


class ItemJson(Told):
    """A track of the collection, in a list."""

    id: str
    title: str
    artist: str
    album: str
    year: str
    duration_s: float
    kind: str
    path: str
    genre: str
    probability: float
    cover: str


class WithoutJson(Told):
    """What is left of a track without the seconds that decided."""

    answer: dict[str, Any]
    words: str
    sentence: str
    change: float
    without_random: Number
    neighbours: list[dict[str, Any]]


class HeardJson(Told):
    """A track with all that was heard of it."""

    id: str
    name: str
    words: str
    sure: float
    sentence: str
    mood_words: str
    track: TrackJson
    yours: dict[str, float]
    waveform: str
    spectrogram: str
    audio: str | None
    item: ItemJson | None
    without: WithoutJson | None


class StartedJson(Told):
    """A job that was begun."""

    job: str
    events: str
    state: str


class JobJson(Told):
    """How far a job is."""

    id: str
    kind: str
    state: Literal["waiting", "running", "done", "failed"]
    ahead: int
    result: Any
    problem: ProblemJson | None


class TracksJson(Told):
    """Tracks of the collection."""

    total: int
    offset: int
    tracks: list[ItemJson]
    note: str


class WaveformJson(Told):
    """The least and the largest sample of each stretch of a track."""

    duration_s: float
    points: int
    low: list[float]
    high: list[float]
    peak: float


class SpectrogramJson(Told):
    """Levels of 128 bands, band by band, the lowest first, as base64 of bytes: 255 at the maximum, 0 80 dB under it."""

    bands: int
    columns: int
    duration_s: float
    levels: str


class SecondsJson(Told):
    """Some seconds of a track."""

    start_s: float
    end_s: float


class PairJson(Told):
    """Seconds of one track that are like those of another."""

    here: SecondsJson
    there: SecondsJson
    similarity: float


class ReasonJson(Told):
    """Why two tracks are alike."""

    segments: PairJson | None
    genres: list[str]
    tags: list[str]
    moods: list[str]
    words: str


class MatchJson(Told):
    """A track that is like another."""

    rank: int
    item: ItemJson
    similarity: float
    proximity: float
    closer_than: Number
    how_close: str
    really: bool
    relation: str
    reason: ReasonJson


class SimilarJson(Told):
    """The tracks that are most like one."""

    id: str
    segment: list[float] | None
    warning: str
    matches: list[MatchJson]


class PartJson(Told):
    """How a track fits a term."""

    text: str
    as_: str = Field(alias="as")
    probability: float
    spans: list[SpanJson]
    throughout: bool
    words: str


class FoundJson(Told):
    """A track that fits a wish."""

    item: ItemJson
    probability: float
    words: str
    parts: list[PartJson]


class FindingJson(Told):
    """The tracks that fit a wish, and how it was understood."""

    wish: dict[str, Any]
    lines: list[str]
    notes: list[str]
    found: list[FoundJson]


class CompletionJson(Told):
    """What the last word could become."""

    text: str
    kind: str
    insert: str
    from_: int = Field(alias="from")


class CompletionsJson(Told):
    """Completions, the likeliest first."""

    completions: list[CompletionJson]


class ScoredJson(Told):
    """A track, and its cosine to what was asked for."""

    item: ItemJson
    score: float


class ArithmeticJson(Told):
    """What an expression comes to."""

    understood: str
    notes: list[str]
    tracks: list[ScoredJson]


class PickJson(Told):
    """A track of a list, and why it is there."""

    item: ItemJson
    why: str


class PlaylistJson(Told):
    """A list."""

    understood: list[str]
    notes: list[str]
    seed: int
    length_s: float
    tracks: list[PickJson]


class ColourJson(Told):
    """An answer by the points of the map."""

    values: list[Number]
    low: float
    high: float


class MapJson(Told):
    """The map, as columns: see docs/serve.md."""

    kind: Literal["collection", "atlas"]
    model: str
    count: int
    ids: list[str]
    titles: list[str]
    artists: list[str]
    genres: list[str]
    genre: list[int]
    probability: list[float]
    planes: dict[str, dict[str, Any]]
    solid: dict[str, Any]
    neighbours: dict[str, Any]
    chance: float
    colours: list[dict[str, str]]
    note: str


class WordJson(Told):
    """A word of the user's."""

    word: str
    verdict: str
    short: str
    figures: dict[str, Any]


class WordsJson(Told):
    """The words of the user."""

    words: list[WordJson]


class LearnedJson(Told):
    """A word that was learned."""

    word: str
    verdict: str
    sentences: list[str]
    figures: dict[str, Any]
