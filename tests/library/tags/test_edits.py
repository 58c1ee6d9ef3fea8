"""Edits of bytes lead there and back, whatever they are; and whatever an ID3v2 holds, it keeps all other frames."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.id3 import ID3, TIT2, TXXX

from earmark.library.tags.edits import Edit, digest, digest_of_edited, edited, growth, in_order, leading_back
from earmark.library.tags.held import CONFIDENCE, GENRE, MOOD, Source
from earmark.library.tags.id3 import Id3, read_id3


@st.composite
def edits_of_bytes(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    old = draw(st.binary(max_size=60))
    places = sorted(draw(st.lists(st.integers(0, len(old)), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return old, in_order(Edit(start, end, draw(st.binary(max_size=9))) for start, end in pairs)


@given(edits_of_bytes())
def test_edits_lead_back(case: tuple[bytes, list[Edit]]) -> None:
    old, edits = case
    new = io.BytesIO()
    edited(io.BytesIO(old), edits, new)
    assert len(new.getvalue()) == len(old) + growth(edits)
    back = [Edit.from_json(json.loads(json.dumps(edit.to_json()))) for edit in leading_back(io.BytesIO(old), edits)]
    again = io.BytesIO()
    edited(new, back, again)
    assert again.getvalue() == old
    assert digest_of_edited(new, back) == digest(io.BytesIO(old))


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        in_order([Edit(0, 5, b""), Edit(4, 6, b"a")])
    with pytest.raises(ValueError, match=r"."):
        Edit.from_json([0, 1, "not base64"])


TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters=";"), min_size=1, max_size=200)
NAMES = st.lists(TEXTS.map(str.strip).filter(bool), min_size=1, max_size=3).map(tuple)

ONE = TEXTS.map(str.strip).filter(bool).map(lambda text: (text,))


@given(
    version=st.sampled_from([3, 4]),
    others=st.lists(TEXTS, max_size=4),
    padding=st.integers(0, 40),
    first=st.fixed_dictionaries({GENRE: NAMES}, optional={MOOD: NAMES, CONFIDENCE: ONE}),
    second=st.fixed_dictionaries({}, optional={GENRE: NAMES, MOOD: NAMES}),
)
def test_an_id3v2_holds_what_is_written_and_keeps_the_rest(
    version: int, others: list[str], padding: int, first: dict[str, tuple[str, ...]], second: dict[str, tuple[str, ...]]
) -> None:
    file = io.BytesIO()
    tag = ID3()
    tag.add(TIT2(encoding=1, text="Title"))
    for number, text in enumerate(others):
        tag.add(TXXX(encoding=number % 2 * 2 + 1, desc=f"field {number}", text=text))
    tag.save(file, v2_version=version, v1=0, padding=lambda info: padding)
    file.seek(0, 2)
    file.write(b"\xff\xfb sound")
    before = read(file)
    for values in (first, second):
        edits = in_order(read(file).edits(values))
        new = io.BytesIO()
        edited(file, edits, new)
        file = new
    found = read(file)
    assert found.fields == first | second
    assert found.others == before.others
    assert file.getvalue()[found.end :] == b"\xff\xfb sound"
    file.seek(0)
    by_others = ID3(file, translate=False)
    expected = (first | second)[GENRE]
    assert by_others["TCON"].text == (["; ".join(expected)] if version == 3 else list(expected))


def read(file: io.BytesIO) -> Id3:
    found = read_id3(Source(file, "a.mp3"), 0)
    assert found is not None
    return found
