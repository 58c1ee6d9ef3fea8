"""What another machine heard, taken into a collection: matched by the hash of the sound, so nothing is heard again.

A file here whose sound the other collection has gets the answers of each network that heard more of it there than here.
A sound that is not here is kept as that of a file that is gone: it is not shown, and the next `earmark index` of a
folder that holds it knows it at once, wherever it lies (`changes.take_known`). All happens in one transaction, or
nothing does. To merge again changes nothing; of collections that share no sound the order in which they are merged does
not matter.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earmark.errors import CollectionError
from earmark.files import shown
from earmark.library.names import Names
from earmark.library.packing import PackedHeard
from earmark.library.schema import connect_to_read, errors_of
from earmark.library.store import FAILED, GONE, HEARD, FileFacts, Store
from earmark.track import SCHEMA

_VECTOR_BYTES = 2 * 128
_MODELS = "SELECT id, model, sha256, schema, names FROM models ORDER BY complete DESC, id DESC"
_FILES = """
SELECT id, path, root, size, mtime_ns, sound_id, tags FROM files
WHERE sound_id != '' AND EXISTS (SELECT 1 FROM heard WHERE file_id = files.id) ORDER BY state = 'gone', path
"""
_HEARD = """
SELECT model_id, duration_s, kind, share, vector, numbers, answers, summary, timeline, tokens, fingerprint
FROM heard LEFT JOIN told ON told.heard_id = heard.id LEFT JOIN details ON details.heard_id = heard.id
WHERE file_id = ?
"""


@dataclass
class Merged:
    """What came of it.

    Attributes
    ----------
    answered:
        Files here that have answers now, or more of them.
    known:
        Sounds there of which everything was known here.
    kept:
        Sounds that are not here, kept until a file with them is indexed, or shown at once.
    elsewhere:
        Sounds that are not here and were left out, as their path is here that of another sound.
    damaged:
        Answers that were left out.
    networks:
        By which networks it was heard there.
    """

    answered: int = 0
    known: int = 0
    kept: int = 0
    elsewhere: int = 0
    damaged: int = 0
    networks: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "answered": self.answered,
            "known": self.known,
            "kept": self.kept,
            "elsewhere": self.elsewhere,
            "damaged": self.damaged,
            "networks": self.networks,
        }


def merge(store: Store, other: Path, *, missing: bool = False) -> Merged:
    """Take the answers of another collection into one.

    Parameters
    ----------
    store:
        What is added to.
    other:
        The file of the other collection, which is only read.
    missing:
        Whether what is not here is shown all the same, under the paths that it had there.

    Raises
    ------
    CollectionError
        The other file is no collection, of a newer earmark, the same one, or does not fit this one.
    """
    if other.exists() and other.samefile(store.db):
        raise CollectionError(f"{shown(other)} is this very collection.", hint="Name the file of another one.")
    connection = connect_to_read(other)
    try:
        with errors_of(other):
            connection.execute("BEGIN")
        with store.together():
            return _Merge(store, connection, other, missing=missing).run()
    except (ValueError, KeyError, TypeError) as error:  # of names or tags that are no JSON of ours
        raise CollectionError(f"The collection {shown(other)} is damaged ({error}).", hint="Copy it again.") from error
    finally:
        connection.close()


@dataclass(frozen=True)
class _Network:
    """A network by its id here, and how many numbers its answers are."""

    id: int
    columns: int


@dataclass(frozen=True)
class _Answers:
    """What one network heard of a sound; None where it is silent."""

    network: _Network
    duration_s: float
    share: float
    packed: PackedHeard | None


class _Merge:
    """One merge; what the other collection holds is read a file at a time."""

    def __init__(self, store: Store, connection: sqlite3.Connection, other: Path, *, missing: bool) -> None:
        self._store = store
        self._connection = connection
        self._other = other
        self._missing = missing
        self._added: set[str] = set()
        self.merged = Merged()

    def run(self) -> Merged:
        networks = self._networks()
        for row in self._rows(_FILES, ()):
            answers = list(self._answers(int(row[0]), networks))
            if answers:
                self._take(row, answers)
        return self.merged

    def _networks(self) -> Mapping[int, _Network]:
        """The networks of the other collection, by their ids there; those that are not here are added."""
        found = {}
        for number, model, sha256, schema, names in self._rows(_MODELS, ()):
            if schema > SCHEMA:
                raise CollectionError(
                    f"The answers in {shown(self._other)} are of a newer earmark.", hint="Update earmark."
                )
            told = Names.from_json(names)
            here = self._store.connection.execute("SELECT names FROM models WHERE sha256 = ?", (sha256,)).fetchone()
            if here and Names.from_json(here[0]) != told:
                raise CollectionError(
                    f"{model} in {shown(self._other)} tells other things than the same network here.",
                    hint="Hear both with one bundle: earmark index --rehear.",
                )
            found[number] = _Network(self._store.model(model, sha256, told), told.count)
            self.merged.networks.append(model)
        return found

    def _answers(self, file_id: int, networks: Mapping[int, _Network]) -> Iterator[_Answers]:
        for model_id, duration_s, kind, share, *blobs in self._rows(_HEARD, (file_id,)):
            network = networks[model_id]
            if blobs[0] is None:
                yield _Answers(network, duration_s, share, None)
            elif _is_whole(blobs, network):
                yield _Answers(network, duration_s, share, PackedHeard(duration_s, kind, share, *blobs))
            else:
                self.merged.damaged += 1

    def _take(self, row: tuple[Any, ...], answers: list[_Answers]) -> None:
        _, path, _, _, _, sound_id, _ = row
        here = [] if sound_id in self._added and self._missing else self._here(sound_id)
        if here:
            gained = sum(self._answer(file_id, state, answers) for file_id, state in here)
            shown_now = self._missing and self._show(path, sound_id)
            self.merged.answered += gained
            self.merged.kept += shown_now
            self.merged.known += not (gained or shown_now)
        elif self._is_taken(path):
            self.merged.elsewhere += 1
        else:
            self._add(row, answers)

    def _here(self, sound_id: str) -> list[tuple[int, str]]:
        return self._store.connection.execute("SELECT id, state FROM files WHERE sound_id = ?", (sound_id,)).fetchall()

    def _is_taken(self, path: bytes) -> bool:
        found = self._store.connection.execute("SELECT 1 FROM files WHERE path = ?", (path,)).fetchone()
        return found is not None

    def _show(self, path: bytes, sound_id: str) -> bool:
        """Show a file that was kept before without being here; gives whether there is one of that path."""
        query = "UPDATE files SET state = ? WHERE path = ? AND sound_id = ? AND state = ?"
        return bool(self._store.connection.execute(query, (HEARD, path, sound_id, GONE)).rowcount)

    def _answer(self, file_id: int, state: str, answers: list[_Answers]) -> bool:
        """Give a file the answers that are more than its own; gives whether there were any."""
        shares = "SELECT model_id, share FROM heard WHERE file_id = ?"
        known = dict(self._store.connection.execute(shares, (file_id,)))
        better = [each for each in answers if each.share > known.get(each.network.id, -1.0)]
        for each in better:
            self._keep(file_id, each)
        if better and state == FAILED:
            query = "UPDATE files SET state = ?, reason = '' WHERE id = ?"
            self._store.connection.execute(query, (HEARD, file_id))
        return bool(better)

    def _add(self, row: tuple[Any, ...], answers: list[_Answers]) -> None:
        _, path, root, size, mtime_ns, sound_id, tags = row
        facts = FileFacts(os.fsdecode(path), os.fsdecode(root), size, mtime_ns, sound_id, json.loads(tags))
        file_id = self._store.keep_file(facts, state=HEARD if self._missing else GONE)
        for each in answers:
            self._keep(file_id, each)
        self._added.add(sound_id)
        self.merged.kept += 1

    def _keep(self, file_id: int, answers: _Answers) -> None:
        if answers.packed is None:
            self._store.keep_silence(file_id, answers.network.id, answers.duration_s)
        else:
            self._store.keep_packed(file_id, answers.network.id, answers.packed)

    def _rows(self, query: str, values: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        """Rows of the other collection; what is wrong with it names it."""
        with errors_of(self._other):
            cursor = self._connection.execute(query, values)
        while True:
            with errors_of(self._other):
                row = cursor.fetchone()
            if row is None:
                return
            yield row


def _is_whole(blobs: list[Any], network: _Network) -> bool:
    vector, _, answers, *_ = blobs
    sizes = isinstance(vector, bytes) and len(vector) == _VECTOR_BYTES and len(answers or b"") == 2 * network.columns
    return sizes and all(isinstance(each, bytes) for each in blobs)
