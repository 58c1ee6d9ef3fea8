"""Finding entries by a wish: the most probable first, with the seconds, and nothing that does not fit."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.find import Finding, find
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.meanings import Answer
from earmark.library.names import GENRES, MOODS, TAGS
from earmark.library.seconds import best, seconds_of
from earmark.library.store import FileFacts
from earmark.library.synonyms import read_synonyms
from earmark.library.wishes import read_wish
from earmark.track import Span
from made_collection import NAMES, opened


def ask(collection: Collection, text: str, **options: object) -> Finding:
    lexicon = Lexicon(NAMES, (), read_synonyms())
    return find(collection, read_wish(text, lexicon), Judge(collection), **options)  # type: ignore[arg-type]


def test_entries_come_by_the_product_of_their_terms(made_collection: Collection) -> None:
    found = ask(made_collection, "jazz, piano, no vocals", count=10, least=0.0)
    jazz, piano = made_collection.column(GENRES, "jazz"), made_collection.column(TAGS, "piano")
    chances = jazz.astype(float) * piano * (1 - made_collection.column("voice", "vocal").astype(float))
    expected = [made_collection.entries[row].path for row in np.argsort(-chances, kind="stable")[:10]]
    assert [each.entry.path for each in found.found] == expected
    first = found.found[0]
    assert first.probability == pytest.approx(chances.max())
    assert [part.term.text for part in first.parts] == ["jazz", "piano", "no vocals"]
    assert np.prod([part.probability for part in first.parts]) == pytest.approx(first.probability)


def test_a_part_says_its_probability_and_its_seconds(made_collection: Collection) -> None:
    (first, *_) = ask(made_collection, "piano, 80s", least=0.0).found
    piano, year = first.parts
    assert piano.words == f"piano {piano.probability:.2f} at 0:00"
    assert piano.spans == (Span(0.0, 3.0, 0.8),)
    assert year.words == first.entry.tags["year"]
    assert first.to_dict()["parts"][0]["spans"] == [{"start_s": 0.0, "end_s": 3.0, "probability": 0.8}]


def test_numbers_and_texts_leave_out_what_does_not_fit(made_collection: Collection) -> None:
    assert len(ask(made_collection, "shorter than 1 min", count=99).found) == len(made_collection)
    assert not ask(made_collection, "longer than 1 min").found
    found = ask(made_collection, "artist:jazz, before 1980", count=99).found
    assert found
    assert all("Jazz" in each.entry.artist and int(each.entry.tags["year"]) < 1980 for each in found)


def test_of_an_artist_there_are_as_many_as_are_asked_for(made_collection: Collection) -> None:
    artists = [each.entry.artist for each in ask(made_collection, "jazz", count=99, least=0, per_artist=1).found]
    assert len(artists) == len(set(artists)) == 20


def test_what_is_too_unlikely_is_no_answer_and_the_nearest_is_named(made_collection: Collection) -> None:
    found = ask(made_collection, "jazz", least=1.0)
    assert found.found == ()
    (note,) = found.notes
    assert note.startswith("Nothing fits: the nearest is 'Title ")
    assert note.endswith(" and 1 is the least (--min).")


def test_what_the_files_do_not_say_is_told(made_collection: Collection) -> None:
    assert ask(made_collection, "120 bpm").notes == (
        "None of the files has a tempo in its tags, and so they do not fit '120 bpm'.",
    )


def with_loudness(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
    lufs = None if number >= 9 else -10.0 - (number * 5 % 9)  # -10 to -18, in no order; one was heard long ago
    return facts, dataclasses.replace(heard, track=dataclasses.replace(heard.track, loudness_lufs=lufs))


@pytest.fixture(scope="module")
def loud_and_quiet(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return opened(tmp_path_factory.mktemp("loud"), np.random.default_rng(4), n=10, change=with_loudness)


@pytest.mark.parametrize(
    ("wish", "said", "levels"),
    [
        ("loud", "loud -> the loudest third of the collection, loudness from -12.7 LUFS", [-10, -11, -12]),
        ("quiet", "quiet -> the quietest third of the collection, loudness up to -15.3 LUFS", [-18, -17, -16]),
        ("very quiet", "very quiet -> the quietest tenth of the collection, loudness up to -17.2 LUFS", [-18]),
        ("over -11.5 LUFS", "over -11.5 LUFS -> loudness from -11.5 LUFS", [-11, -10]),
        ("-14 to -12 dB", "-14 to -12 dB -> loudness -14 to -12 LUFS", [-14, -13, -12]),
    ],
)
def test_loud_is_a_part_of_the_collection(
    loud_and_quiet: Collection, wish: str, said: str, levels: list[float]
) -> None:
    found = ask(loud_and_quiet, wish, count=99, every_kind=True)
    assert found.wish.lines == (said,)
    heard = [loud_and_quiet.track(each.entry.id).loudness_lufs for each in found.found]
    assert heard == levels if found.wish.terms[0].meanings[0].part else sorted(heard) == sorted(levels)
    assert [each.parts[0].words for each in found.found] == [f"{lufs:.1f} LUFS" for lufs in heard]
    (note,) = found.notes
    assert note.startswith("1 of 10 files have no loudness (heard before it was kept: earmark index --again FOLDER)")


def test_of_loud_jazz_the_jazz_comes_first_and_not_loud_is_the_rest(loud_and_quiet: Collection) -> None:
    jazz = loud_and_quiet.column(GENRES, "jazz")
    found = [loud_and_quiet.row_of(each.entry.path) for each in ask(loud_and_quiet, "loud jazz", least=0).found]
    assert sorted(found) == sorted(np.flatnonzero(loud_and_quiet.loudness_lufs >= -12.7).tolist())
    assert [jazz[row] for row in found] == sorted((jazz[row] for row in found), reverse=True)
    rest = {each.entry.path for each in ask(loud_and_quiet, "not loud", count=99).found}
    assert len(rest) == 7  # what is not known is not known to be loud


def test_of_tracks_heard_before_loudness_was_kept_none_is_loud(made_collection: Collection) -> None:
    found = ask(made_collection, "loud")
    assert found.found == ()
    assert found.wish.lines == ("loud -> the loudest third of the collection, whose loudness is not known",)
    assert found.notes[0].startswith("None of the files has a loudness (heard before it was kept")


def test_a_tag_that_is_called_loud_means_itself() -> None:
    names = dataclasses.replace(NAMES, groups={**NAMES.groups, "tags": ("loud", *NAMES.tags[1:])})
    assert Lexicon(names, (), read_synonyms()).meaning("loud") == Answer(TAGS, "loud")


def some_kinds(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
    facts = dataclasses.replace(facts, tags={**facts.tags, "year": "" if number == 0 else facts.tags["year"]})
    return facts, dataclasses.replace(heard, kind="spoken" if number < 3 else "song")


def test_what_is_no_song_is_left_out_and_said_unless_it_is_asked_for(tmp_path: Path) -> None:
    collection = opened(tmp_path, np.random.default_rng(1), n=10, change=some_kinds)
    found = ask(collection, "under 1 min", count=99)
    assert len(found.found) == 7
    assert found.notes == ("Left out, as no songs: 3 spoken.",)
    assert len(ask(collection, "under 1 min", count=99, every_kind=True).found) == 10
    assert len(ask(collection, "kind:spoken", count=99).found) == 3
    assert "1 of 10 files have no year in its tags" in ask(collection, "since 1900").notes[-1]


def test_the_seconds_of_a_genre_are_those_that_decided_or_that_sound_like_it(made_collection: Collection) -> None:
    track = made_collection.track(int(made_collection.ids[0]))
    spans, throughout = seconds_of(track, Answer(GENRES, track.genre))
    assert [(span.start_s, span.end_s) for span in spans] == [(each.start_s, each.end_s) for each in track.decisive]
    assert not throughout
    other = dataclasses.replace(track, decisive=())
    moments = [dataclasses.replace(each, genres=track.timeline[0].genres) for each in track.timeline]
    first = moments[0].genres[0].name
    alike = dataclasses.replace(other, timeline=tuple(moments))
    (span,) = (
        seconds_of(alike, Answer(GENRES, first))[0] if moments[0].genres[0].probability >= 0.5 else [Span(0, 30, 1)]
    )
    assert span.start_s == 0


def test_the_seconds_of_a_mood_are_those_on_its_side(made_collection: Collection) -> None:
    for entry_id in made_collection.ids[:8].tolist():
        track = made_collection.track(entry_id)
        assert track.mood is not None
        assert track.mood.arousal is not None
        spans, throughout = seconds_of(track, Answer(MOODS, "calm"))
        assert throughout == (track.mood.arousal.value < 0) == bool(spans)


def test_what_has_no_seconds_has_none(made_collection: Collection) -> None:
    track = made_collection.track(int(made_collection.ids[0]))
    assert seconds_of(track, Answer("emotions", "power")) == ((), False)
    assert seconds_of(dataclasses.replace(track, mood=None), Answer(MOODS, "calm")) == ((), False)
    assert best(()) is None
    assert best((Span(0, 9, 0.5), Span(20, 23, 0.9))) == Span(20, 23, 0.9)
