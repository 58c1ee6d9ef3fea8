"""The hash of a file's sound: tags do not change it, sound does, and a damaged file cannot stop it."""

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from corpus import RATE_HZ, Case, music
from earmark.errors import SoundError
from earmark.sound.identity import sound_id
from fuzz.mutate import mutant
from fuzz.seeds import CORPUS, FOUND

ID3V2 = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 10]) + b"TIT2" + bytes(262)  # 266 bytes of frames and padding
ID3V1 = b"TAG" + b"A title".ljust(125, b"\0")
APE = b"APETAGEX" + struct.pack("<4I", 2000, 32 + 9, 1, 0) + bytes(8)


def written(path: Path, *, title: str, seed: int = 0, **options: str) -> Path:
    rate_hz = 48_000 if options.get("subtype") == "OPUS" else RATE_HZ
    sound = music(seed=seed, length_s=2)
    sound = sound if rate_hz == RATE_HZ else soxr.resample(sound, RATE_HZ, rate_hz)
    with soundfile.SoundFile(path, "w", rate_hz, 2, **options) as file:
        if title:
            file.title = title
        file.write(sound)
    return path


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("flac", {}),
        ("ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("opus", {"format": "OGG", "subtype": "OPUS"}),
        ("wav", {}),
        ("aiff", {}),
        ("mp3", {}),
    ],
)
def test_other_tags_are_the_same_sound_and_other_sound_is_not(
    suffix: str, options: dict[str, str], tmp_path: Path
) -> None:
    files = {
        "none": written(tmp_path / f"none.{suffix}", title="", **options),
        "short": written(tmp_path / f"short.{suffix}", title="One", **options),
        "long": written(tmp_path / f"long.{suffix}", title="A title that goes on. " * 40, **options),
    }
    ids = {name: sound_id(path) for name, path in files.items()}
    assert len({path.read_bytes() for path in files.values()}) == 3
    assert len(set(ids.values())) == 1
    assert len(ids["none"]) == 32
    assert sound_id(written(tmp_path / f"other.{suffix}", title="One", seed=1, **options)) != ids["none"]


@pytest.mark.parametrize("name", ["mp3", "flac", "aac"])
@pytest.mark.parametrize(
    "tagged", [lambda sound: ID3V2 + sound, lambda sound: sound + ID3V1, lambda sound: sound + APE]
)
def test_tags_in_front_and_behind_are_left_out(
    name: str, tagged: Callable[[bytes], bytes], corpus: dict[str, Case], tmp_path: Path
) -> None:
    if name not in corpus:
        pytest.skip("needs the extra 'av'")
    sound = corpus[name].path.read_bytes()
    ape = APE[:12] + struct.pack("<I", 32) + APE[16:]
    (tmp_path / "plain").write_bytes(sound)
    (tmp_path / "tagged").write_bytes(tagged(sound).replace(APE, ape))
    assert sound_id(tmp_path / "tagged") == sound_id(tmp_path / "plain")


def test_a_table_of_contents_is_no_sound(corpus: dict[str, Case], tmp_path: Path) -> None:
    """A tagger may write another Xing frame, or none."""
    mp3 = corpus["mp3"].path.read_bytes()
    at = max(mp3.find(b"Xing"), mp3.find(b"Info"))
    assert 0 < at < 200
    (tmp_path / "changed.mp3").write_bytes(mp3[: at + 8] + b"\x00\x00\x00\x07" + mp3[at + 12 :])
    assert sound_id(tmp_path / "changed.mp3") == sound_id(corpus["mp3"].path)


def test_an_ogg_whose_comment_fills_pages_of_its_own_is_the_same_sound(corpus: dict[str, Case], tmp_path: Path) -> None:
    """A tagger then gives all pages behind it other numbers and checksums."""
    av = pytest.importorskip("av", exc_type=ImportError)
    changed = tmp_path / "long.ogg"
    with av.open(str(corpus["ogg"].path)) as source, av.open(str(changed), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        target.metadata["comment"] = "A comment that goes on. " * 10_000
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert changed.stat().st_size > corpus["ogg"].path.stat().st_size + 200_000
    assert sound_id(changed) == sound_id(corpus["ogg"].path)


def test_mpeg_4_is_known_by_what_lies_in_its_data(corpus: dict[str, Case], tmp_path: Path) -> None:
    if "m4a" not in corpus:
        pytest.skip("needs the extra 'av'")
    m4a = corpus["m4a"].path.read_bytes()
    (tmp_path / "longer.m4a").write_bytes(m4a + struct.pack(">I", 16) + b"free" + bytes(8))
    assert sound_id(tmp_path / "longer.m4a") == sound_id(corpus["m4a"].path)
    at = m4a.find(b"mdat") + 100
    (tmp_path / "other.m4a").write_bytes(m4a[:at] + bytes([m4a[at] ^ 1]) + m4a[at + 1 :])
    assert sound_id(tmp_path / "other.m4a") != sound_id(corpus["m4a"].path)


def test_what_is_not_known_is_hashed_whole(tmp_path: Path) -> None:
    content = np.random.default_rng(0).bytes(3_000_000)
    (tmp_path / "unknown").write_bytes(content)
    assert sound_id(tmp_path / "unknown") == hashlib.blake2b(content, digest_size=16).hexdigest()


def test_half_a_file_is_another_sound(corpus: dict[str, Case]) -> None:
    assert sound_id(corpus["truncated flac"].path) != sound_id(corpus["flac"].path)
    assert sound_id(corpus["truncated mp3"].path) != sound_id(corpus["mp3"].path)


@pytest.mark.parametrize("name", ["empty file", "not there", "folder"])
def test_what_cannot_be_read_says_why(name: str, corpus: dict[str, Case]) -> None:
    with pytest.raises(SoundError):
        sound_id(corpus[name].path)


def test_boxes_that_lead_nowhere_come_to_an_end(tmp_path: Path) -> None:
    for name, box in {
        "small": b"\0\0\0\x08free",
        "none": b"\0\0\0\x01free" + bytes(8),
        "back": b"\0\0\0\x03mdat",
    }.items():
        (tmp_path / name).write_bytes(b"\0\0\0\x10ftypM4A \0\0\0\0" + box * 150_000)
        assert len(sound_id(tmp_path / name)) == 32


def test_no_damaged_file_stops_it(tmp_path: Path) -> None:
    whole = [path.read_bytes() for path in sorted([*CORPUS.glob("*.*"), *FOUND.glob("*.*")])]
    file = tmp_path / "mutant"
    for content in [*whole, *(mutant(whole, seed=3, number=number) for number in range(120))]:
        file.write_bytes(content or b"0")
        assert len(sound_id(file)) == 32
