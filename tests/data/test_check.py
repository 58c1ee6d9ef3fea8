"""Checking: every kind of trouble is found in a set that has it, named by its clips, and a sound set has none."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.data.ceiling import Bound
from earmark.data.check import Finding, check
from earmark.data.layout import write_picture, write_rows
from earmark.data.prepare import prepare
from earmark.errors import DataError
from trees import piece, write_sound


def noise_picture(seed: int, *, frames: int = 130) -> NDArray[np.uint8]:
    """A picture like no other."""
    return np.random.default_rng(seed).integers(100, 256, (128, frames), dtype=np.uint8)


def write_set(folder: Path, rows: list[dict[str, str]], pictures: dict[str, NDArray[np.uint8]] | None = None) -> Path:
    """A set whose clips have noise for pictures, or those given."""
    for number, row in enumerate(rows):
        write_picture(folder / "mel" / f"{row['id']}.png", (pictures or {}).get(row["id"], noise_picture(number)))
    write_rows(folder / "clips.csv", rows)
    return folder


def kinds(folder: Path, **options: object) -> dict[str, list[tuple[str, ...]]]:
    """The clips of each kind of finding."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for finding in check(folder, jobs=1, **options).findings:  # type: ignore[arg-type]
        found.setdefault(finding.kind, []).append(finding.clips)
    return found


ABC = [{"id": name, "genre": "rock", "artist": f"Artist {name}"} for name in "abc"]


def test_a_sound_set_has_no_findings_and_is_counted(tmp_path: Path) -> None:
    rows = [*ABC, {"id": "d", "genre": "pop", "artist": "The Artist A"}, {"id": "e", "genre": "", "artist": ""}]
    report = check(write_set(tmp_path, rows), jobs=1)
    assert report.findings == ()
    assert (report.clips, report.unlabelled, report.artists, report.clips_without_artist) == (5, 1, 3, 1)
    assert report.labels == {"rock": 3, "pop": 1}
    assert report.notes == ("Clips not checked for clipping, as only their pictures are at hand: 5.",)


def test_missing_and_broken_pictures_are_found(tmp_path: Path) -> None:
    write_set(tmp_path, ABC)
    (tmp_path / "mel" / "a.png").unlink()
    (tmp_path / "mel" / "b.png").write_bytes(b"broken")
    assert kinds(tmp_path) == {"missing": [("a",)], "broken": [("b",)]}
    details = {finding.kind: finding.detail for finding in check(tmp_path, jobs=1).findings}
    assert details["missing"] == "neither its picture nor its sound is there"
    assert str(tmp_path / "mel" / "b.png") in details["broken"]


@pytest.mark.parametrize(("quiet_frames", "kind"), [(64, None), (65, "mostly silent"), (129, "mostly silent")])
def test_a_clip_that_is_silent_for_half_of_it_is_found(tmp_path: Path, quiet_frames: int, kind: str | None) -> None:
    picture = noise_picture(7)
    picture[:, :quiet_frames] = 31  # 70.3 dB under the maximum
    found = kinds(write_set(tmp_path, ABC, {"b": picture}))
    assert found == ({} if kind is None else {kind: [("b",)]})


@pytest.mark.parametrize("value", [0, 255])
def test_a_silent_clip_is_found(tmp_path: Path, value: int) -> None:
    assert kinds(write_set(tmp_path, ABC, {"b": np.full((128, 130), value, np.uint8)})) == {"silent": [("b",)]}


@pytest.mark.parametrize(("frames", "short"), [(64, True), (65, False)])
def test_a_clip_of_less_than_half_the_median_is_too_short(tmp_path: Path, frames: int, short: bool) -> None:
    found = kinds(write_set(tmp_path, ABC, {"b": noise_picture(7, frames=frames)}))
    assert found == ({"too short": [("b",)]} if short else {})


def test_identical_clips_are_duplicates_and_not_near_ones_too(tmp_path: Path) -> None:
    found = kinds(write_set(tmp_path, ABC, {"b": noise_picture(0), "c": noise_picture(0)}))
    assert found == {"duplicate": [("a", "b", "c")]}


