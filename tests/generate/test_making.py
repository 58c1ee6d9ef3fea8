"""Whole pieces: as long as asked, of sources that are there, the same again, along the way that was asked for."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.errors import GenerateError, SoundError, WishError
from earmark.generate import mosaic as mosaic_room
from earmark.generate import spectrogram, stock
from earmark.generate.asking import Ask, Ground
from earmark.generate.generator import Generator
from earmark.generate.making import Listeners, Made, make_mosaic, make_spectrogram, mosaic_of
from earmark.generate.mosaic import RATE_HZ, Run, sound_of
from earmark.generate.piece import Source, sources_file
from earmark.generate.shelf import Shelf
from indexed import Desk


def mosaic(ground: Ground, shelf: Shelf, out: Path, **ask: object) -> Made:
    return make_mosaic(ground, Ask(**{"seconds": 12.0, **ask}), out, Listeners(), shelf=shelf)  # type: ignore[arg-type]


def test_a_mosaic_is_as_long_as_asked_and_names_its_sources_without_a_gap(
    ground: Ground, shelf: Shelf, tmp_path: Path
) -> None:
    made = mosaic(ground, shelf, tmp_path / "a.flac", genre="low", seconds=15.0)
    samples, rate_hz = soundfile.read(made.out)
    assert rate_hz == RATE_HZ
    assert samples.shape == (15 * RATE_HZ, 2)
    assert 0.02 < np.abs(samples).max() <= 1
    assert np.abs(samples[-20:]).max() < 0.01  # it fades out
    told = json.loads(sources_file(made.out).read_text())
    assert told == made.told | {"made_by": "earmark generate"}
    sources = made.sources
    assert sources[0].start_s == 0
    assert sources[-1].end_s == pytest.approx(15.0)
    for one, other in itertools.pairwise(sources):
        assert one.end_s == pytest.approx(other.start_s)
    for each in sources:
        assert Path(each.path).exists()
        assert 0 <= each.from_s < each.to_s <= 24.02
        assert (each.to_s - each.from_s) / each.speed == pytest.approx(each.end_s - each.start_s, abs=0.02)


def test_who_waits_is_told_how_far_it_is(ground: Ground, shelf: Shelf, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    listeners = Listeners(on_step=lambda *step: steps.append(step))
    make_mosaic(ground, Ask(genre="low", seconds=12.0), tmp_path / "a.wav", listeners, shelf=shelf)
    assert steps == sorted(steps)
    assert steps[-1] == (24, 24)


def test_no_second_of_a_source_is_heard_twice_within_a_minute(ground: Ground, shelf: Shelf, tmp_path: Path) -> None:
    sources = mosaic(ground, shelf, tmp_path / "a.wav", mood="", genre="middle", seconds=40.0, seed=3).sources
    for number, one in enumerate(sources):
        for other in sources[number + 1 :]:
            overlap_s = min(one.to_s, other.to_s) - max(one.from_s, other.from_s)
            assert one.path != other.path or overlap_s <= 0.06, (one, other)


def test_the_same_seed_makes_the_same_bytes_and_another_one_others(
    ground: Ground, shelf: Shelf, tmp_path: Path
) -> None:
    contents = [
        mosaic(ground, shelf, tmp_path / f"{name}.flac", like="One", seed=seed).out.read_bytes()
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert contents[0] == contents[1] != contents[2]


def test_a_way_between_songs_begins_with_the_one_and_ends_with_the_other(
    ground: Ground, shelf: Shelf, tmp_path: Path
) -> None:
    made = mosaic(ground, shelf, tmp_path / "a.wav", start="One", end="Two", seconds=24.0, temperature=0.0)
    assert Path(made.sources[0].path).name == "one.flac"
    assert Path(made.sources[-1].path).name == "two.wav"
    assert [line.partition(" ")[0] for line in made.understood] == ["from", "to"]


def test_what_is_like_a_song_is_not_made_of_it(ground: Ground, shelf: Shelf, tmp_path: Path) -> None:
    made = mosaic(ground, shelf, tmp_path / "a.wav", like="One")
    assert "one.flac" not in {Path(each.path).name for each in made.sources}


def test_the_last_run_goes_on_to_the_end_of_the_piece_but_not_behind_that_of_its_file(
    ground: Ground, shelf: Shelf
) -> None:
    ask = Ask(genre="low", seconds=12.0)
    made = mosaic_of(ground, ask, ground.places(ask), Listeners(), shelf=shelf)
    path = ground.collection.entries[0].path
    for from_s, to_s in ((5.0, 12.0), (17.25, 24.0)):
        source = Source(5.0, 11.5, path, "", "", from_s, from_s + 6.5, 0.0, 1.0)
        found = made._until_the_end(Run(source, 0.0)).source
        assert (found.end_s, found.to_s) == (12.0, pytest.approx(to_s))


@pytest.fixture
def harmed(desk: Desk) -> Iterator[Path]:
    """A file of the collection which may be changed or moved away; afterwards it is there again, with another time."""
    file = desk.folder / "one.flac"
    content = file.read_bytes()
    yield file
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "not there any more"), (b"a text", "has changed since"), (0.5, "has changed since"), (1.0, "")],
)
def test_a_file_that_is_not_what_it_was_is_told_once_and_the_piece_made_of_others(
    ground: Ground, shelf: Shelf, tmp_path: Path, harmed: Path, content: bytes | float | None, words: str
) -> None:
    whole = harmed.read_bytes()
    harmed.unlink()
    if content is not None:
        harmed.write_bytes(content if isinstance(content, bytes) else whole[: round(content * len(whole))])
    said: list[str] = []
    ask = Ask(start="One", end="Two", seconds=12.0, temperature=0.0)
    made = make_mosaic(ground, ask, tmp_path / "a.wav", Listeners(said.append), shelf=shelf)
    assert made.seconds == 12.0
    assert (harmed.name in {Path(each.path).name for each in made.sources}) is not bool(words)
    assert len(said) == bool(words)
    assert not words or (harmed.name in said[0] and words in said[0])


def test_a_file_that_is_gone_is_told_once_for_all_parts(
    ground: Ground, shelf: Shelf, tmp_path: Path, harmed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosaic_room, "PART_S", 8.0)
    harmed.unlink()
    said: list[str] = []
    steps: list[tuple[int, int]] = []
    listeners = Listeners(said.append, lambda *step: steps.append(step))
    make_mosaic(ground, Ask(genre="low", seconds=20.0), tmp_path / "a.wav", listeners, shelf=shelf)
    assert len(said) == 1
    assert steps == sorted(steps)
    assert steps[-1] == (40, 40)


def test_where_all_files_are_gone_one_sentence_says_so(
    ground: Ground, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise SoundError("It is not there any more.")

    monkeypatch.setattr(stock, "_got", gone)
    with pytest.raises(GenerateError, match="None of the files"):
        mosaic(ground, shelf, tmp_path / "a.wav", genre="low")
    assert list(tmp_path.iterdir()) == []


def test_sound_comes_in_blocks_no_longer_than_a_run_whatever_the_length(ground: Ground, shelf: Shelf) -> None:
    ask = Ask(genre="low", seconds=30.0)
    runs = mosaic_of(ground, ask, ground.places(ask), Listeners(), shelf=shelf).runs()
    assert max(map(len, sound_of(runs))) < 16 * RATE_HZ


@pytest.mark.parametrize(
    ("ask", "kind", "words"),
    [
        ({"genre": "jazz"}, WishError, "There is no genre 'jazz'.*There are: low, middle, high"),
        ({"mood": "calm"}, WishError, "There is no mood 'calm'"),
        ({"like": "nothing of that name"}, WishError, "no song of the collection"),
        ({"blend": "low - low"}, WishError, "cancel out"),
        ({"start": "One"}, WishError, "needs a start and an end"),
        ({"start": "One", "end": "One"}, WishError, "same song"),
        ({}, WishError, "Nothing is asked for"),
        ({"genre": "low", "seconds": 2.0}, GenerateError, "too short for a piece"),
        ({"genre": "low", "seconds": 500.0}, GenerateError, "too little music.*Ask for"),
    ],
)
def test_what_cannot_be_made_is_told_in_words_and_writes_nothing(
    ground: Ground, shelf: Shelf, tmp_path: Path, ask: dict[str, object], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        mosaic(ground, shelf, tmp_path / "a.wav", **ask)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "ask", [{"genre": "low"}, {"like": "One"}, {"start": "One", "end": "Two"}, {"blend": "low + middle - high"}]
)
def test_what_the_generator_imagines_is_written_as_sound(
    ground: Ground, generator: Generator, tmp_path: Path, ask: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectrogram, "BLOCK_TOKENS", 2)
    made = make_spectrogram(ground, Ask(**ask, seconds=5.0), tmp_path / "a.wav", Listeners(), generator=generator)
    samples, rate_hz = soundfile.read(made.out)
    assert (len(samples), rate_hz) == (5 * 22_050, 22_050)
    assert made.sources == ()
    assert made.told["renderer"] == "spectrogram"


def test_a_genre_that_the_generator_does_not_know_is_told(ground: Ground, generator: Generator, tmp_path: Path) -> None:
    with pytest.raises(GenerateError, match="knows no high"):
        make_spectrogram(ground, Ask(genre="high", seconds=5.0), tmp_path / "a.wav", Listeners(), generator=generator)


def test_a_mosaic_of_what_is_imagined_is_still_a_mosaic(
    ground: Ground, shelf: Shelf, generator: Generator, tmp_path: Path
) -> None:
    for genre in ("low", "high"):  # the second is none that the generator knows
        ask = Ask(genre=genre, seconds=8.0)
        made = make_mosaic(ground, ask, tmp_path / "a.wav", Listeners(), shelf=shelf, generator=generator)
        assert made.seconds == 8.0
        assert made.sources
        assert made.told["imagined"] is (genre == "low")
        assert made.told["notes"] == list(made.notes)
        assert ("The generator knows no high" in " ".join(made.notes)) is (genre == "high")
