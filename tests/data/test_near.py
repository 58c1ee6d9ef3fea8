"""Near-duplicates: copies of one recording are found at another level, in mp3 and later; other pieces are not."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from earmark.data.dataset import Dataset
from earmark.data.layout import picture_of_db
from earmark.data.near import SIMILAR, fingerprint, near_duplicates
from earmark.data.synth import STYLES, compose
from earmark.sound.mel import log_mel
from trees import RATE_HZ


def recording(seed: int, *, length_s: float = 20.0) -> NDArray[np.float32]:
    """Notes of random pitch and length over noise: music that, unlike the synthetic styles, does not repeat itself."""
    rng = np.random.default_rng(seed)
    sound = 0.003 * rng.standard_normal(round(length_s * RATE_HZ), dtype=np.float32)
    onset = 0
    while onset < sound.size:
        note_samples = min(round(rng.uniform(0.15, 0.6) * RATE_HZ), sound.size - onset)
        time_s = np.arange(note_samples) / RATE_HZ
        for harmonic in range(1, int(rng.integers(3, 12))):
            pitch_hz = harmonic * 110 * 2 ** rng.uniform(0, 2)
            sound[onset : onset + note_samples] += (
                0.1 / harmonic * np.sin(2 * np.pi * pitch_hz * time_s) * np.exp(-3 * time_s)
            )
        onset += note_samples
    return sound


def as_mp3(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is left after mp3 of low rate."""
    file = io.BytesIO()
    soundfile.write(file, sound, RATE_HZ, format="MP3", bitrate_mode="CONSTANT", compression_level=0.9)
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


def picture(sound: NDArray[np.float32]) -> NDArray[np.uint8]:
    return picture_of_db(log_mel(sound))


@pytest.mark.parametrize(("gain", "shift_s"), [(0.1, 0.0), (0.5, 0.0387), (0.4, 3.4), (1.0, 6.13), (0.7, 9.5)])
def test_a_quieter_mp3_copy_that_begins_later_is_found(gain: float, shift_s: float) -> None:
    original = recording(1)
    copy = as_mp3(gain * original[round(shift_s * RATE_HZ) :])
    others = [picture(recording(seed)) for seed in range(10, 16)]
    found = near_duplicates([*others[:3], picture(original), *others[3:], picture(copy)], jobs=1)
    assert [(near.first, near.second) for near in found] == [(3, 7)]
    assert found[0].shift_s == pytest.approx(shift_s, abs=0.16)
    assert found[0].similarity > 0.5


def test_a_copy_that_begins_earlier_has_a_negative_shift() -> None:
    sound = recording(1)
    (near,) = near_duplicates([picture(sound[4 * RATE_HZ :]), picture(sound)], jobs=1)
    assert near.shift_s == pytest.approx(-4.0, abs=0.16)


def test_an_identical_picture_scores_one() -> None:
    (near,) = near_duplicates([picture(recording(1))] * 2, jobs=1)
    assert near.similarity == pytest.approx(1.0, abs=1e-5)
    assert near.shift_s == 0


def test_pieces_of_different_seeds_are_not_alike() -> None:
    pieces = [
        picture(compose(style, duration_s=12.0, rng=np.random.default_rng(seed)).samples)
        for style in STYLES
        for seed in range(4)
    ]
    assert [near for near in near_duplicates(pieces, jobs=1) if near.first // 4 != near.second // 4] == []
    assert near_duplicates([picture(recording(seed)) for seed in range(12)], jobs=1) == []


def test_processes_find_what_one_process_finds() -> None:
    pictures = [picture(recording(seed, length_s=6.0)) for seed in range(65)]
    pictures[50] = picture(as_mp3(recording(7, length_s=6.0)))
    assert near_duplicates(pictures, jobs=2) == near_duplicates(pictures, jobs=1)
    assert [(near.first, near.second) for near in near_duplicates(pictures, jobs=1)] == [(7, 50)]


def test_a_short_clip_inside_a_long_one_is_found() -> None:
    sound = recording(2)
    (near,) = near_duplicates([picture(sound), picture(sound[5 * RATE_HZ : 15 * RATE_HZ])], jobs=1)
    assert near.shift_s == pytest.approx(5.0, abs=0.16)


@pytest.mark.parametrize(
    "dull",
    [
        np.full((128, 387), 255, np.uint8),
        np.zeros((128, 387), np.uint8),
        np.zeros((128, 0), np.uint8),
        np.zeros((128, 1), np.uint8),
        picture(recording(1))[:, :30],
    ],
)
def test_what_is_silent_or_shorter_than_three_seconds_is_like_nothing(dull: NDArray[np.uint8]) -> None:
    assert near_duplicates([dull, dull, picture(recording(1))], jobs=1) == []


def test_no_clips_have_no_duplicates() -> None:
    assert near_duplicates([]) == []


def test_a_fingerprint_has_15_rows_and_half_the_frames() -> None:
    assert fingerprint(picture(recording(1, length_s=5.0))).shape == (15, 32)


def test_emotify_s_known_duplicates_are_found_and_no_other_recordings(real_data: Path) -> None:
    dataset = Dataset.load(real_data / "emotify")
    found = {
        frozenset((dataset.clips[near.first].id, dataset.clips[near.second].id)): near.similarity
        for near in near_duplicates(dataset.pictures())
    }
    known = {frozenset(("170", "176")), frozenset(("172", "175")), frozenset(("359", "366"))}
    assert known <= found.keys()
    assert all(found[pair] > 0.9 for pair in known)
    titles = {clip.id: clip.columns["title"].strip(": ").split("(")[0] for clip in dataset.clips}
    assert all(len({titles[clip_id] for clip_id in pair}) == 1 for pair in found)
    assert len(found) <= 6


def test_gtzan_s_fault_filtered_clips_are_all_different_recordings(real_data: Path) -> None:
    near = near_duplicates(Dataset.load(real_data / "gtzan").pictures(), threshold=0.1)
    assert max(each.similarity for each in near) < 0.25 < SIMILAR


@pytest.mark.parametrize(("shift_s", "found"), [(5.0, 1), (8.0, 0)])
def test_clips_that_share_less_than_half_of_the_shorter_one_are_not_called_alike(shift_s: float, found: int) -> None:
    sound = recording(3)
    first, second = sound[: 12 * RATE_HZ], sound[round(shift_s * RATE_HZ) : round((shift_s + 12) * RATE_HZ)]
    assert len(near_duplicates([picture(first), picture(second)], jobs=1)) == found
