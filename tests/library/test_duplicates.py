"""Groups of one recording: what is together, what is not, and in what the files differ."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.library.collection import Collection
from earmark.library.duplicates import SAME_RECORDING, SAME_SOUND, Group, duplicates, kbit_s
from earmark.library.entry import Entry, Heard
from earmark.library.fingerprint import VERSION, WORDS
from earmark.library.store import FileFacts
from made_collection import opened


def printed(seed: int, *, errors: float = 0.0) -> bytes:
    """A fingerprint of one stretch that nobody heard; a share of its bits is wrong."""
    bits = np.random.default_rng(seed).random((WORDS, 16)) < 0.5
    wrong = np.random.default_rng(seed + 1000).random(bits.shape) < errors
    return bytes([VERSION]) + np.packbits(bits ^ wrong, axis=1).tobytes()


def made(folder: Path, changes: dict[int, dict[str, object]], *, n: int = 30) -> Collection:
    """Entries with a fingerprint each, changed by number: fields of facts and heard, and "length"."""
    vectors: dict[int, NDArray[np.float32]] = {}

    def change(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        asked = dict(changes.get(number, {}))
        vectors[number] = heard.vector
        length_s = 100.0 + 10 * number if "length" not in asked else asked.pop("length")
        heard = replace(heard, fingerprint=printed(number), track=replace(heard.track, duration_s=length_s))
        if "vector_of" in asked:
            heard = replace(heard, vector=vectors[asked.pop("vector_of")])  # type: ignore[index]
        said = {name: value for name, value in asked.items() if name in ("fingerprint",)}
        told = {name: value for name, value in asked.items() if name not in said}
        return replace(facts, **told), replace(heard, **said)  # type: ignore[arg-type]

    return opened(folder, np.random.default_rng(0), n=n, change=change)


def numbers(group: Group) -> set[int]:
    return {int(entry.path[-9:-4]) for entry in group.entries}


def test_the_same_encoded_sound_is_a_group_whatever_else_differs(tmp_path: Path) -> None:
    with made(tmp_path, {3: {"sound_id": "x"}, 9: {"sound_id": "x"}, 17: {"sound_id": "x"}}) as collection:
        (group,) = duplicates(collection)
    assert numbers(group) == {3, 9, 17}
    assert (group.kind, group.similarity) == (SAME_SOUND, 1.0)


def test_another_encoding_is_known_by_fingerprint_and_length(tmp_path: Path) -> None:
    copy = {"vector_of": 4, "length": 141.0, "fingerprint": printed(4, errors=0.15)}
    with made(tmp_path, {9: copy}) as collection:
        (group,) = duplicates(collection)
    assert numbers(group) == {4, 9}
    assert group.kind == SAME_RECORDING
    assert 0.4 < group.similarity < 1


@pytest.mark.parametrize(
    "other",
    [
        {"vector_of": 4, "length": 141.0},
        {"vector_of": 4, "length": 160.0, "fingerprint": printed(4)},
        {"length": 141.0, "fingerprint": printed(4)},
        {"vector_of": 4, "length": 141.0, "fingerprint": b""},
    ],
    ids=["another fingerprint", "another length", "a vector far away", "no fingerprint"],
)
def test_what_is_alike_in_part_is_no_group(tmp_path: Path, other: dict[str, object]) -> None:
    with made(tmp_path, {8: other}) as collection:  # of another cluster than 4
        assert duplicates(collection) == ()


def test_groups_grow_by_all_that_belong_together(tmp_path: Path) -> None:
    copies = {
        9: {"vector_of": 4, "length": 140.5, "fingerprint": printed(4, errors=0.1), "sound_id": "x"},
        14: {"vector_of": 4, "length": 139.0, "fingerprint": printed(4, errors=0.2)},
        21: {"sound_id": "x"},
    }
    with made(tmp_path, copies) as collection:
        (group,) = duplicates(collection)
    assert numbers(group) == {4, 9, 14, 21}


def test_pairs_are_found_in_parts_of_a_collection_as_in_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = {
        number + 5: {"vector_of": number, "length": 100.0 + 10 * number, "fingerprint": printed(number)}
        for number in (2, 8, 19)
    }
    with made(tmp_path, copies) as collection:
        whole = duplicates(collection)
        monkeypatch.setattr("earmark.library.duplicates._ROWS_AT_ONCE", 4)
        assert duplicates(collection) == whole
    assert len(whole) == 3


def entry(name: str, *, size: int = 4_000_000, duration_s: float = 200.0, sound_id: str = "", **tags: str) -> Entry:
    return Entry(1, f"/music/{name}", size, 1, sound_id, tags, duration_s, "song", 1.0, "made 1")


def test_it_says_in_what_files_differ() -> None:
    flac, mp3 = entry("a.flac", size=20_000_000, title="A"), entry("b.mp3", duration_s=200.2, title="A", album="Best")
    assert Group((flac, mp3), 0.9).differs == ("format", "bit rate", "album")
    longer = entry("c.mp3", duration_s=203.0, size=4_060_000)
    assert Group((longer, entry("d.MP3")), 0.9).differs == ("length",)
    assert Group((entry("a.mp3"), entry("b.mp3")), 1.0).differs == ()


def test_a_group_is_of_one_sound_where_all_hashes_are_the_same() -> None:
    same, other, unknown = entry("a.mp3", sound_id="x"), entry("b.mp3", sound_id="y"), entry("c.mp3")
    assert Group((same, same), 1.0).kind == SAME_SOUND
    for pair in itertools.permutations((same, other, unknown), 2):
        assert Group(pair, 0.9).kind == SAME_RECORDING
    assert Group((unknown, entry("d.mp3")), 0.9).kind == SAME_RECORDING


def test_bit_rates_are_of_the_whole_file() -> None:
    assert kbit_s(entry("a.mp3", size=5_000_000, duration_s=200.0)) == pytest.approx(200.0)
    assert kbit_s(entry("a.mp3", duration_s=0.0)) > 0


def test_a_group_is_plain_json() -> None:
    said = Group((entry("a.mp3", title="A"), entry("b.mp3")), 0.9).to_dict()
    assert said["differs"] == ["title"]
    assert said["files"][0]["tags"] == {"title": "A"}
    assert said["files"][0]["kbit_s"] == 160
