"""Files of the fuzz corpus, and those that once did harm: decoded without a crash, a hang or another exception."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fuzz.findings import kind_of
from fuzz.mutate import LARGEST, mutant
from fuzz.seeds import CORPUS, FOUND
from odd import surgery
from odd.child import Child

FILES = sorted([*CORPUS.glob("*.*"), *FOUND.glob("*.*")])


@pytest.fixture(scope="module", params=[True, False], ids=["with PyAV", "without PyAV"])
def child(request: pytest.FixtureRequest) -> Iterator[Child]:
    with Child("decode", with_av=request.param) as process:
        yield process


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_does_harm(child: Child, path: Path) -> None:
    hearing = child.hear(path.read_bytes())
    assert not hearing.fault
    assert hearing.said or hearing.heard_s


@pytest.fixture(scope="module")
def corpus() -> list[bytes]:
    return [path.read_bytes() for path in sorted(CORPUS.glob("*.*"))]


def test_a_mutant_follows_from_seed_and_number(corpus: list[bytes]) -> None:
    row = [mutant(corpus, seed=7, number=number) for number in range(50)]
    assert row == [mutant(corpus, seed=7, number=number) for number in range(50)]
    assert len(set(row)) > 40, "they differ"
    assert row != [mutant(corpus, seed=8, number=number) for number in range(50)]
    assert max(map(len, row)) <= LARGEST


def test_most_mutants_of_an_ogg_still_have_good_checksums() -> None:
    ogg = [(CORPUS / "vorbis.ogg").read_bytes()]
    mutants = [mutant(ogg, seed=0, number=number) for number in range(100)]
    mutants = [each for each in mutants if each[:4] == b"OggS" and each not in ogg]
    good = [each for each in mutants if all(surgery.sealed(page) == page for page in surgery.ogg_pages(each))]
    assert len(good) > len(mutants) / 2


@pytest.mark.parametrize("name", ["pcm16.flac", "pcm24.flac"])
def test_a_sound_flac_is_not_changed_by_sealing(name: str) -> None:
    content = (CORPUS / name).read_bytes()
    assert surgery.flac_sealed(content) == content


def test_a_flac_with_a_lie_in_a_frame_header_gets_its_checksum() -> None:
    content = bytearray((CORPUS / "pcm16.flac").read_bytes())
    frame = content.find(b"\xff\xf8", 42)
    content[frame + 3] ^= 0x10
    sealed = surgery.flac_sealed(bytes(content))
    assert sealed != bytes(content)
    assert surgery.flac_sealed(sealed) == sealed


def test_findings_of_one_kind_differ_in_numbers_alone() -> None:
    wav, flac = b"RIFF" + bytes(40), b"fLaC" + bytes(40)
    assert kind_of(wav, "IndexError: 12 of 3") == kind_of(flac, "IndexError: 4 of 55")
    assert kind_of(wav, "IndexError: 12 of 3") != kind_of(wav, "ValueError: 12 of 3")
    assert kind_of(wav, "no end within 15 s") != kind_of(flac, "no end within 15 s"), "the decoder is another one"
