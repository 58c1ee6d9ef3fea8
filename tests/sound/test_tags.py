"""Artist and title from tags; tags that a decoder hangs in are no tags."""

import threading
from pathlib import Path

import soundfile

from corpus import RATE_HZ, Case, music
from earmark.sound.tags import tags_of


def test_artist_and_title_are_read(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    with soundfile.SoundFile(path, "w", RATE_HZ, 2) as sound:
        sound.artist, sound.title, sound.album = " Queen ", "One", "Live"
        sound.write(music())
    assert tags_of(path) == {"artist": "Queen", "title": "One"}


def test_a_file_without_tags_or_without_sound_has_none(corpus: dict[str, Case]) -> None:
    assert [tags_of(corpus[name].path) for name in ("wav", "text", "not there", "folder")] == [{}] * 4


def test_tags_that_libsndfile_hangs_in_cost_the_patience_and_no_core(corpus: dict[str, Case], tmp_path: Path) -> None:
    """A LIST whose sub-chunk claims an impossible size (libsndfile's issue 1118)."""
    wav = corpus["wav"].path.read_bytes()
    listed = b"LIST" + (24).to_bytes(4, "little") + b"INFOISFT" + b"\xf0\xff\xff\xff" + b"Lavf58.2\x00\x00\x00\x00"
    (tmp_path / "wrecked.wav").write_bytes(wav[:36] + listed + wav[36:])
    assert tags_of(tmp_path / "wrecked.wav", patience_s=0.5) == {}
    for thread in threading.enumerate():  # later tests ask whether a decoder was given up
        if "given up" in thread.name:
            thread.name = "forgotten"
