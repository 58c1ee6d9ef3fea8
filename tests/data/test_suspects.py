"""Doubtful labels: by confident learning, averaged over systems that must agree."""

from pathlib import Path

import pytest

from earmark.data.suspects import Answers, Doubt, find_suspects, rank_labels, read_answers, read_hits
from earmark.errors import DataError

# Ten clips of each genre that are heard as labelled, at 0.8; what is to be tested comes on top.
PLAIN = {f"{genre}{number}": genre for genre in ("pop", "rock") for number in range(10)}


def system(**strange: tuple[str, float]) -> Answers:
    """A system that hears the plain clips well; `strange` are clips by name with (label, probability of pop)."""
    pop = {name: 0.8 if genre == "pop" else 0.2 for name, genre in PLAIN.items()}
    labels = {**PLAIN, **{name: label for name, (label, _) in strange.items()}}
    pop |= {name: probability for name, (_, probability) in strange.items()}
    return Answers({name: {"pop": p, "rock": 1 - p} for name, p in pop.items()}, labels)


def test_a_label_that_all_systems_contradict_is_wrong() -> None:
    (found,) = find_suspects([system(x=("rock", 0.95)), system(x=("rock", 0.85))])
    assert (found.id, found.label, found.other, found.shared) == ("x", "rock", "pop", False)
    assert (found.p_label, found.p_other) == (pytest.approx(0.1), pytest.approx(0.9))
    assert (found.agree, found.systems) == (2, 2)


def test_a_clip_that_is_less_pop_than_pop_is_wont_to_be_is_no_suspect() -> None:
    assert find_suspects([system(x=("rock", 0.7))]) == []


def test_what_one_system_of_three_hears_is_no_news_about_a_label() -> None:
    labels = {f"{genre}{number}": genre for genre in ("pop", "rock", "jazz") for number in range(10)}

    def hears(pop: float, rock: float) -> Answers:
        plain = {name: {each: 0.55 if each == genre else 0.225 for each in ("pop", "rock", "jazz")}
                 for name, genre in labels.items()}  # fmt: skip
        return Answers(plain | {"x": {"pop": pop, "rock": rock, "jazz": 1 - pop - rock}}, labels | {"x": "jazz"})

    # The same mean for pop, 0.6: of one that is sure while two hear rock, and of three that hear pop.
    assert find_suspects([hears(1.0, 0.0), hears(0.4, 0.6), hears(0.4, 0.6)]) == []
    (found,) = find_suspects([hears(0.6, 0.2)] * 3)
    assert (found.id, found.other, found.agree) == ("x", "pop", 3)


def test_a_clip_that_is_confidently_both_shares_its_label() -> None:
    plain = {name: {"pop": 0.4 if genre == "pop" else 0.1, "rock": 0.4 if genre == "rock" else 0.1, "jazz": 0.5}
             for name, genre in PLAIN.items()}  # fmt: skip
    answers = Answers(plain | {"x": {"pop": 0.5, "rock": 0.45, "jazz": 0.05}}, {**PLAIN, "x": "rock"})
    (found,) = find_suspects([answers])
    assert (found.id, found.other, found.shared) == ("x", "pop", True)


def test_the_surest_stand_first_and_shared_ones_last() -> None:
    found = find_suspects([system(x=("rock", 0.85), y=("rock", 0.99), z=("pop", 0.1))])
    assert [each.id for each in found] == ["y", "z", "x"]


def test_labels_are_ranked_by_the_margin_of_the_likeliest_other_genre() -> None:
    ranking = rank_labels([system(x=("rock", 0.7)), system(x=("rock", 0.4))])
    assert ranking[0] == Doubt("x", "rock", "pop", pytest.approx(0.45), pytest.approx(0.55), 1, 2)
    assert ranking[0].score == pytest.approx(0.1)
    assert ranking[-1].score == pytest.approx(0.2 - 0.8)
    assert len(ranking) == 21


def test_all_labels_are_ranked_whatever_is_suspect_and_none_that_no_system_knows() -> None:
    answers = [system(x=("polka", 0.9), y=("rock", 0.95))]
    assert rank_labels(answers)[0].id == "y"
    assert {doubt.id for doubt in rank_labels(answers)} == {*PLAIN, "y"}


def table(rows: str) -> str:
    return f"id,set,label,p_pop,p_rock\n{rows}"


def test_answers_come_from_a_table_or_from_the_runs_of_a_cross_validation(tmp_path: Path) -> None:
    (tmp_path / "cv/runs").mkdir(parents=True)
    (tmp_path / "cv/runs/seed0_fold0.csv").write_text(table("a,mine,pop,0.9,0.1\nb,other,pop,0.5,0.5\n"))
    (tmp_path / "cv/runs/seed1_fold0.csv").write_text(table("a,mine,pop,0.7,0.3\n"))
    whole = read_answers(tmp_path / "cv", dataset="mine")
    assert whole.probabilities == {"a": {"pop": pytest.approx(0.8), "rock": pytest.approx(0.2)}}
    assert whole.labels == {"a": "pop"}
    one = read_answers(tmp_path / "cv/runs/seed1_fold0.csv", dataset="mine")
    assert one.probabilities["a"]["pop"] == 0.7


def test_hits_are_the_share_of_seeds_that_name_the_label(tmp_path: Path) -> None:
    rows = "a,mine,pop,0.9,0.1\na,mine,pop,0.7,0.3\na,mine,pop,0.2,0.8\nb,mine,rock,0.6,0.4\nb,other,rock,0,1\n"
    (tmp_path / "p.csv").write_text(table(rows))
    assert read_hits(tmp_path / "p.csv", dataset="mine") == {"a": pytest.approx(2 / 3), "b": 0.0}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id,label\na,rock\n", r"p\.csv holds no predictions"),
        ("name,label,p_rock\na,rock,1\n", r"p\.csv holds no predictions"),
        ("id,label,p_rock\na,rock,high\n", r"p\.csv holds no predictions"),
        (table("a,other,rock,0,1\n"), "none of the clips"),
    ],
)
def test_predictions_of_another_kind_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(DataError, match=sentence):
        read_answers(tmp_path / "p.csv", dataset="mine")
    with pytest.raises(DataError, match=sentence):
        read_hits(tmp_path / "p.csv", dataset="mine")
    with pytest.raises(DataError, match="cannot be read"):
        read_answers(tmp_path / "nothing.csv", dataset="mine")


def test_systems_of_other_clips_or_genres_cannot_be_averaged() -> None:
    one = Answers({"a": {"pop": 1.0}}, {"a": "pop"})
    with pytest.raises(DataError, match=r"^The systems answered no clip in common\."):
        find_suspects([one, Answers({"b": {"pop": 1.0}}, {"b": "pop"})])
    with pytest.raises(DataError, match="different genres"):
        find_suspects([one, Answers({"a": {"rock": 1.0}}, {"a": "pop"})])
    with pytest.raises(DataError, match="different genres"):
        rank_labels([one, Answers({"a": {"rock": 1.0}}, {"a": "pop"})])
