"""Artist, title and the like from a sound file's tags, by tinytag, which reads those of nearly all kinds of files.

tinytag believes the sizes that a file names, so it gets a file of which it may read only so much; what takes too long
is given up by the watchdog. Whatever is wrong with tags, they are then none.
"""

import os
import unicodedata
from collections.abc import Generator
from pathlib import Path
from typing import Any, BinaryIO

from earmark.errors import SoundError
from earmark.sound.files import name_of, opened
from earmark.sound.watchdog import Pulse, watched

_PATIENCE_S = 5.0  # tags are read in milliseconds, or never
_NAMES = ("artist", "title")
_FIELDS = (
    *("title", "artist", "albumartist", "album", "composer", "year", "genre"),
    *("track", "track_total", "disc", "disc_total"),
)
_FURTHER = ("bpm", "initial_key", "isrc")
_LONGEST = 300  # letters of a tag: what is longer is a mistake, or a text in the wrong place
_MOST_BYTES = 64 << 20  # pictures among tags are large
_LEAST_BYTES = 64  # that a read counts for, so that a million small ones come to an end, too


def tags_of(file: Path, *, patience_s: float = _PATIENCE_S) -> dict[str, str]:
    """What of artist and title a file's tags say; nothing where they cannot be read within the patience."""
    tags = all_tags(file, patience_s=patience_s)
    return {name: tags[name] for name in _NAMES if name in tags}


def all_tags(file: str | os.PathLike[str], *, patience_s: float = _PATIENCE_S) -> dict[str, str]:
    """All tags that are known here, by name, each a text on one line; nothing where they cannot be read.

    Names are title, artist, albumartist, album, composer, year, genre, track, track_total, disc, disc_total, bpm,
    initial_key and isrc; what a file does not say is not there.
    """

    def read(pulse: Pulse) -> Generator[dict[str, str], None, None]:
        with opened(file) as stream:
            yield _read(_Bounded(stream, pulse))

    stalled = SoundError(f"{name_of(file)} has wrecked tags.")
    try:
        (tags,) = watched(read, patience_s=patience_s, stalled=lambda: stalled)
    except (SoundError, OSError):
        return {}
    return tags


def _read(stream: "_Bounded") -> dict[str, str]:
    from tinytag import TinyTag, TinyTagException

    try:
        found = TinyTag.get(file_obj=stream, duration=False)  # type: ignore[arg-type]  # it reads, seeks and tells
    except TinyTagException:
        return {}
    values: dict[str, Any] = {name: getattr(found, name, None) for name in _FIELDS}
    values |= {name: next(iter(found.other.get(name) or ()), None) for name in _FURTHER}
    texts = {name: _text(value) for name, value in values.items() if value is not None}
    return {name: text for name, text in texts.items() if text}


def _text(value: Any) -> str:
    """A tag on one line, without control characters and halves of letters that encode to nothing."""
    whole = str(value).encode("utf-8", "replace").decode()
    plain = "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in whole[: 2 * _LONGEST])
    return " ".join(plain.split())[:_LONGEST]


class _Bounded:
    """A file of which only so many bytes may be read; OSError beyond, and where nobody waits any more."""

    def __init__(self, file: BinaryIO, pulse: Pulse) -> None:
        self._file = file
        self._pulse = pulse
        self._left_bytes = _MOST_BYTES

    def read(self, size_bytes: int = -1) -> bytes:
        """The next bytes."""
        self._pulse.rest()
        wanted = self._left_bytes + 1 if size_bytes < 0 else size_bytes
        data = self._file.read(min(wanted, self._left_bytes + 1))
        self._left_bytes -= max(len(data), _LEAST_BYTES)
        if self._left_bytes < 0:
            raise OSError("its tags are too long")
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        self._pulse.rest()
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place, in bytes."""
        return self._file.tell()
