"""Excerpts of files: the samples that decoding all of it gives, and no excerpts where that cannot be promised."""

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from corpus import Case, music, write_with_pyav
from earmark.errors import SoundError
from earmark.sound.containers.flac import flac_index
from earmark.sound.containers.ogg import ogg_links
from earmark.sound.cuts import cuts_of
from earmark.sound.decode import blocks
from earmark.sound.files import Reader, opened
from earmark.sound.mel import SAMPLE_RATE_HZ
from earmark.sound.seeking import Excerpts, excerpts
from fuzz.seeds import CORPUS
from odd.band import band
from odd.kind import Desk, Kind, all_kinds

Samples = NDArray[np.float32]
LENGTH_S = 24.0
SECOND = SAMPLE_RATE_HZ
# A decoder of Opus that began elsewhere comes nearer and nearer; MPEG-4 in FFmpeg has noise that is drawn.
WITHIN = {"opus": 5e-3, "aac": 2e-2, "m4a": 2e-2}
KINDS = [kind for kind in all_kinds("mpeg", "xiph", "riff", "pcm", "foreign", "not_sound", "places") if not kind.needs]
FORMATS = {
    "wav": (44_100, "WAV", {}),
    "24-bit wav": (48_000, "WAV", {"subtype": "PCM_24"}),
    "float wav": (22_050, "WAV", {"subtype": "FLOAT"}),
    "mu-law wav": (8_000, "WAV", {"subtype": "ULAW"}),
    "aiff": (44_100, "AIFF", {}),
    "au": (44_100, "AU", {}),
    "caf": (32_000, "CAF", {}),
    "flac": (44_100, "FLAC", {}),
    "24-bit flac": (96_000, "FLAC", {"subtype": "PCM_24"}),
    "vorbis": (44_100, "OGG", {}),
    "fine vorbis": (48_000, "OGG", {"compression_level": 0.0}),
    "opus": (48_000, "OGG", {"subtype": "OPUS"}),
    "mp3": (44_100, "MP3", {"bitrate_mode": "CONSTANT"}),
    "variable mp3": (44_100, "MP3", {"bitrate_mode": "VARIABLE"}),
    "mp3 of MPEG 2": (22_050, "MP3", {}),
    "poor mp3": (16_000, "MP3", {"bitrate_mode": "CONSTANT", "compression_level": 0.95}),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same music in each format."""
    folder, sound = tmp_path_factory.mktemp("formats"), music(length_s=LENGTH_S)
    made = {}
    for name, (rate_hz, form, options) in FORMATS.items():
        made[name] = folder / f"{name}.{form.lower()}"
        at_rate = soxr.resample(sound, 44_100, rate_hz)
        with soundfile.SoundFile(made[name], "w", rate_hz, 2, format=form, **options) as target:
            for start in range(0, len(at_rate), rate_hz):  # the Vorbis encoder takes little at once
                target.write(at_rate[start : start + rate_hz])
    return made


@contextlib.contextmanager
def excerpts_of(path: Path) -> Iterator[Excerpts | None]:
    with opened(path) as file, excerpts(Reader(file, path.name), path.name) as sound:
        yield sound


def whole(path: Path) -> Samples:
    return np.concatenate(list(blocks(path)))


def parts(sound: Excerpts) -> Iterator[tuple[int, Samples]]:
    """Excerpts of two seconds from all over a file, and where they begin."""
    last = sound.samples - 2 * SECOND
    for first in (0, 1, SECOND // 2, last // 3, last // 2 + 7, last - 100, last):
        part = sound.read(first, 2 * SECOND)
        assert part is not None
        assert len(part) == 2 * SECOND
        yield first, part


def alike(part: Samples, everything: Samples, first: int) -> float:
    """The correlation of an excerpt's middle half with those of the whole, up to about a millisecond off."""
    quarter = len(part) // 4
    inner = part[quarter:-quarter]
    near = np.lib.stride_tricks.sliding_window_view(everything[max(first + quarter - 30, 0) :], len(inner))[:61]
    if max(np.abs(inner).max(), np.abs(near).max()) < 0.02:
        return 1.0  # nothing to compare
    return float((near @ inner / (np.linalg.norm(near, axis=1) * np.linalg.norm(inner) + 1e-12)).max())


def assert_excerpts_are_parts(sound: Excerpts, everything: Samples, *, within: float) -> None:
    for first, part in parts(sound):
        theirs = everything[first : first + 2 * SECOND]
        assert np.abs(part[: len(theirs)] - theirs).max() < within, first


@pytest.mark.parametrize("name", FORMATS)
def test_excerpts_are_what_decoding_the_whole_file_gives_there(files: dict[str, Path], name: str) -> None:
    everything = whole(files[name])
    with excerpts_of(files[name]) as sound:
        assert sound is not None
        assert sound.samples == len(everything)
        assert sound.duration_s == pytest.approx(LENGTH_S, abs=0.1)
        assert_excerpts_are_parts(sound, everything, within=WITHIN.get(name, 2e-6))


@pytest.mark.parametrize("codec", ["aac", "alac"])
def test_excerpts_of_mpeg_4_are_what_decoding_the_whole_file_gives_there(tmp_path: Path, codec: str) -> None:
    pytest.importorskip("av", reason="needs the extra 'av' to make the files")
    write_with_pyav(tmp_path / "music.m4a", music(length_s=LENGTH_S), codec, container="ipod")
    everything = whole(tmp_path / "music.m4a")
    with excerpts_of(tmp_path / "music.m4a") as sound:
        assert sound is not None
        assert sound.samples == pytest.approx(len(everything), abs=0.05 * SECOND)
        assert_excerpts_are_parts(sound, everything, within=WITHIN.get(codec, 2e-6))


@pytest.mark.parametrize(("codec", "container"), [("wmav2", "asf"), ("aac", "matroska")])
def test_where_times_are_milliseconds_excerpts_are_off_by_no_more(tmp_path: Path, codec: str, container: str) -> None:
    pytest.importorskip("av", reason="needs the extra 'av' to make the files")
    path = tmp_path / "music"
    write_with_pyav(path, music(length_s=LENGTH_S), codec, container=container)
    everything = whole(path)
    with excerpts_of(path) as sound:
        assert sound is not None
        assert sound.samples == pytest.approx(len(everything), abs=0.05 * SECOND)
        for first, part in parts(sound):
            assert alike(part, everything, first) > 0.99, first


def test_without_pyav_its_formats_have_no_excerpts(corpus: dict[str, Case], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("av", reason="needs the extra 'av' to make the files")
    monkeypatch.setitem(sys.modules, "av", None)
    with excerpts_of(corpus["m4a"].path) as sound:
        assert sound is None


def test_an_excerpt_at_the_end_has_what_is_left(files: dict[str, Path]) -> None:
    with excerpts_of(files["flac"]) as sound:
        assert sound is not None
        rest = sound.read(sound.samples - 100, SECOND)
        assert rest is not None
        assert len(rest) == 100


def test_excerpts_notice_what_decoding_notices(tmp_path: Path) -> None:
    path = tmp_path / "against.wav"
    left = music(length_s=4)[:, :1]
    soundfile.write(path, np.concatenate([left, -left], axis=1), 44_100)
    with excerpts_of(path) as sound:
        assert sound is not None
        assert sound.read(SECOND, SECOND) is not None
        assert sound.notes == ("Its channels cancel each other, so one of them was heard.",)
        assert sound.silence_db == -60.0


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    pytest.importorskip("av", reason="needs the extra 'av' to make the files")
    return Desk(band(6.0), tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_odd_file_has_no_excerpts_or_those_of_all_its_sound(kind: Kind, desk: Desk, tmp_path: Path) -> None:
    """Damage in frames that are there by their headers is found where an excerpt meets it, and not before."""
    path = tmp_path / kind.file_name
    kind.put(path, kind.build(desk))
    if not path.is_file():
        pytest.skip("no file to seek in")
    try:
        with excerpts_of(path) as sound:
            if sound is None:
                return
            decoded = blocks(path)
            everything = np.concatenate(list(decoded))
            assert sound.samples == pytest.approx(len(everything) + decoded.unread_s * SECOND, abs=0.15 * SECOND)
            for first in range(0, 0 if decoded.unread_s else sound.samples - SECOND, SECOND):
                part = sound.read(first, SECOND)
                assert part is None or alike(part, everything, first) > 0.9
    except SoundError:
        with pytest.raises(SoundError):
            whole(path)


def reader(content: bytes) -> Reader:
    return Reader(io.BytesIO(content), "bytes")


@pytest.mark.parametrize("name", ["flac", "vorbis", "opus", "wav"])
def test_what_is_joined_has_no_cuts(files: dict[str, Path], name: str) -> None:
    content = files[name].read_bytes()
    assert cuts_of(reader(content)) is not None
    assert cuts_of(reader(content + content)) is None


def test_mp3s_of_one_format_that_are_joined_are_one_stream(files: dict[str, Path], tmp_path: Path) -> None:
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(2 * files["mp3"].read_bytes())
    everything = whole(joined)
    with excerpts_of(joined) as sound:
        assert sound is not None
        assert sound.samples == len(everything)
        assert_excerpts_are_parts(sound, everything, within=2e-6)


@pytest.mark.parametrize("name", ["flac", "mp3", "wav"])  # Ogg does not say how long it should be
def test_what_is_cut_off_has_no_cuts(files: dict[str, Path], name: str) -> None:
    content = files[name].read_bytes()
    assert cuts_of(reader(content[: 2 * len(content) // 3])) is None


@pytest.mark.parametrize("name", ["vorbis", "mp3"])
def test_where_frames_or_pages_are_missing_there_are_no_cuts(files: dict[str, Path], name: str) -> None:
    content = files[name].read_bytes()
    third = len(content) // 3
    assert cuts_of(reader(content[:third] + content[third + 10_000 :])) is None


def test_damage_in_an_excerpt_is_found_out(files: dict[str, Path]) -> None:
    content = bytearray(files["flac"].read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = bytes(20_000)
    cuts = cuts_of(reader(bytes(content)))
    assert cuts is not None
    assert cuts.read(0, 44_100) is not None
    assert cuts.read(10 * 44_100, 4 * 44_100) is None


def test_frames_of_a_flac_are_found_by_their_samples(files: dict[str, Path]) -> None:
    with files["flac"].open("rb") as file:
        index = flac_index(file)
        assert index is not None
        for sample in (0, 1, 5000, 44_100, 20 * 44_100, 24 * 44_100 - 1):
            _, first = index.frame_before(sample)
            assert sample - 6 * index.flac.block_samples <= first <= sample


def test_a_stream_that_does_not_count_from_0_has_no_cuts(files: dict[str, Path]) -> None:
    content = files["vorbis"].read_bytes()
    (link,) = ogg_links(io.BytesIO(content))
    cut = content[: link.places[0]] + content[link.places[20] :]  # what was recorded of a radio stream
    assert cuts_of(reader(cut)) is None


def test_an_ogg_of_nothing_but_its_head_has_no_cuts(files: dict[str, Path]) -> None:
    content = files["vorbis"].read_bytes()
    (link,) = ogg_links(io.BytesIO(content))
    assert cuts_of(reader(content[: link.places[0]])) is None


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.*")), ids=lambda path: path.name)
def test_small_files_of_all_formats_have_no_excerpts_or_good_ones(path: Path) -> None:
    try:
        with excerpts_of(path) as sound:
            part = sound.read(sound.samples // 2, 1000) if sound else None
    except SoundError:
        return
    assert part is None or np.isfinite(part).all()


def test_what_libsndfile_decodes_is_not_sought_in_by_pyav(corpus: dict[str, Case]) -> None:
    """Where a WAV has no cuts it must be heard whole: PyAV would know no better."""
    with excerpts_of(corpus["truncated flac"].path) as sound:
        assert sound is None
