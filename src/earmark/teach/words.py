"""A user's own words: the file they are in, and what a word may be called.

The file is `words.json` in the user's data folder, or what `EARMARK_WORDS` names. Words of several bundles may stand in
it: each names the network whose numbers it reads. It is written whole, and one that cannot be read is never replaced.
"""

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from earmark.errors import BundleError, DataError
from earmark.files import alone, shown
from earmark.listen.linear import MULTI, YOURS, LinearHead, read_heads, write_heads

WORDS_VARIABLE = "EARMARK_WORDS"
LONGEST = 40  # letters of a word
_BROKEN = "Put a copy in its place, or move it away to begin anew; `earmark listen --no-words` does without."
_PATHS = ("examples", "counter")  # of a word's figures: the files that it was learned from


def words_file() -> Path:
    """Where words are, whether it is there or not."""
    named = os.environ.get(WORDS_VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_data_path("earmark", appauthor=False) / "words.json"


def read_words(sha256: str) -> tuple[LinearHead, ...]:
    """The words of the network with this SHA-256; none where there is no file; BundleError where it is broken."""
    return tuple(word for word in all_words() if word.network == sha256)


def all_words() -> tuple[LinearHead, ...]:
    """The words of all networks, in the order in which they were taught; errors as of `read_words`."""
    return _words_in(words_file(), hint=_BROKEN)


def find(word: str, words: Sequence[LinearHead]) -> list[LinearHead]:
    """Those of some words that are this one, in capital or small letters."""
    return [each for each in words if _key(each.name) == _key(word)]


def keep_words(new: Sequence[LinearHead]) -> Path:
    """Write words beside those that there are; one of the same name and network is replaced. Gives the file."""
    fresh = {(_key(word.name), word.network) for word in new}
    file = words_file()
    with alone(file):  # or of two that teach at once one's word would be lost
        kept = [word for word in all_words() if (_key(word.name), word.network) not in fresh]
        write_heads(file, [*kept, *new])
    return file


def remove_words(names: Sequence[str]) -> tuple[str, ...]:
    """Remove words of all networks, and give their names; DataError, and nothing is removed, where one is not there."""
    file = words_file()
    with alone(file):
        words = all_words()
        gone = [word for name in names for word in _found(name, words)]
        write_heads(file, [word for word in words if word not in gone])
    return tuple(dict.fromkeys(word.name for word in gone))


def export_words(file: Path, names: Sequence[str], sha256: str) -> tuple[LinearHead, ...]:
    """Write words of a network, all by default, into a file for others: without the paths that they were learned from.

    Raises DataError where there are none of them.
    """
    words = read_words(sha256)
    chosen = [word for name in names for word in _found(name, words)] if names else list(words)
    if not chosen:
        raise DataError("There are no words of this bundle yet.", hint="Teach one first: earmark teach WORD FILES.")
    bare = [replace(word, figures={**word.figures, **{name: [] for name in _PATHS}}) for word in chosen]
    write_heads(file, bare)
    return tuple(bare)


def import_words(file: Path, sha256: str, *, numbers: int | None = None) -> tuple[LinearHead, ...]:
    """The words of a file that somebody exported, checked; nothing is kept yet.

    Parameters
    ----------
    sha256:
        Of the network that is there.
    numbers:
        How many numbers it makes of a track, where that is known.

    Raises
    ------
    BundleError, DataError
        It is no file of words, or they are of another network.
    """
    if not file.is_file():
        raise BundleError(f"{shown(file)} is not there, or is no file.", hint="Name a file that --export wrote.")
    words = _words_in(file, hint="Name a file that --export wrote.")
    for word in words:
        checked_name(word.name)
        if word.network != sha256:
            raise BundleError(
                f"'{word.name}' in {shown(file)} was taught to another bundle.",
                hint="Name that bundle with --model, or teach the word to this one.",
            )
        if numbers is not None and len(word.layer.weights) != numbers:
            raise BundleError(f"'{word.name}' in {shown(file)} does not fit the network that it names.")
    return words


def checked_name(word: str) -> str:
    """A word as it is kept; DataError where it is none that can be told and read again."""
    plain = unicodedata.normalize("NFC", " ".join(word.split(" "))).strip()
    if not plain:
        raise DataError("An empty word cannot be taught.", hint="Name a word first: earmark teach WORD FILES.")
    if not plain.isprintable() or ";" in plain:
        what = "';'" if plain.isprintable() else "control characters"
        raise DataError(f"The word '{shown(plain)}' has {what} in it.", hint="Use letters, digits, blanks and dashes.")
    if len(plain) > LONGEST:
        raise DataError(
            f"The word '{plain[:LONGEST]}…' has {len(plain)} letters, and {LONGEST} are the most.",
            hint="Name a shorter one.",
        )
    return plain


def _words_in(file: Path, *, hint: str) -> tuple[LinearHead, ...]:
    try:
        words = read_heads(file)
    except BundleError as error:
        raise BundleError(error.sentence, hint=hint) from error
    for word in words:
        if word.role != YOURS or word.kind != MULTI or len(word.labels) != 1:
            raise BundleError(f"{shown(file)} holds '{shown(word.name)}', which is no word of a user's.", hint=hint)
    return words


def _found(name: str, words: Sequence[LinearHead]) -> list[LinearHead]:
    found = find(name, words)
    if not found:
        there = ", ".join(dict.fromkeys(word.name for word in words))
        raise DataError(
            f"There is no word '{shown(name)}' of yours.",
            hint=f"There are: {there}." if there else "There is none yet.",
        )
    return found


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()
