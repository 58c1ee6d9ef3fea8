"""Artist and title from a sound file's tags, as far as libsndfile reads them."""

from collections.abc import Generator
from pathlib import Path

import soundfile

from earmark.errors import SoundError
from earmark.sound.files import Reader, name_of, opened
from earmark.sound.watchdog import Pulse, watched

_PATIENCE_S = 5.0  # tags are read in milliseconds, or never
_NAMES = ("artist", "title")


def tags_of(file: Path, *, patience_s: float = _PATIENCE_S) -> dict[str, str]:
    """What of artist and title a file's tags say; nothing where they cannot be read within the patience."""

    def read(pulse: Pulse) -> Generator[dict[str, str], None, None]:
        with opened(file) as stream, soundfile.SoundFile(Reader(stream, name_of(file), pulse)) as sound:
            yield sound.copy_metadata()

    try:
        (tags,) = watched(read, patience_s=patience_s, stalled=lambda: SoundError(f"{name_of(file)} has wrecked tags."))
    except (SoundError, soundfile.LibsndfileError):
        return {}
    return {name: tags[name].strip() for name in _NAMES if tags.get(name, "").strip()}
