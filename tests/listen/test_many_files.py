"""Many files at once: in order, on all cores, and what happens to one does nothing to the others."""

from collections.abc import Sequence
from pathlib import Path

import pytest

import tiny_workers
from corpus import Case
from earmark import Listener, Track
from earmark.listen import listener as listener_room
from earmark.listen.listener import Failure
from earmark.sound import decode


def test_many_processes_and_one_give_the_same_answers(listener: Listener, corpus: dict[str, Case]) -> None:
    paths = [case.path for case in corpus.values()]
    assert list(listener.hear_all(paths, jobs=2)) == list(listener.hear_all(paths, jobs=1))


def test_the_order_of_the_files_does_not_matter(listener: Listener, corpus: dict[str, Case]) -> None:
    paths = [corpus[name].path for name in ("wav", "8 khz", "text", "ogg")]
    forwards = list(listener.hear_all(paths, jobs=1))
    assert list(listener.hear_all(paths[::-1], jobs=1)) == forwards[::-1]


def test_answers_come_as_they_are_ready(listener: Listener, song: Path) -> None:
    def paths() -> Sequence[str]:
        return [str(song), str(song), "not there.wav"]

    answers = listener.hear_all(paths(), jobs=1)
    assert isinstance(next(answers), Track)


def test_a_file_that_brings_its_process_down_costs_only_itself(listener: Listener, song: Path, tmp_path: Path) -> None:
    names = [str(song), str(tmp_path / "deadly\n.mp3"), str(song)]
    first, second, third = listener_room.hear_each(listener, names, tiny_workers.hear_or_die, jobs=2)
    assert first == third == listener.hear(song)
    assert second == Failure(
        names[1], f"{decode.name_of(names[1])} brought down the process that heard it (signal 11)."
    )


def test_an_error_nobody_foresaw_costs_only_its_file(listener: Listener, song: Path) -> None:
    def hear(listener: Listener, name: str) -> Track:
        if name == "odd":
            raise ZeroDivisionError("by\nzero")
        return listener.hear(name)

    failure, track = listener_room.hear_each(listener, ["odd", str(song)], hear, jobs=1)
    assert failure == Failure("odd", "odd could not be heard: ZeroDivisionError: by zero.")
    assert isinstance(track, Track)


def test_jobs_are_at_least_one(listener: Listener) -> None:
    with pytest.raises(ValueError, match="jobs"):
        list(listener.hear_all(["a", "b"], jobs=0))


def test_pictures_of_many_files_come_in_order(listener: Listener, song: Path, corpus: dict[str, Case]) -> None:
    paths = [song, corpus["text"].path, corpus["wav"].path]
    first, failure, last = listener.hear_all_with_pictures(paths, jobs=2)
    assert isinstance(failure, Failure)
    assert [heard.track.path for heard in (first, last)] == [str(song), str(corpus["wav"].path)]


def test_two_small_files_are_heard_where_one_is_and_large_ones_are_not(
    listener: Listener, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise AssertionError("no process is needed")

    monkeypatch.setattr("earmark.listen.parallel.work", nobody)
    first, second = listener.hear_all([song, "not there.wav"], jobs=2)
    assert first == listener.hear(song)
    assert isinstance(second, Failure)
    monkeypatch.setattr("earmark.listen.listener._SMALL_BYTES", song.stat().st_size)
    with pytest.raises(AssertionError, match="no process"):
        list(listener.hear_all([song, "not there.wav"], jobs=2))
