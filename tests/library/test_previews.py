"""Previews: sound of the seconds that tell most, and a list; nothing of another's is overwritten, no file stops all."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from corpus import music
from earmark.errors import OutputError, SoundError
from earmark.library.collection import Collection
from earmark.library.previews import LIST, Preview, PreviewFolder, kept_tracks, previews, tracks_of, unchanged_row
from earmark.library.store import FileFacts
from earmark.listen.bundle import load_bundle
from earmark.listen.listener import Failure, Listener
from earmark.track import Track
from made_collection import opened

LENGTH_S = 12.0


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener(load_bundle())


@pytest.fixture
def songs(tmp_path: Path) -> list[str]:
    """Two pieces in folders of their own."""
    paths = []
    for number, name in enumerate(("a/one.wav", "b/two.flac")):
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True)
        soundfile.write(path, music(rate_hz=22_050, length_s=LENGTH_S, seed=number), 22_050)
        paths.append(str(path))
    return paths


def track(path: str) -> Track:
    return Track(path, LENGTH_S, ranked(), ("jazz",), cannot_tell=False, decisive=(), timeline=(), model="tiny 1")


def ranked() -> tuple:
    from earmark.label import Label

    return (Label("jazz", 0.7), Label("rock", 0.3))


def test_each_track_has_a_file_with_its_seconds_and_stands_in_the_list(songs: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    folder = PreviewFolder(out, songs, "ogg")
    found = list(previews([track(path) for path in songs], seconds=5, folder=folder))
    assert [each.file for each in found if isinstance(each, Preview)] == ["a/one.ogg", "b/two.ogg"]
    for each in ("a/one.ogg", "b/two.ogg"):
        info = soundfile.info(out / each)
        assert (info.format, info.duration) == ("OGG", pytest.approx(5, abs=0.05))
    told = json.loads((out / LIST).read_text())
    assert [each["file"] for each in told["tracks"]] == ["a/one.ogg", "b/two.ogg"]
    assert told["tracks"][0]["path"] == songs[0]


def test_the_sound_is_that_of_the_file_with_a_fade(songs: list[str], tmp_path: Path) -> None:
    list(previews([track(songs[0])], seconds=5, folder=PreviewFolder(tmp_path / "out", songs[:1], "wav")))
    whole, _ = soundfile.read(songs[0])
    cut, _ = soundfile.read(tmp_path / "out/one.wav")
    np.testing.assert_allclose(cut[2000:-2000], whole[2000 : len(cut) - 2000], atol=1e-3)
    assert np.abs(cut[0]).max() < 0.02


def test_a_folder_of_previews_may_be_filled_again_and_another_is_left_alone(songs: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        list(previews(map(track, songs), seconds=5, folder=PreviewFolder(out, songs, "wav")))
    (tmp_path / "mine/a").mkdir(parents=True)
    (tmp_path / "mine/a/one.wav").write_bytes(b"mine")
    with pytest.raises(OutputError, match="earmark did not write it"):
        PreviewFolder(tmp_path / "mine", songs, "wav")
    assert (tmp_path / "mine/a/one.wav").read_bytes() == b"mine"
    assert not (tmp_path / "mine" / LIST).exists()


def test_the_music_itself_is_never_overwritten(songs: list[str], tmp_path: Path) -> None:
    content = Path(songs[0]).read_bytes()
    (tmp_path / "music" / LIST).write_text('{"made_by": "earmark highlights"}')  # even where previews were written
    with pytest.raises(OutputError, match="is read, and would be overwritten"):
        PreviewFolder(tmp_path / "music", songs, "wav")
    assert Path(songs[0]).read_bytes() == content


def test_a_run_that_was_cut_off_may_be_repeated(songs: list[str], tmp_path: Path) -> None:
    running = previews(map(track, songs), seconds=5, folder=PreviewFolder(tmp_path / "out", songs, "wav"))
    next(running)
    running.close()  # type: ignore[attr-defined]
    found = list(previews(map(track, songs), seconds=5, folder=PreviewFolder(tmp_path / "out", songs, "wav")))
    assert len(found) == 2


def test_one_that_cannot_be_cut_stops_no_other(songs: list[str], tmp_path: Path) -> None:
    Path(songs[0]).write_text("no sound any more")
    given = [Failure("x", "x is silent."), *map(track, songs)]
    found = list(previews(given, seconds=5, folder=PreviewFolder(tmp_path / "out", songs, "wav")))
    assert [isinstance(each, Failure) for each in found] == [True, True, False]
    assert isinstance(found[1], Failure)
    assert "one.wav" in found[1].error
    assert len(json.loads((tmp_path / "out" / LIST).read_text())["tracks"]) == 1


def test_what_nobody_foresaw_stops_no_other_either(songs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from earmark.library import previews as module

    def fail(one: Track, *, seconds: float) -> None:
        raise ZeroDivisionError(f"of {one.path}\nfor {seconds}")

    monkeypatch.setattr(module, "highlight", fail)
    (found,) = previews([track(songs[0])], seconds=5, folder=None)
    assert isinstance(found, Failure)
    assert "could not be cut: ZeroDivisionError" in found.error
    assert "\n" not in found.error


def test_without_a_folder_there_are_times_alone(songs: list[str]) -> None:
    (found,) = previews([track(songs[0])], seconds=5, folder=None)
    assert isinstance(found, Preview)
    assert found.to_dict() == found.highlight.to_dict()


def test_what_is_in_the_collection_and_did_not_change_is_not_heard_again(
    songs: list[str], tmp_path: Path, listener: Listener
) -> None:
    def one(number: int, facts: FileFacts, heard: object) -> tuple:
        stat = Path(songs[0]).stat()
        known = replace(facts, path=songs[0], size=stat.st_size, mtime_ns=stat.st_mtime_ns)
        return (known if number == 0 else facts), heard

    with opened(tmp_path, np.random.default_rng(0), n=3, change=one) as collection:
        found = list(tracks_of(songs, collection, listener, jobs=1))
        assert [each.path for each in found] == songs
        assert isinstance(found[0], Track)
        assert found[0].model == collection.model
        assert isinstance(found[1], Track)
        assert found[1].model == listener.bundle.info.model
        soundfile.write(songs[0], music(rate_hz=22_050, length_s=LENGTH_S + 1, seed=5), 22_050)
        assert unchanged_row(collection, songs[0]) is None
        assert unchanged_row(collection, str(tmp_path / "none.mp3")) is None


def test_every_track_of_a_collection_is_given_in_its_order(made_collection: Collection) -> None:
    found = [each for each in kept_tracks(made_collection) if isinstance(each, Track)]
    assert [each.path for each in found] == [entry.path for entry in made_collection.entries]


def test_a_damaged_track_fails_alone(made_collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Collection.track

    def broken(self: Collection, entry_id: int) -> Track:
        if entry_id == int(self.ids[1]):
            raise SoundError("Its timeline is damaged.")
        return whole(self, entry_id)

    monkeypatch.setattr(Collection, "track", broken)
    found = list(kept_tracks(made_collection))
    assert [isinstance(each, Failure) for each in found[:3]] == [False, True, False]
