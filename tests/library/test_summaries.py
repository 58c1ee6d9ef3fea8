"""Tracks without their timelines: the same as the whole ones but for these, in the order of rows."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import CollectionError
from earmark.library.collection import Collection
from earmark.library.summaries import summaries
from earmark.track import Track
from made_collection import make_collection


def without(track: Track) -> Track:
    assert track.mood is not None
    return replace(track, timeline=(), mood=replace(track.mood, arc=()))


def test_summaries_are_the_tracks_without_their_timelines(made_collection: Collection) -> None:
    found = list(summaries(made_collection))
    assert found == [without(made_collection.track(entry.id)) for entry in made_collection.entries]


def test_what_is_forgotten_meanwhile_is_still_read(tmp_path: Path) -> None:
    db = make_collection(tmp_path, np.random.default_rng(0), n=4)
    with Collection.open(db) as collection:
        other = sqlite3.connect(db)
        other.execute("PRAGMA foreign_keys = ON")
        other.execute("DELETE FROM files WHERE id = 2")
        other.commit()
        other.close()
        assert [track.path for track in summaries(collection)] == [entry.path for entry in collection.entries]


def test_a_damaged_one_is_named(tmp_path: Path) -> None:
    db = make_collection(tmp_path, np.random.default_rng(0), n=3)
    shutil.copy(db, tmp_path / "whole.db")
    other = sqlite3.connect(db)
    other.execute("UPDATE details SET summary = x'00ff' WHERE heard_id = 2")
    other.commit()
    other.close()
    with Collection.open(db) as collection, pytest.raises(CollectionError, match=r"track \d+\.mp3 is damaged"):
        list(summaries(collection))