def test_a_shifted_quieter_copy_is_a_near_duplicate(tmp_path: Path) -> None:
    original = noise_picture(0, frames=200)
    copy = np.clip(original[:, 40:].astype(int) - 30, 0, 255).astype(np.uint8)
    report = check(write_set(tmp_path, ABC, {"a": original, "c": copy}), jobs=1)
    assert [(each.kind, each.clips) for each in report.findings] == [("near-duplicate", ("a", "c"))]
    assert "+3.1 s" in report.findings[0].detail


def test_an_artist_on_both_sides_of_a_split_is_found_under_any_spelling(tmp_path: Path) -> None:
    artists = ["The Cure", "Cure", "Donna Summer", "Barbra Streisand and Donna Summer", "Queen", "Queen", "", ""]
    sides = ["train", "valid", "train", "valid", "train", "train", "train", "valid"]
    rows = [
        {"id": f"c{number}", "genre": "rock", "artist": artist, "my_split": side, "other_split": "x"}
        for number, (artist, side) in enumerate(zip(artists, sides, strict=True))
    ]
    assert kinds(write_set(tmp_path, rows)) == {"artist on both sides": [("c0", "c1"), ("c2", "c3")]}
    assert kinds(tmp_path, splits=["other_split"]) == {}


def test_a_column_of_many_values_is_no_split_unless_it_is_asked_for(tmp_path: Path) -> None:
    rows = [{"id": f"c{n}", "artist": "Queen", "moods_split": f"mood {n}"} for n in range(11)]
    assert kinds(write_set(tmp_path, rows)) == {}
    assert list(kinds(tmp_path, splits=["moods_split"])) == ["artist on both sides"]


def test_sound_is_heard_where_it_is_at_hand(tmp_path: Path) -> None:
    write_sound(tmp_path / "sound" / "good.wav", piece("plucks", length_s=4.0))
    write_sound(tmp_path / "sound" / "loud.wav", np.clip(8 * piece("drone", length_s=4.0), -1, 1))
    write_sound(tmp_path / "sound" / "zero.wav", np.zeros(4 * 22_050, np.float32))
    (tmp_path / "sound" / "text.wav").write_text("not a sound")
    names = ("good", "loud", "zero", "text", "gone")
    write_rows(tmp_path / "clips.csv", [{"id": name, "path": f"sound/{name}.wav"} for name in names])
    found = kinds(tmp_path)
    assert found == {"missing": [("gone",)], "broken": [("text",)], "silent": [("zero",)], "clipped": [("loud",)]}
    assert check(tmp_path, jobs=2).findings == check(tmp_path, jobs=1).findings


def test_a_prepared_set_is_checked_for_clipping_without_its_sound(tmp_path: Path) -> None:
    write_sound(tmp_path / "source/rock/good.wav", piece("plucks", length_s=4.0))
    write_sound(tmp_path / "source/rock/loud.wav", np.clip(8 * piece("drone", length_s=4.0), -1, 1))
    prepare(tmp_path / "source", tmp_path / "out", jobs=1)
    (tmp_path / "source").rename(tmp_path / "elsewhere")
    report = check(tmp_path / "out", jobs=1)
    assert [(finding.kind, finding.clips) for finding in report.findings] == [("clipped", ("rock.loud",))]
    assert report.notes == ()


PREDICTIONS = """id,set,label,seed,prediction,p_pop,p_rock
a,SET,rock,0,pop,0.98,0.02
a,SET,rock,1,pop,0.94,0.06
b,SET,rock,0,rock,0.05,0.95
c,SET,pop,0,pop,0.80,0.20
a,other,rock,0,rock,0.00,1.00
"""


def test_a_doubtful_label_is_one_that_all_seeds_together_are_sure_is_another(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "mine", ABC)
    (tmp_path / "p.csv").write_text(PREDICTIONS.replace("SET", "mine"))
    (finding,) = check(folder, suspects=[tmp_path / "p.csv"], jobs=1).findings
    seen = "labelled rock (4% out of fold), sounds like pop (96%, 1 of 1 systems)"
    assert finding == Finding("label doubtful", ("a",), seen)


