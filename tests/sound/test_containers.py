"""What is read of containers: streams and their lengths, whatever a header says of them."""

import io
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from corpus import LENGTH_S, RATE_HZ, Case, music
from earmark.sound.containers.flac import read_flac
from earmark.sound.containers.kinds import Decoder, kind_of
from earmark.sound.containers.mpeg import is_free_format, mpeg_streams
from earmark.sound.containers.ogg import ogg_links
from earmark.sound.containers.riff import waves
from earmark.sound.containers.stated import stated_s
from earmark.sound.containers.stitched import Span, Stitched, Window
from earmark.sound.containers.tag_blocks import tags_end
from earmark.sound.decode import blocks
from earmark.sound.decoding import ForwardOnly


@pytest.fixture(scope="module")
def mono_mp3() -> bytes:
    file = io.BytesIO()
    soundfile.write(file, soxr.resample(music()[:, 0], RATE_HZ, 22_050), 22_050, format="MP3")
    return file.getvalue()


def content(corpus: dict[str, Case], name: str) -> bytes:
    return corpus[name].path.read_bytes()


def test_a_stitched_file_reads_like_its_parts_one_after_the_other() -> None:
    file = io.BytesIO(bytes(range(100)))
    whole = bytes(range(10, 20)) + b"between" + bytes(range(50, 53))
    stitched = Stitched(file, [Span(10, 20), b"between", Span(30, 30), Span(50, 53)])
    assert stitched.read() == whole
    rng = random.Random(0)
    for _ in range(200):
        place, size_bytes = rng.randrange(25), rng.randrange(25)
        assert stitched.seek(place) == stitched.tell() == place
        assert stitched.read(size_bytes) == whole[place : place + size_bytes]
    assert stitched.seek(-3, 2) == len(whole) - 3
    buffer = bytearray(10)
    assert stitched.readinto(buffer) == 3
    assert bytes(buffer[:3]) == whole[-3:]


def test_a_file_that_hides_its_length_does_so_once() -> None:
    stitched = Stitched(io.BytesIO(bytes(10)), [Span(0, 10)], hides_length=True)
    assert [stitched.seek(0, 2), stitched.seek(0, 2), stitched.seek(-3, 2)] == [0, 10, 7]


def test_a_window_finds_what_lies_across_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earmark.sound.containers.stitched._CHUNK_BYTES", 8)
    window = Window(io.BytesIO(b"0123456OggS9" * 3))
    assert [window.find(b"OggS", place) for place in (0, 7, 8, 20, 32)] == [7, 7, 19, 31, 36]


def test_an_mp3_is_as_long_as_its_frames(corpus: dict[str, Case]) -> None:
    (stream,) = mpeg_streams(io.BytesIO(content(corpus, "mp3")))
    assert stream.duration_s == pytest.approx(LENGTH_S, abs=0.1)
    assert (stream.lost_frames, stream.format.rate_hz, stream.format.mono) == (0, RATE_HZ, False)


