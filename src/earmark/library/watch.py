"""What changes in folders, as it changes, by watchfiles (the extra `watch`), which asks the system.

A file that is still being written is waited for. What the system does not tell, as on many network drives, is not seen;
watchfiles looks itself where WATCHFILES_FORCE_POLLING is set.
"""

import importlib.util
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from earmark.errors import CollectionError, MissingExtraError
from earmark.files import shown
from earmark.sound.search import is_audio, is_left_out

SETTLED_S = 2.0  # a file that was not written to for so long is whole
_TICK_MS = 1000
_MOST_MS = 5000  # changes that come without a pause are told together, but not later than this


def check_extra() -> None:
    """Raise MissingExtraError where watchfiles is not installed."""
    if importlib.util.find_spec("watchfiles") is None:
        raise MissingExtraError.naming("--watch", "watch")


def changes(places: Sequence[str], *, exclude: Sequence[str] = ()) -> Iterator[list[str]]:
    """Files and folders below the places that came, changed or went, without end.

    First come the places themselves, when they are watched: what changed before that is found by looking through them.

    Raises
    ------
    MissingExtraError
        watchfiles is not installed.
    CollectionError
        A place is not there, or the system does not let it be watched.
    """
    check_extra()
    from watchfiles import Change, watch

    there = [place for place in places if Path(place).exists()]
    if not there:
        raise CollectionError(f"{shown(places[0])} is not there, and cannot be watched.", hint="Check the path.")
    waiting: set[str] = set(there)
    try:
        for batch in watch(
            *there,
            watch_filter=None,
            debounce=_MOST_MS,
            step=_TICK_MS // 4,
            rust_timeout=_TICK_MS,
            yield_on_timeout=True,
        ):
            # Of a folder that changed, what changed in it is told, too.
            told = {path for change, path in batch if change == Change.added or not Path(path).is_dir()}
            waiting |= {path for path in told if _matters(path, there, exclude)}
            ready = sorted(path for path in waiting if path in there or _is_settled(path))
            waiting.difference_update(ready)
            if ready:
                yield ready
    except (OSError, RuntimeError) as error:
        raise CollectionError(f"{shown(there[0])} cannot be watched ({error}).", hint="Index it without.") from error


def _matters(path: str, places: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether a change of a path may be one of sound: of what is gone nobody knows what it was."""
    place = Path(path)
    root = next((root for root in places if place.is_relative_to(root)), None)
    if root is None or (root != path and is_left_out(path, root, exclude=exclude)):
        return False
    return is_audio(place.name) or not place.is_file()


def _is_settled(path: str) -> bool:
    try:
        facts = Path(path).stat()
    except OSError:
        return True
    return not SETTLED_S > time.time() - facts.st_mtime >= 0
