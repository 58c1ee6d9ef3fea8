"""Lengths, years, tempos and loudness as people write them become ranges."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.library.meanings import AROUSAL, LENGTH, LOUDNESS, TEMPO, VALENCE, YEAR, Range
from earmark.library.quantities import quantity_at, read_duration, read_range, read_years

INF = math.inf


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("longer than 5 min", Range(LENGTH, low=300)),
        ("longer than 5", Range(LENGTH, low=300)),
        ("no shorter than 90 s", Range(LENGTH, low=90)),
        ("over 1 h", Range(LENGTH, low=3600)),
        ("> 3:30", Range(LENGTH, low=210)),
        ("shorter than 1:30", Range(LENGTH, high=90)),
        ("under 2.5 minutes", Range(LENGTH, high=150)),
        ("no longer than 4 min", Range(LENGTH, high=240)),
        ("3-5 min", Range(LENGTH, 180, 300)),
        ("90-120 s", Range(LENGTH, 90, 120)),
        ("between 3 and 5 minutes", Range(LENGTH, 180, 300)),
        ("10 minutes long", Range(LENGTH, 540, 660)),
        ("1:02:00", Range(LENGTH, 3348, 4092)),
        ("1974", Range(YEAR, 1974, 1974)),
        ("70s", Range(YEAR, 1970, 1979)),
        ("'70s", Range(YEAR, 1970, 1979)),
        ("70's", Range(YEAR, 1970, 1979)),
        ("1970s", Range(YEAR, 1970, 1979)),
        ("00s", Range(YEAR, 2000, 2009)),
        ("20s", Range(YEAR, 1920, 1929)),
        ("early 80s", Range(YEAR, 1980, 1983)),
        ("mid-1980s", Range(YEAR, 1984, 1986)),
        ("late 80s", Range(YEAR, 1987, 1989)),
        ("from the 90s", Range(YEAR, 1990, 1999)),
        ("1970-1976", Range(YEAR, 1970, 1976)),
        ("1970-76", Range(YEAR, 1970, 1976)),
        ("60s-70s", Range(YEAR, 1960, 1979)),
        ("between 1980 and 1985", Range(YEAR, 1980, 1985)),
        ("before 1980", Range(YEAR, high=1979)),
        ("before the 70s", Range(YEAR, high=1969)),
        ("after the 70s", Range(YEAR, low=1980)),
        ("since 2000", Range(YEAR, low=2000)),
        ("until 1999", Range(YEAR, high=1999)),
        ("120 bpm", Range(TEMPO, 118, 122)),
        ("100-130 BPM", Range(TEMPO, 100, 130)),
        ("faster than 120 bpm", Range(TEMPO, low=120)),
        ("under 90 bpm", Range(TEMPO, high=90)),
        ("arousal > 0.3", Range(AROUSAL, low=0.3)),
        ("loudness > -12.5", Range(LOUDNESS, low=-12.5)),
        ("over -12 dB", Range(LOUDNESS, low=-12)),
        ("louder than -12,5 LUFS", Range(LOUDNESS, low=-12.5)),
        ("quieter than −20 lufs", Range(LOUDNESS, high=-20)),
        ("-14 LUFS", Range(LOUDNESS, -15, -13)),
        ("-14 to -9 LUFS", Range(LOUDNESS, -14, -9)),
        ("between -9 dB and -14 dB", Range(LOUDNESS, -14, -9)),
        ("valence<=−.2", Range(VALENCE, high=-0.2)),
    ],
)
def test_a_quantity_is_read_to_its_end(text: str, meant: Range) -> None:
    assert quantity_at(f"jazz {text}, piano", 5) == (5 + len(text), meant)


@pytest.mark.parametrize(
    "text",
    [
        "808",
        "12 dB",
        "-14",
        "-14 db8",
        "8-bit",
        "5",
        "1974x",
        "3 bears",
        "after midnight",
        "over the rainbow",
        "more",
        "19745",
        "",
    ],
)
def test_what_is_no_quantity_is_left_alone(text: str) -> None:
    assert quantity_at(text, 0) is None


def test_a_decade_is_no_number_of_seconds() -> None:
    assert quantity_at("70s", 0) == (3, Range(YEAR, 1970, 1979))
    assert quantity_at("70 s", 0) == (4, Range(LENGTH, 63, 77))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1 min", 60),
        ("90 s", 90),
        ("3:30", 210),
        ("1:02:03", 3723),
        ("2.5", 150),
        ("1 h", 3600),
        ("60m", 3600),
        ("x", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1970-1979", Range(YEAR, 1970, 1979)),
        ("-1979", Range(YEAR, high=1979)),
        ("1980-", Range(YEAR, low=1980)),
        ("-2:30", Range(LENGTH, high=150)),
        ("7:00-", Range(LENGTH, low=420)),
        ("3:00-5:00", Range(LENGTH, 180, 300)),
        ("5:00-3:00", None),
        ("-", None),
        ("", None),
        ("soon", None),
    ],
)
def test_ranges_of_files_may_lack_an_end(text: str, meant: Range | None) -> None:
    assert read_range(text) == meant


def test_years_that_are_none() -> None:
    assert read_years("1700") is None
    assert read_years("soon") is None


@given(st.text(alphabet="0123456789:-–' sminh<>a.,betwenradlogth", max_size=30))
def test_no_text_breaks_the_reading_and_no_range_is_the_wrong_way_round(text: str) -> None:
    found = quantity_at(text, 0)
    assert found is None or (0 < found[0] <= len(text) and found[1].low <= found[1].high)
    assert read_range(text) is None or read_range(text).low <= read_range(text).high  # type: ignore[union-attr]
