"""clips.csv and pictures: there and back, and in one sentence where they are not what they should be."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from earmark.data.dataset import Dataset
from earmark.data.layout import (
    OWN_PITCH,
    Pitch,
    db_of_picture,
    is_file_name,
    picture_of_db,
    read_picture,
    read_rows,
    write_picture,
    write_rows,
)
from earmark.errors import DataError
from earmark.sound.tokens import FRAME_S


def test_a_picture_comes_back_to_the_last_value(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (128, 7), dtype=np.uint8)
    write_picture(tmp_path / "mel" / "a.png", picture)
    np.testing.assert_array_equal(read_picture(tmp_path / "mel" / "a.png"), picture)


def test_the_highest_band_is_on_top_of_a_picture_file(tmp_path: Path) -> None:
    picture = np.zeros((128, 3), np.uint8)
    picture[127] = 255
    write_picture(tmp_path / "a.png", picture)
    on_disk = np.asarray(Image.open(tmp_path / "a.png"))
    assert on_disk[0].tolist() == [255, 255, 255]
    assert on_disk[1:].max() == 0


def test_values_stand_for_decibels_as_the_layout_says() -> None:
    values = np.array([0, 51, 255], np.uint8)
    np.testing.assert_allclose(db_of_picture(values), [-80.0, -64.0, 0.0], atol=1e-5)
    assert db_of_picture(values).dtype == np.float32


def test_decibels_survive_a_picture_to_half_a_step_of_8_bits() -> None:
    db = np.linspace(-80, 0, 1001, dtype=np.float32)
    assert np.abs(db_of_picture(picture_of_db(db)) - db).max() <= 80 / 255 / 2 + 1e-4


def test_levels_under_the_floor_become_the_floor() -> None:
    assert picture_of_db(np.array([-120.0, 3.0], np.float32)).tolist() == [0, 255]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing"),
        (b"", "no picture"),
        (b"text named png", "no picture"),
        (b"\x89PNG\r\n\x1a\n cut short", "no picture"),
    ],
)
def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.png.*{sentence}"):
        read_picture(path)


def test_a_truncated_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_picture(path, np.random.default_rng(0).integers(0, 256, (128, 50), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(DataError, match="no picture"):
        read_picture(path)


def test_a_picture_of_another_height_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((96, 4), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="96 rows"):
        read_picture(tmp_path / "a.png")


def test_rows_come_back_with_id_first_and_gaps_empty(tmp_path: Path) -> None:
    write_rows(tmp_path / "clips.csv", [{"genre": "rock, hard", "id": "a"}, {"id": "b", "artist": 'Björk "B"\nG'}])
    assert (tmp_path / "clips.csv").read_text(encoding="utf-8").startswith("id,genre,artist\n")
    assert read_rows(tmp_path / "clips.csv") == [
        {"id": "a", "genre": "rock, hard", "artist": ""},
        {"id": "b", "genre": "", "artist": 'Björk "B"\nG'},
    ]


def test_a_table_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_bytes("\ufeffid,genre\na,rock\n".encode())
    assert read_rows(tmp_path / "clips.csv") == [{"id": "a", "genre": "rock"}]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no column 'id'"),
        ("name,genre\na,rock\n", "no column 'id'"),
        ("id,genre\n", "no rows"),
        ("id,genre\na,rock\na,pop\n", "row 3: the id 'a' is used twice"),
        ("id,genre\n,rock\n", "row 2: the id '' cannot be a file name"),
        ("id,genre\n../../etc/passwd,rock\n", "cannot be a file name"),
        ("id,genre\na\\b,rock\n", "cannot be a file name"),
        ("id,genre\n..,rock\n", "cannot be a file name"),
        ("id,genre\na,rock,extra\n", "row 2, has more cells"),
        ("id,genre\na,\xff\n", "cannot be read"),
    ],
)
def test_a_table_that_is_not_in_the_layout_is_refused_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "clips.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=sentence):
        read_rows(tmp_path / "clips.csv")


def test_a_folder_without_a_table_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="earmark data prepare"):
        read_rows(tmp_path / "clips.csv")


@given(st.text(max_size=20))
def test_what_counts_as_a_file_name_never_leaves_its_folder(text: str) -> None:
    if is_file_name(text):
        assert Path("/sets/mel", text).parent == Path("/sets/mel")
        assert Path("/sets/mel", text).name == text


def test_line_breaks_within_a_cell_stay_what_they_are(tmp_path: Path) -> None:
    rows = [{"id": "a", "notes": "one\r\ntwo\nthree\rfour"}]
    write_rows(tmp_path / "clips.csv", rows)
    assert read_rows(tmp_path / "clips.csv") == rows


def test_columns_of_another_pitch_are_moved_onto_frames_by_straight_lines() -> None:
    pitch = Pitch(column_s=3 * FRAME_S, first_s=FRAME_S)
    moved = pitch.to_frames(np.array([[0.0, 30.0, 0.0]], np.float32))
    np.testing.assert_allclose(moved, [[0, 0, 10, 20, 30, 20, 10, 0]], atol=1e-4)  # the ends go on
    assert OWN_PITCH.own
    assert not OWN_PITCH.coarse
    assert pitch.coarse
    assert not Pitch(column_s=1.2 * FRAME_S).coarse


def test_a_set_says_its_own_pitch_and_is_read_at_the_front_ends(tmp_path: Path) -> None:
    write_rows(tmp_path / "clips.csv", [{"id": "a"}])
    picture = np.zeros((128, 4), np.uint8)
    picture[:, 2] = 255
    write_picture(tmp_path / "mel" / "a.png", picture)
    assert Dataset.load(tmp_path).pitch is OWN_PITCH
    (tmp_path / "set.toml").write_text(f"column_s = {2 * FRAME_S}  # every second\n")
    data = Dataset.load(tmp_path)
    (clip,) = data.clips
    assert data.select(lambda clip: True).pitch == data.pitch
    assert data.picture(clip)[5].tolist() == [0, 0, 0, 128, 255, 128, 0]
    np.testing.assert_allclose(data.db(clip)[0, [0, 4]], [-80, 0], atol=1e-4)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("column_s = ", "is not TOML"),
        ("pitch = 0.2", "'pitch' is not known"),
        ('column_s = "wide"', "'column_s' must be a number of seconds"),
        ("first_s = -1.0", "'first_s' must be a number of seconds"),
        ("column_s = 1e9", "'column_s' must be a number of seconds"),
        ("column_s = 0", "'column_s' must be above 0"),
    ],
)
def test_a_pitch_that_is_none_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "set.toml").write_text(content)
    with pytest.raises(DataError, match=f"set.toml.*{sentence}"):
        Pitch.load(tmp_path)
