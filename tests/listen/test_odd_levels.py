"""Sound that is nearly silent, cancels itself or is drowned by length: the answer is that of the clean copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from odd.band import band
from odd.child import Child
from odd.judge import complaint
from odd.kind import Desk, Kind, all_kinds

MUSIC_S = 30.0


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(band(MUSIC_S), tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child("listen", with_av=True) as process:
        yield process


@pytest.fixture(scope="module")
def clean(child: Child, desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the music is heard as where nothing is odd."""
    path = tmp_path_factory.mktemp("clean") / "music.wav"
    path.write_bytes(desk.wav)
    return child.hear(path).heard_as[0]


@pytest.mark.parametrize("kind", all_kinds("levels"), ids=lambda kind: kind.name)
def test_an_odd_level_gets_the_answer_of_the_clean_copy_or_a_sentence(
    child: Child, kind: Kind, desk: Desk, clean: str, tmp_path: Path
) -> None:
    path = tmp_path / kind.file_name
    kind.put(path, kind.build(desk))
    assert clean
    hearing = child.hear(path)
    assert not complaint(kind, hearing, music_s=MUSIC_S, with_av=True, clean=clean), hearing
