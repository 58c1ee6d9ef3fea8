"""Names for files that are written one for each of many: as the many lie, no two alike."""

from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.library.mirrored import mirrored_names, within


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ([], []),
        (["/music/a/song.mp3"], ["song.ogg"]),
        (["/music/a/one.mp3", "/music/b/two.mp3"], ["a/one.ogg", "b/two.ogg"]),
        (["/music/one.mp3", "/music/one.flac", "/music/two.flac"], ["one.mp3.ogg", "one.flac.ogg", "two.ogg"]),
        (["/music/One.mp3", "/music/one.flac"], ["One.mp3.ogg", "one.flac.ogg"]),
        (["/music/no suffix"], ["no suffix.ogg"]),
        (["/music/a.b.c.mp3"], ["a.b.c.ogg"]),
        (["/music/x/../song.mp3"], ["song.ogg"]),
        (["/music/\udcff.mp3"], ["\udcff.ogg"]),
    ],
)
def test_they_lie_below_the_folder_that_all_have_in_common(paths: list[str], names: list[str]) -> None:
    assert mirrored_names(paths, ".ogg") == names


parts = st.text(st.characters(codec="utf-8", exclude_characters="/\\\0"), min_size=1, max_size=6).filter(
    lambda part: part not in (".", "..") and part.strip()
)


@given(st.lists(st.lists(parts, min_size=1, max_size=3), max_size=8, unique_by=tuple))
def test_no_two_are_alike_and_none_leaves_the_folder(ways: list[list[str]]) -> None:
    paths = ["/music/" + "/".join(way) for way in ways]
    names = mirrored_names(paths, ".ogg")
    assert len({name.casefold() for name in names}) == len(names) == len(paths)
    assert all(".." not in PurePath(name).parts and not PurePath(name).is_absolute() for name in names)


def test_those_that_lie_in_a_folder_are_found_through_links(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "deeper").mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "outer").mkdir()
    paths = [str(tmp_path / "link/deeper/a.ogg"), str(tmp_path / "outer/b.ogg"), str(folder / "c.ogg")]
    assert within(folder, paths) == [paths[0], paths[2]]