def test_suspects_are_held_against_known_faults_and_all_labels_are_ranked(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "mine", [{**row, "title": row["id"].upper()} for row in ABC])
    gone = "gone,mine,rock,0,rock,0.30,0.70\n"  # no clip of the set
    (tmp_path / "net.csv").write_text(PREDICTIONS.replace("SET", "mine") + gone)
    (tmp_path / "known.csv").write_text("id,artist\na,artist a\nz,nobody\n")
    options = {"suspects": [tmp_path / "net.csv"], "known_faults": tmp_path / "known.csv", "jobs": 1}
    ceiling = check(folder, ranking=tmp_path / "ranking.csv", **options).ceiling  # type: ignore[arg-type]
    assert ceiling is not None
    assert ceiling.bounds == (Bound("net", 2 / 3, 1.0),)
    assert ceiling.agreement is not None
    assert (ceiling.agreement.both, ceiling.agreement.ranks, ceiling.agreement.auc) == (1, {"a": 1}, 1.0)
    lines = (tmp_path / "ranking.csv").read_text().splitlines()
    assert (len(lines), ceiling.agreement.clips) == (4, 3)
    assert lines[1] == "1,a,Artist a,A,rock,pop,0.0400,0.9600,0.9200,1 of 1,doubtful"


def test_a_shared_label_is_not_counted_as_a_wrong_one(tmp_path: Path) -> None:
    rows = [{"id": name, "genre": "rock", "artist": name} for name in "abcdef"]
    folder = write_set(tmp_path / "mine", rows)
    pop = {"a": 0.5, "b": 0.1, "c": 0.1, "d": 0.1, "e": 0.9, "f": 0.4}
    rock = {"a": 0.48, "b": 0.4, "c": 0.3, "d": 0.6, "e": 0.05, "f": 0.5}
    lines = [f"{name},mine,{'pop' if name == 'f' else 'rock'},{pop[name]},{rock[name]},0" for name in "abcdef"]
    (tmp_path / "net.csv").write_text("\n".join(["id,set,label,p_pop,p_rock,p_jazz", *lines]))
    report = check(folder, suspects=[tmp_path / "net.csv"], jobs=1)
    assert {finding.clips[0]: finding.kind for finding in report.findings}.items() >= {
        ("a", "label shared"),
        ("e", "label doubtful"),
    }
    assert report.ceiling is not None
    assert report.ceiling.bounds == (Bound("net", pytest.approx(3 / 6), pytest.approx(3 / 5)),)
    assert report.ceiling.agreement is None


@pytest.mark.parametrize("option", ["known_faults", "ranking"])
def test_what_is_made_of_predictions_needs_some(tmp_path: Path, option: str) -> None:
    with pytest.raises(DataError, match=r"^Labels are ranked by predictions\..*--suspects"):
        check(write_set(tmp_path, ABC), jobs=1, **{option: tmp_path / "x.csv"})  # type: ignore[arg-type]


def test_a_set_of_which_nothing_can_be_read_is_an_error(tmp_path: Path) -> None:
    write_rows(tmp_path / "clips.csv", ABC)
    with pytest.raises(DataError, match="None of the 3 clips"):
        check(tmp_path, jobs=1)


def test_a_split_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'fold'"):
        check(write_set(tmp_path, ABC), splits=["fold"], jobs=1)


def test_pictures_that_no_row_names_are_noted(tmp_path: Path) -> None:
    write_set(tmp_path, ABC)
    write_picture(tmp_path / "mel" / "stray.png", noise_picture(9))
    assert "Pictures that no row of clips.csv names: 1, such as stray." in check(tmp_path, jobs=1).notes


def test_gtzan_s_split_has_one_artist_on_both_sides_and_nothing_else(real_data: Path) -> None:
    report = check(real_data / "gtzan")
    assert (report.clips, report.artists, report.clips_without_artist) == (639, 154, 43)
    assert report.labels["blues"] == 69
    (finding,) = report.findings
    assert finding.kind == "artist on both sides"
    assert "Donna Summer: fault_filtered_split: 1 in train, 3 in valid" in finding.detail


def test_a_set_with_columns_of_its_own_pitch_is_checked_in_seconds_and_says_so(tmp_path: Path) -> None:
    write_set(tmp_path, ABC, {"a": noise_picture(1, frames=128), "b": noise_picture(2, frames=10)})
    (tmp_path / "set.toml").write_text("column_s = 0.2342\n")
    report = check(tmp_path, jobs=1)
    assert "Its pictures have a column every 234 ms; they are read as one every 77.5 ms." in report.notes
    (short,) = [finding for finding in report.findings if finding.kind == "too short"]
    assert short.detail.startswith("2.")  # ten columns
