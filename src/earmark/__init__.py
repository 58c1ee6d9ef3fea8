"""Earmark predicts the genres of a track from its sound, and finds the seconds that sound most like them.

>>> from earmark import Listener
>>> track = Listener().hear("song.mp3")  # doctest: +SKIP
>>> track.genre, track.decisive[0].start_s  # doctest: +SKIP

The names below are the public face; each is imported when it is first used, so that `import earmark` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earmark.errors import EarmarkError
    from earmark.listen.bundle import load_bundle
    from earmark.listen.listener import Listener
    from earmark.track import Track

__version__ = "0.1.0"
__all__ = ["EarmarkError", "Listener", "Track", "__version__", "load_bundle"]

_HOMES = {
    "EarmarkError": "earmark.errors",
    "Listener": "earmark.listen.listener",
    "Track": "earmark.track",
    "load_bundle": "earmark.listen.bundle",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'earmark' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
