"""Labelled music: the clips of a folder in earmark's layout, `clips.csv` beside `mel/ID.png` or audio paths.

Spectrograms are (128, frames), band 0 the lowest, one frame every 77.5 ms: as uint8 picture values, or as float32 dB
under the clip's own maximum. The layout is described in docs/data.md.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.data.layout import CLIPS_FILE, OWN_PITCH, Pitch, db_of_picture, picture_of_db, read_picture, read_rows

LABEL_COLUMN = "genre"


@dataclass(frozen=True)
class Clip:
    """A labelled piece of sound in a data set.

    `columns` is the row of clips.csv as it stands; `label` is its genre, or None where it has none. `piece` is its
    number among the pieces of a clip that was too long to be heard at once, or None.
    """

    id: str
    folder: Path
    label: str | None
    artist: str
    columns: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    piece: int | None = None

    @property
    def picture_path(self) -> Path:
        """The path of the clip's picture, whether it is there or not."""
        return self.folder / "mel" / f"{self.id}.png"

    @property
    def sound_path(self) -> Path | None:
        """The path of the clip's sound (column `path`, relative to the set's folder), or None."""
        path = self.columns.get("path", "")
        return self.folder / path if path else None

    @property
    def path(self) -> Path:
        """The path of the picture, or of the sound where there is no picture but sound."""
        sound = self.sound_path
        return sound if sound is not None and not self.picture_path.exists() else self.picture_path

    @property
    def artist_key(self) -> str:
        """A key of the artist, the same across sets; a clip without a name has a key of its own."""
        return artist_key(self.artist) or f"?{self.folder.name}/{self.id}"

    @property
    def flagged(self) -> bool:
        """Whether its data set marks it (column `flag`) to be left out."""
        return bool(self.columns.get("flag", ""))

    @property
    def artist_known(self) -> bool:
        """Whether the artist has a name."""
        return bool(artist_key(self.artist))


@dataclass(frozen=True)
class Dataset:
    """The clips of one folder, in the order of its clips.csv, and the pitch of its pictures' columns."""

    name: str
    folder: Path
    clips: tuple[Clip, ...] = field(repr=False)
    pitch: Pitch = field(default=OWN_PITCH, kw_only=True)

    @classmethod
    def load(cls, folder: Path | str, *, label_column: str = LABEL_COLUMN) -> "Dataset":
        """Read a folder in earmark's layout.

        Parameters
        ----------
        folder:
            The folder that holds clips.csv.
        label_column:
            The column that labels are read from; an empty cell, or a missing column, gives clips without a label.

        Raises
        ------
        DataError
            No clips.csv, no rows, no column `id`, an id that is empty, used twice, or no file name; a `set.toml` that
            is wrong.
        """
        folder = Path(folder).resolve()
        clips = tuple(
            Clip(
                id=row["id"],
                folder=folder,
                label=row.get(label_column, "").strip() or None,
                artist=row.get("artist", "").strip(),
                columns=row,
            )
            for row in read_rows(folder / CLIPS_FILE)
        )
        return cls(name=folder.name, folder=folder, clips=clips, pitch=Pitch.load(folder))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that occur, sorted."""
        return tuple(sorted({clip.label for clip in self.clips if clip.label is not None}))

    def with_labels(self, column: str) -> "Dataset":
        """The same set with the labels of another column."""
        clips = tuple(replace(clip, label=clip.columns.get(column, "").strip() or None) for clip in self.clips)
        return replace(self, clips=clips)

    def select(self, keep: Callable[[Clip], bool]) -> "Dataset":
        """The same set with only the clips for which `keep` is true."""
        return replace(self, clips=tuple(clip for clip in self.clips if keep(clip)))

    def picture(self, clip: Clip) -> NDArray[np.uint8]:
        """The clip's spectrogram, (128, frames) uint8, band 0 lowest; dB = value / 255 * 80 - 80.

        Pictures of another pitch are moved onto the front end's.

        Raises
        ------
        DataError
            The picture is missing, broken or not 128 rows high.
        SoundError
            The clip has no picture, and its sound cannot be decoded.
        """
        if clip.path != clip.picture_path:
            return picture_of_db(sound_db(clip.path))
        picture = read_picture(clip.picture_path)
        return picture if self.pitch.own else picture_of_db(self.pitch.to_frames(db_of_picture(picture)))

    def pictures(self, clips: Iterable[Clip] | None = None) -> list[NDArray[np.uint8]]:
        """The pictures of `clips` (all by default), each (128, frames) uint8, read by several threads."""
        wanted = self.clips if clips is None else tuple(clips)
        with ThreadPoolExecutor() as pool:
            return list(pool.map(self.picture, wanted))

    def db(self, clip: Clip) -> NDArray[np.float32]:
        """The clip's log-mel, (128, frames) float32, dB under the clip's own maximum, from 0 down to -80.

        Raises the same errors as `picture`.
        """
        if clip.path == clip.picture_path:
            return db_of_picture(self.picture(clip))
        return sound_db(clip.path)


def fingerprint(clips: Iterable[Clip], *beside: Iterable[object]) -> str:
    """What tells runs on other clips apart: SHA-256, in hex, of each clip's set, id and values of `beside`."""
    rows = zip((f"{clip.folder.name}/{clip.id}" for clip in clips), *beside, strict=True)
    return hashlib.sha256("\n".join(" ".join(map(str, row)) for row in rows).encode()).hexdigest()


def sound_db(path: Path) -> NDArray[np.float32]:
    """The log-mel of a sound file, (128, frames) float32 dB under its maximum; raises SoundError."""
    from earmark.sound.decode import blocks
    from earmark.sound.mel import LogMel, under_maximum

    mel = LogMel()
    columns = [mel.push(block) for block in blocks(path)]
    columns.append(mel.finish())
    return under_maximum(np.concatenate(columns, axis=1))


def artist_key(artist: str) -> str:
    """The name without case, accents, a leading "The" and punctuation; empty where there is no name.

    >>> artist_key("The Beatles"), artist_key("Beatles, The"), artist_key("Beyoncé & JAY-Z")
    ('beatles', 'beatles', 'beyonce and jay z')
    """
    plain = unicodedata.normalize("NFKD", artist.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"['`´’‘]", "", plain.replace("&", " and "))
    plain = re.sub(r"^(.+),\s*the\s*$", r"\1", plain)
    words = re.sub(r"[\W_]+", " ", plain).split()
    if words[:1] == ["the"] and len(words) > 1:
        words = words[1:]
    key = " ".join(words)
    if key in _NO_NAMES:
        return ""
    return key or artist.strip(" ?-")  # a name of signs alone ("!!!") is still a name


_NO_NAMES = frozenset({"unknown", "unknown artist", "n a", "none", "nan"})
