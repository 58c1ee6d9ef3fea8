"""Collections that nobody heard: made-up entries, written straight into the database, for tests of what reads one.

Entries lie in clusters, one a genre: vectors and tokens near its centre, answers that name it, the artists of a cluster
its own. Everything is drawn from the generator, so that the same seed makes the same collection.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.label import Measured, six_digits, sorted_labels
from earmark.library.collection import Collection
from earmark.library.entry import TOKEN_NUMBERS, Heard, Tokens
from earmark.library.names import Names
from earmark.library.store import FileFacts, Store
from earmark.mood import QUADRANTS, Mood, MoodMoment
from earmark.track import NONE, HeadAnswer, HeardTag, Moment, Segment, Span, Track

GENRES = ("blues", "classical", "jazz", "metal", "pop")
TAGS = {"guitar": "instrument", "piano": "instrument", "drums": "instrument", "singing": "voice", "sad": "mood"}
EMOTIONS = ("calmness", "nostalgia", "power")
VOICE = ("instrumental", "vocal")
NAMES = Names(
    {
        "genres": (*GENRES, NONE),
        "tags": tuple(TAGS),
        "plane": ("valence", "arousal"),
        "quadrants": QUADRANTS,
        "emotions": EMOTIONS,
        "voice": VOICE,
    },
    tuple(TAGS.values()),
)
MODEL, SHA256 = "made 1", "ab" * 32
TOKEN_S = 1.473
NUMBERS = 150

Change = Callable[[int, FileFacts, Heard], tuple[FileFacts, Heard]]


@dataclass(frozen=True)
class Recipe:
    """What made-up entries are like: how many, how long, how close to the centre of their cluster (0 to 1)."""

    count: int
    duration_s: float = 30.0
    closeness: float = 0.8
    genres: tuple[str, ...] = GENRES
    tags: Mapping[str, Any] = field(default_factory=dict)


def make_collection(
    folder: Path, rng: np.random.Generator, *, n: int = 40, change: Change | None = None, **recipe: Any
) -> Path:
    """Write a collection of n entries to `folder / "collection.db"`, and give that path.

    `change` is called with (number, facts, heard) of each entry and gives what is written instead; other arguments are
    fields of `Recipe`.
    """
    db = folder / "collection.db"
    made = Recipe(n, **recipe)
    centres = _unit(rng.normal(size=(len(made.genres), 128)))
    with Store(db) as store, store.together():
        model_id = store.model(MODEL, SHA256, NAMES)
        for number in range(n):
            facts, heard = made_entry(number, rng, centres, made, folder)
            if change is not None:
                facts, heard = change(number, facts, heard)
            store.keep_heard(store.keep_file(facts), model_id, heard, NAMES)
    return db


def opened(folder: Path, rng: np.random.Generator, **options: Any) -> Collection:
    """As `make_collection`, opened."""
    return Collection.open(make_collection(folder, rng, **options))


def made_entry(
    number: int, rng: np.random.Generator, centres: NDArray[Any], recipe: Recipe, folder: Path
) -> tuple[FileFacts, Heard]:
    """One entry of the cluster `number % clusters`; its path and its tags tell its number."""
    cluster = number % len(recipe.genres)
    genre = recipe.genres[cluster]
    vector = _near(centres[cluster], recipe.closeness, rng)
    track = _made_track(genre, rng, recipe)
    artist = f"{genre.title()} Artist {number // len(recipe.genres) % 4}"
    path = str(folder / "music" / genre / f"track {number:05}.mp3")
    tags = {"title": f"Title {number}", "artist": artist, "album": f"{genre} album", "year": str(1960 + number % 60)}
    facts = FileFacts(path, str(folder / "music"), 4_000_000 + number, 10**18 + number, f"{number:032x}", tags)
    facts = replace(facts, tags=facts.tags | dict(recipe.tags))
    numbers = np.concatenate([3 * vector, rng.normal(size=NUMBERS - 128)]).astype(np.float32)
    heard = Heard(
        track=replace(track, path=path),
        vector=vector,
        numbers=numbers,
        answers=NAMES.answers(track),
        tokens=_made_tokens(vector, recipe.duration_s, rng),
    )
    return facts, heard


def _made_track(genre: str, rng: np.random.Generator, recipe: Recipe) -> Track:
    shares = rng.dirichlet(np.ones(len(GENRES) + 1)) * 0.4
    shares[GENRES.index(genre)] += 0.6
    told = dict(zip((*GENRES, NONE), map(six_digits, shares.tolist()), strict=True))
    outside = told.pop(NONE)
    tags = {name: six_digits(value) for name, value in zip(TAGS, rng.random(len(TAGS)).tolist(), strict=True)}
    heard_tags = tuple(label.name for label in sorted_labels(tags) if label.probability > 0.5)
    steps = int(recipe.duration_s / TOKEN_S) + 1
    starts_s = [round(step * TOKEN_S, 3) for step in range(steps)]
    attention = rng.dirichlet(np.ones(steps)).tolist()
    timeline = tuple(
        Moment(
            start_s,
            round(min(start_s + TOKEN_S, recipe.duration_s), 3),
            six_digits(attention[step]),
            sorted_labels(dict(zip(GENRES, rng.dirichlet(np.ones(len(GENRES))).round(6).tolist(), strict=True))),
            evidence=six_digits(attention[-1 - step]),
        )
        for step, start_s in enumerate(starts_s)
    )
    decisive = (Segment(starts_s[0], timeline[0].end_s, timeline[0].attention, 0.7, timeline[0].evidence),)
    return Track(
        path="",
        duration_s=recipe.duration_s,
        genres=sorted_labels(told),
        genre_set=(genre,),
        cannot_tell=False,
        decisive=decisive,
        timeline=timeline,
        model=MODEL,
        tags=sorted_labels(tags),
        heard_tags=heard_tags,
        outside=outside,
        heard=tuple(HeardTag(name, TAGS[name], tags[name], (Span(0.0, 3.0, 0.8),)) for name in heard_tags),
        mood=_made_mood(rng, timeline),
        heads=(_made_voice(rng),),
    )


def _made_mood(rng: np.random.Generator, timeline: tuple[Moment, ...]) -> Mood:
    valence, arousal = (float(value) for value in rng.uniform(-1, 1, 2).round(4))
    quadrants = sorted_labels(dict(zip(QUADRANTS, rng.dirichlet(np.ones(4)).round(6).tolist(), strict=True)))
    emotions = sorted_labels(dict(zip(EMOTIONS, rng.random(3).round(6).tolist(), strict=True)))
    return Mood(
        valence=Measured(valence, max(valence - 0.3, -1), min(valence + 0.3, 1)),
        arousal=Measured(arousal, max(arousal - 0.3, -1), min(arousal + 0.3, 1)),
        quadrants=quadrants,
        quadrant_set=(quadrants[0].name,),
        emotions=emotions,
        emotions_told=(emotions[0].name,),
        arc=tuple(MoodMoment(moment.start_s, moment.end_s, valence, arousal) for moment in timeline),
    )


def _made_voice(rng: np.random.Generator) -> HeadAnswer:
    vocal = round(float(rng.random()), 6)
    labels = sorted_labels({"vocal": vocal, "instrumental": round(1 - vocal, 6)})
    return HeadAnswer("voice", "single", labels, told=(labels[0].name,))


def _made_tokens(vector: NDArray[np.float32], duration_s: float, rng: np.random.Generator) -> Tokens:
    count = int(duration_s / TOKEN_S) + 1
    centre = _unit(vector[np.newaxis, :TOKEN_NUMBERS])[0]
    vectors = np.stack([_near(centre, 0.7, rng) for _ in range(count)])
    return Tokens(np.round(np.arange(count) * TOKEN_S, 3), TOKEN_S, vectors)


def _near(centre: NDArray[Any], closeness: float, rng: np.random.Generator) -> NDArray[np.float32]:
    away = _unit(rng.normal(size=(1, len(centre))))[0]
    return np.asarray(_unit((closeness * centre + (1 - closeness) * away)[np.newaxis])[0], np.float32)


def _unit(vectors: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
