"""Every kind of odd file that Python and the project's dependencies can make, decoded with PyAV and without."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from odd.band import band
from odd.child import Child
from odd.judge import complaint
from odd.kind import Desk, Kind, all_kinds

MUSIC_S = 6.0
# What is silent or quiet is a matter of the whole track: tests/listen/test_odd_levels.py hears those.
KINDS = [kind for kind in all_kinds("mpeg", "xiph", "riff", "pcm", "foreign", "not_sound", "places") if not kind.needs]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    pytest.importorskip("av", reason="needs the extra 'av' to make the files")
    return Desk(band(MUSIC_S), tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def built() -> dict[str, bytes]:
    """What was made for the one child, kept for the other."""
    return {}


@pytest.fixture(scope="module", params=[True, False], ids=["with PyAV", "without PyAV"])
def child(request: pytest.FixtureRequest) -> Iterator[tuple[Child, bool]]:
    with Child("decode", with_av=request.param) as process:
        yield process, request.param


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_odd_file_is_heard_or_what_is_missing_is_said(
    child: tuple[Child, bool], kind: Kind, desk: Desk, built: dict[str, bytes], tmp_path: Path
) -> None:
    process, with_av = child
    path = tmp_path / kind.file_name
    if kind.name not in built:
        built[kind.name] = kind.build(desk)
    kind.put(path, built[kind.name])
    hearing = process.hear(path)
    assert not complaint(kind, hearing, music_s=MUSIC_S, with_av=with_av), hearing
