"""A file of a collection as it is shown, and what hearing it gave: plain values, without the database."""

import json
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.sound.files import is_address
from earmark.track import Track

SONG, LONG, SHORT, SPOKEN, QUIET = KINDS = ("song", "long", "short", "spoken", "quiet")
TOKEN_NUMBERS = 24  # of a token's vector as a collection keeps it
_THE = re.compile(r"^the\s+")
_BETWEEN = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the collection, present and heard.

    Attributes
    ----------
    id:
        Of the file, the same for as long as it is in the collection.
    path:
        Absolute; bytes that are no text are surrogates, as `os.fsdecode` makes them.
    size, mtime_ns:
        Bytes and time of change, as they were when it was last looked at.
    sound_id:
        Hash of its encoded sound without its tags: files with the same sound have the same.
    tags:
        As they were read, texts: "title", "artist", "albumartist", "album", "year", "genre" and others.
    duration_s:
        Length of its sound.
    kind:
        One of `KINDS`; all but `SONG` are kept out of recommendations.
    share:
        How much of it was heard, 1.0 for all.
    model:
        Name and version of the bundle that heard it.
    """

    id: int
    path: str
    size: int
    mtime_ns: int
    sound_id: str
    tags: Mapping[str, Any]
    duration_s: float
    kind: str
    share: float
    model: str

    @property
    def title(self) -> str:
        """As the tags say, or the file's name without its suffix."""
        return str(self.tags.get("title") or "") or Path(self.path).stem

    @property
    def artist(self) -> str:
        """As the tags say; empty where they do not."""
        return str(self.tags.get("artist") or self.tags.get("albumartist") or "")

    @property
    def artist_key(self) -> str:
        """What files of one artist have in common: the album's artist, else the artist, normalised; empty likewise."""
        return normalised_artist(str(self.tags.get("albumartist") or self.tags.get("artist") or ""))

    @property
    def recommended(self) -> bool:
        """Whether it is a song, which may be recommended without being asked for by its kind."""
        return self.kind == SONG


def entry_of(row: Sequence[Any], model: str) -> Entry:
    """An entry of a row of the database, whose columns are the fields up to `share` in their order."""
    file_id, path, size, mtime_ns, sound_id, tags, duration_s, kind, share = row
    return Entry(
        id=file_id,
        path=os.fsdecode(path),
        size=size,
        mtime_ns=mtime_ns,
        sound_id=sound_id,
        tags=json.loads(tags),
        duration_s=duration_s,
        kind=kind,
        share=share,
        model=model,
    )


def normalised_artist(name: str) -> str:
    """A name without case, accents, signs and a "the" in front: "The Beatles" and "beatles" are one."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = _BETWEEN.sub(" ", _THE.sub("", bare.strip())).strip()
    return words or bare.strip()  # a name of signs alone, "!!!", stays what it is


def absolute(path: str | os.PathLike[str]) -> str:
    """A path as a collection keeps it: absolute and without "..", links as they are; an address as it is."""
    if is_address(os.fspath(path)):
        return os.fspath(path).rstrip("/")
    return os.path.normpath(Path(path).absolute())


@dataclass(frozen=True, eq=False, slots=True)
class Tokens:
    """The moments of a track that are not quiet, each as a whole window, in order of time.

    Attributes
    ----------
    starts_s:
        (k,) float64.
    token_s:
        The length of each.
    vectors:
        (k, `TOKEN_NUMBERS`) float32 of unit length; none where the bundle does not tell.
    """

    starts_s: NDArray[np.float64]
    token_s: float
    vectors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.starts_s)


def no_tokens(token_s: float = 0.0) -> Tokens:
    """Those of a track of which nothing is told by moments."""
    return Tokens(np.zeros(0), token_s, np.zeros((0, TOKEN_NUMBERS), np.float32))


@dataclass(frozen=True, eq=False)
class Heard:
    """What hearing a file gave.

    Attributes
    ----------
    track:
        The answer.
    vector:
        (128,) float32 of unit length, as published.
    numbers:
        (numbers,) float32, what heads read.
    answers:
        (columns,) float32, what `names.Names.answers` says of the track.
    tokens:
        See `Tokens`.
    kind:
        One of `KINDS`.
    share:
        How much of the file was heard, 1.0 for all.
    fingerprint:
        By which recordings are known again; empty where none was made.
    """

    track: Track
    vector: NDArray[np.float32]
    numbers: NDArray[np.float32]
    answers: NDArray[np.float32]
    tokens: Tokens = field(default_factory=no_tokens)
    kind: str = SONG
    share: float = 1.0
    fingerprint: bytes = b""

    @property
    def near(self) -> NDArray[np.float32]:
        """The vector by which tracks are near, (d,) float32 of unit length: that of which the network reads the genre.

        It is what `numbers` begin with, as long as a vector is, and as it is: centred or whitened it finds no more
        (`benchmarks/retrieval.py`). Where heads read none it is what is published.
        """
        size = len(self.vector)
        plain = self.numbers[:size] if len(self.numbers) >= size else self.vector
        return np.asarray(plain / max(float(np.linalg.norm(plain)), 1e-12), np.float32)
