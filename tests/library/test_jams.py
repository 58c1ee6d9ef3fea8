"""JAMS: the library of that name loads and validates every file, and finds in it what was heard."""

import json
import warnings
from dataclasses import replace
from pathlib import Path

import jams
import numpy as np
import pytest

from earmark.errors import OutputError
from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.jams import LIST, JamsFolder, jams_of
from earmark.library.records import Record, records
from earmark.library.store import FileFacts
from made_collection import opened


def loaded(record: Record, folder: Path) -> jams.JAMS:
    (folder / "one.jams").write_text(json.dumps(jams_of(record)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # so it says what does not fit
        warnings.simplefilter("ignore", DeprecationWarning)  # of what it is made of
        return jams.load(str(folder / "one.jams"), validate=True, strict=True)


def test_the_library_of_that_name_validates_every_file(made_collection: Collection, tmp_path: Path) -> None:
    for record in list(records(made_collection))[:8]:
        assert loaded(record, tmp_path).validate()


def test_what_was_heard_is_found_by_its_namespaces(made_collection: Collection, tmp_path: Path) -> None:
    record = next(records(made_collection))
    track = record.track
    found = loaded(record, tmp_path)
    assert found.file_metadata.title == record.entry.title
    assert found.file_metadata.artist == record.entry.artist
    assert found.file_metadata.duration == track.duration_s
    first, *_ = found.search(namespace="tag_open")
    assert [(each.value, each.confidence) for each in first.data] == [
        (label.name, label.probability) for label in track.answers
    ]
    (decided,) = found.search(namespace="segment_open")
    assert [(each.value, each.time) for each in decided.data] == [(track.genre, track.decisive[0].start_s)]
    whole, arc = found.search(namespace="mood_thayer")
    assert track.mood is not None
    assert track.mood.valence is not None
    assert whole.data[0].value[0] == track.mood.valence.value
    assert len(arc.data) == len(track.mood.arc)
    (vector,) = found.search(namespace="vector")
    np.testing.assert_allclose(vector.data[0].value, record.vector, atol=1e-4)
    timed = [annotation for annotation in found.search(namespace="tag_open") if annotation.data[0].duration == 3.0]
    assert [each.value for each in timed[0].data] == [tag.name for tag in track.heard]


def test_who_said_it_is_in_every_annotation(made_collection: Collection, tmp_path: Path) -> None:
    for annotation in loaded(next(records(made_collection)), tmp_path).annotations:
        about = annotation.annotation_metadata
        assert (about.data_source, about.version) == ("program", made_collection.model)
        assert about.annotation_tools.startswith("earmark ")
        assert about.annotation_rules


def test_moods_are_told_once_though_they_are_read_off_heads(tmp_path: Path) -> None:
    def doubled(_number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        assert heard.track.mood is not None
        head = replace(heard.track.heads[0], name="quadrant", labels=heard.track.mood.quadrants)
        return facts, replace(heard, track=replace(heard.track, heads=(*heard.track.heads, head)))

    with opened(tmp_path, np.random.default_rng(0), n=1, change=doubled) as collection:
        said = [
            each["annotation_metadata"]["annotation_rules"]
            for each in jams_of(next(records(collection)))["annotations"]
        ]
    assert said.count("moods") == 1
    assert "voice" in said
    assert "quadrant" not in said


def test_what_is_not_told_has_no_annotation(tmp_path: Path) -> None:
    def bare(_number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        track = replace(heard.track, mood=None, heads=(), heard=(), decisive=())
        return replace(facts, tags={}), replace(heard, track=track)

    with opened(tmp_path, np.random.default_rng(0), n=1, change=bare) as collection:
        found = loaded(next(records(collection)), tmp_path)
    assert {annotation.namespace for annotation in found.annotations} == {"tag_open", "vector"}
    assert found.file_metadata.title == "track 00000"


def test_a_folder_has_a_file_a_track_as_the_music_lies(made_collection: Collection, tmp_path: Path) -> None:
    paths = [entry.path for entry in made_collection.entries]
    for _ in range(2):  # it may be filled again
        assert JamsFolder(tmp_path / "out", paths).write(records(made_collection)) == 40
    assert len(list((tmp_path / "out").rglob("*.jams"))) == 40
    assert (tmp_path / "out/jazz/track 00002.jams").is_file()
    told = json.loads((tmp_path / "out" / LIST).read_text())
    assert told["tracks"][0] == {"path": paths[0], "file": "blues/track 00000.jams"}


def test_a_folder_of_another_is_left_alone(made_collection: Collection, tmp_path: Path) -> None:
    (tmp_path / "jazz").mkdir()
    (tmp_path / "jazz/track 00002.jams").write_text("mine")
    with pytest.raises(OutputError, match="earmark did not write it"):
        JamsFolder(tmp_path, [entry.path for entry in made_collection.entries])
    assert (tmp_path / "jazz/track 00002.jams").read_text() == "mine"
