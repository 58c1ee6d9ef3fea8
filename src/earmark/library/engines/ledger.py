"""Which sounds need not be heard: those that the collection has, and those that another worker is hearing.

The collection is only read here. A claim is an empty file called like the sound, in a folder that the indexing run
makes and removes: two copies that come at the same time are heard once.
"""

import contextlib
import os
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

from earmark.library.schema import connect_to_read, errors_of

Standing = Literal["known", "claimed", "free"]


class Ledger(Protocol):
    """What a worker asks before it hears."""

    def ask(self, sound: str) -> Standing:
        """Whether a sound is known, claimed by another, or free, which claims it for who asks."""


class FileLedger:
    """A ledger of files: the collection, and a folder of claims.

    Parameters
    ----------
    db:
        The collection; None where all is to be heard.
    model_id, least_share:
        A sound is known where this network, or any for None, has heard so much of it.
    claims:
        The folder; None for none.
    """

    def __init__(self, db: Path | None, *, model_id: int | None, least_share: float, claims: Path | None) -> None:
        self._db, self._model_id, self._least_share, self._claims = db, model_id, least_share, claims

    def ask(self, sound: str) -> Standing:
        """As `Ledger` has it; CollectionError where the collection cannot be read."""
        if self._is_known(sound):
            return "known"
        return "free" if self._claimed(sound) else "claimed"

    @cached_property
    def _collection(self) -> sqlite3.Connection | None:
        return None if self._db is None else connect_to_read(self._db)

    def _is_known(self, sound: str) -> bool:
        if self._collection is None or self._db is None:
            return False
        with errors_of(self._db):
            found = self._collection.execute(
                "SELECT 1 FROM files JOIN heard ON file_id = files.id"
                " WHERE sound_id = ?1 AND (?2 IS NULL OR model_id = ?2) AND share >= ?3",
                (sound, self._model_id, self._least_share),
            ).fetchone()
        return found is not None

    def _claimed(self, sound: str) -> bool:
        """Whether whoever asks may hear a sound; True where claims cannot be left."""
        if self._claims is None:
            return True
        try:
            os.close(os.open(self._claims / sound, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        except OSError:
            return True
        return True


def release(claims: Path, sound: str) -> None:
    """Remove a claim: the collection has the sound, or it could not be heard."""
    with contextlib.suppress(OSError):
        (claims / sound).unlink()