@pytest.mark.parametrize("left", [".AppleDouble/song.mp3", "._song.mp3", "._"])
def test_an_mp3_is_heard_the_same_whatever_macos_left_in_the_folder_one_stands_in(
    corpus: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    expected = np.concatenate(list(blocks(corpus["mp3"].path)))
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).write_bytes(b"\x00\x05\x16\x07" + bytes(4000))
    (tmp_path / "song.mp3").write_bytes(content(corpus, "mp3"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "av", None)
    assert np.array_equal(np.concatenate(list(blocks("song.mp3"))), expected)


def test_frames_that_the_table_of_contents_names_and_are_not_there_are_lost(corpus: dict[str, Case]) -> None:
    mp3 = content(corpus, "mp3")
    (stream,) = mpeg_streams(io.BytesIO(mp3[: len(mp3) // 2]))
    assert stream.lost_s == pytest.approx(LENGTH_S / 2, abs=0.2)
    assert stream.duration_s + stream.lost_s == pytest.approx(LENGTH_S, abs=0.1)


def test_formats_that_follow_each_other_are_streams_of_their_own(corpus: dict[str, Case], mono_mp3: bytes) -> None:
    first, second = mpeg_streams(io.BytesIO(content(corpus, "mp3") + mono_mp3))
    assert (first.format.rate_hz, second.format.rate_hz) == (RATE_HZ, 22_050)
    assert (first.duration_s, second.duration_s) == pytest.approx((LENGTH_S, LENGTH_S), abs=0.1)


def test_tags_and_rubbish_around_and_between_frames_are_left_out(corpus: dict[str, Case]) -> None:
    mp3 = content(corpus, "mp3")
    (plain,) = mpeg_streams(io.BytesIO(mp3))
    half = plain.spans[0].start + (len(mp3) - plain.spans[0].start) // 2
    id3 = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
    ape = (
        b"APETAGEX"
        + (2000).to_bytes(4, "little")
        + (32).to_bytes(4, "little")
        + bytes(4)
        + b"\x00\x00\x00\x80"
        + bytes(8)
    )
    (stream,) = mpeg_streams(io.BytesIO(id3 + b"rubbish" * 99 + mp3 + b"TAG" + bytes(125) + ape))
    assert stream.frames == plain.frames
    (scratched,) = mpeg_streams(io.BytesIO(mp3[:half] + bytes(3000) + mp3[half:]))
    assert plain.frames - 2 <= scratched.frames <= plain.frames
    assert scratched.lost_frames > 0
    assert tags_end(io.BytesIO(id3 + id3 + mp3)) == 2 * len(id3)


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff\xfb\x90\x00", bytes(5000), b"\xff\xfb" * 4000])
def test_what_is_no_mpeg_has_no_streams(data: bytes) -> None:
    assert mpeg_streams(io.BytesIO(data)) == []


def test_a_frame_that_names_no_bitrate_is_free_format() -> None:
    assert is_free_format(io.BytesIO(b"\xff\xfb\x00\x00" + bytes(400)))
    assert not is_free_format(io.BytesIO(b"\xff\xfb\x90\x00" + bytes(400)))


def test_links_of_a_chain_are_found_with_their_lengths(corpus: dict[str, Case]) -> None:
    chain = content(corpus, "ogg") + b"rubbish" + content(corpus, "opus")
    vorbis, opus = ogg_links(io.BytesIO(chain))
    assert (vorbis.rate_hz, opus.rate_hz) == (RATE_HZ, 48_000)
    assert (vorbis.duration_s, opus.duration_s) == pytest.approx((LENGTH_S, LENGTH_S), abs=0.05)
    assert ogg_links(io.BytesIO(b"no ogg")) == []


def test_a_flac_goes_on_at_the_next_frame(corpus: dict[str, Case]) -> None:
    file = io.BytesIO(content(corpus, "flac"))
    flac = read_flac(file)
    assert flac is not None
    assert flac.duration_s == LENGTH_S
    found = flac.next_frame(Window(file), flac.frames_at, sample=RATE_HZ)
    assert found is not None
    place, first = found
    assert RATE_HZ <= first < RATE_HZ + flac.block_samples
    whole, _ = soundfile.read(corpus["flac"].path, dtype="float32")
    rest = np.empty((10_000, 2), np.float32)
    ForwardOnly(flac.opened_at(file, place)).buffer_read_into(rest, "float32")
    assert np.array_equal(rest, whole[first : first + 10_000])
    assert read_flac(io.BytesIO(b"fLaC\x00\x00\x00\x22" + bytes(34))) is None


def test_bytes_that_look_like_a_frame_of_flac_are_none_without_its_checksum(corpus: dict[str, Case]) -> None:
    whole = content(corpus, "flac")
    flac = read_flac(io.BytesIO(whole))
    assert flac is not None
    header = whole[flac.frames_at : flac.frames_at + 20]
    for place in range(4, 7):  # in the number, the checksum, or behind it
        forged = header[:place] + bytes([header[place] ^ 1]) + header[place + 1 :]
        found = flac.next_frame(Window(io.BytesIO(bytes(50) + forged)), 0, sample=0)
        assert (found is None) == (place < 6), place
    assert flac.next_frame(Window(io.BytesIO(bytes(50) + header)), 0, sample=0) == (50, 0)


@pytest.mark.parametrize(
    ("claim", "lost_s"), [(0, 0), (0xFFFF_FFFF, 0), (0x7FFF_FFFF, 0), (2 * 44_100 * 2 * 12, 6.0), (1000, 0)]
)
def test_a_wav_is_as_long_as_it_is(corpus: dict[str, Case], claim: int, lost_s: float) -> None:
    wav = content(corpus, "wav")
    (wave,) = waves(io.BytesIO(wav[:40] + claim.to_bytes(4, "little") + wav[44:]))
    assert wave.data.end - wave.data.start == len(wav) - 44
    assert wave.lost_s == pytest.approx(lost_s)


def test_chunks_behind_the_sound_are_not_sound(corpus: dict[str, Case]) -> None:
    wav = content(corpus, "wav")
    (wave,) = waves(io.BytesIO(wav + b"LIST" + (4).to_bytes(4, "little") + b"INFO"))
    assert wave.data.end == len(wav)


def test_a_wav_behind_a_wav_is_heard_too(corpus: dict[str, Case]) -> None:
    wav = content(corpus, "wav")
    assert len(waves(io.BytesIO(wav + wav))) == 2


@pytest.mark.parametrize("name", ["aiff", "au"])
def test_a_plain_file_that_is_cut_says_how_long_it_was(corpus: dict[str, Case], name: str) -> None:
    whole = content(corpus, name)
    assert stated_s(whole[:4096]) == pytest.approx(LENGTH_S, abs=0.01)
    sound = blocks(io.BytesIO(whole[: len(whole) // 2]))
    heard_s = sum(map(len, sound)) / 22_050
    assert heard_s == pytest.approx(LENGTH_S / 2, abs=0.1)
    assert sound.unread_s == pytest.approx(LENGTH_S - heard_s, abs=0.1)
    assert [stated_s(whole[:20]), stated_s(b"fLaC")] == [0, 0]


def test_a_rate_that_no_number_can_hold_states_no_length(corpus: dict[str, Case]) -> None:
    aiff = content(corpus, "aiff")
    at = aiff.find(b"COMM") + 16
    assert stated_s(aiff[:at] + b"\x7f\xff" + aiff[at + 2 : 4096]) == 0


@pytest.mark.parametrize(
    ("head", "name", "decoder"),
    [
        (b"PK\x03\x04", "a zip archive", Decoder.NOBODY),
        (b"\x89PNG\r\n", "a picture", Decoder.NOBODY),
        (b"\xf0\x7e\x00\x01", "a MIDI sample dump", Decoder.NOBODY),
        (b"\n <!DOCTYPE HTML>\n<html>", "a web page", Decoder.NOBODY),
        ("Grüße".encode(), "a text", Decoder.NOBODY),
        (b"\x00\x00\x00\x18ftypM4P ", "protected against copying", Decoder.NOBODY),
        (b"\x00\x00\x00\x18ftypisom", "an MPEG-4 file", Decoder.PYAV),
        (b"wvpk\x00", "a WavPack file", Decoder.PYAV),
        (b"OggS" + bytes(24) + b"Speex   ", "a Speex file", Decoder.PYAV),
        (b"OggS" + bytes(24) + b"\x01vorbis", "an Ogg file", Decoder.BASE),
        (b"RIFF\x00\x00\x00\x00AVI ", "an AVI film", Decoder.PYAV),
        (b"RIFF\x00\x00\x00\x00WAVE", "a WAV file", Decoder.BASE),
        (b"\xff\xfb\x90\x64" + bytes(range(128, 255)), "", Decoder.BASE),
        ("Grüße".encode()[:3], "a text", Decoder.NOBODY),
        (b"readable so far" + b"\xff" + bytes(range(200)), "", Decoder.BASE),
        (b"", "", Decoder.BASE),
    ],
)
def test_a_file_is_known_by_what_it_begins_with(head: bytes, name: str, decoder: Decoder) -> None:
    kind = kind_of(head)
    assert (kind.name, kind.decoder) == (name, decoder)
    assert kind.hint or decoder is not Decoder.NOBODY
