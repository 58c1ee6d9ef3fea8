"""Lengths, years, tempos, loudness and places on the plane of mood, as people write them: "longer than 5 min", "70s".

Both ends of a range belong to it. A bare number of a length is minutes.
"""

import math
import re
from collections.abc import Callable, Iterator

from earmark.library.meanings import LENGTH, LOUDNESS, SHARES, SUPERLATIVES, TEMPO, YEAR, Part, Range

ABOUT = 0.1  # "5 minutes" is what differs by no more than this share
ABOUT_LU = 1.0  # "-14 LUFS" is what differs by no more than that
_HOUR, _MINUTE = 3600.0, 60.0
_UNITS = {"h": _HOUR, "m": _MINUTE, "s": 1.0}

_MORE = r"(?:longer|more|over|above|at\s+least|min(?:imum)?|no\s+(?:shorter|less)|>=?|≥)(?:\s+than)?"
_LESS = (
    r"(?:shorter|less|under|below|at\s+most|max(?:imum)?|up\s+to|no\s+(?:longer|more)|not\s+longer|<=?|≤)(?:\s+than)?"
)
_UNIT = r"(?:h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)\b"
_CLOCK = r"\d{1,3}(?::[0-5]\d){1,2}(?!\d)"
_DURATION = rf"(?:{_CLOCK}|\d+(?:[.,]\d+)?\s*{_UNIT})"
_COUNT = rf"(?:{_CLOCK}|\d+(?:[.,]\d+)?(?:\s*{_UNIT})?)"
_TO = r"\s*(?:-|–|\bto\b|\buntil\b)\s*"
_YEAR_ = r"(?:1[89]|20)\d\d(?!\d)"
_DECADE = r"(?:(?:early|mid|late)[\s-]+)?(?:['’]|1[89]|20)?\d0['’]?s\b"
_WHEN = rf"(?:the\s+)?(?:{_DECADE}|{_YEAR_})"
_BEATS = r"\d{2,3}(?!\d)"
_LEVEL = r"[-−]\d+(?:[.,]\d+)?"
_LUFS = r"\s*(?:LUFS|LKFS|dBFS|dB)\b"
_PLACE = r"[-−+]?(?:\d+(?:\.\d+)?|\.\d+)"
_SIGN = r"(?P<sign>>=?|<=?|≥|≤)"
_THIRDS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}
_CENTURY_TURNS = 20  # "10s" are those of 2010, "20s" those of 1920


def read_duration(text: str) -> float | None:
    """Seconds of "1 min", "90 s", "3:30", "1:02:03" or "2.5" (minutes); None where it is none."""
    plain = text.strip().lower()
    if not re.fullmatch(_COUNT, plain):
        return None
    if ":" in plain:
        seconds = 0.0
        for part in plain.split(":"):
            seconds = seconds * 60 + int(part)
        return seconds
    number = re.match(r"\d+(?:[.,]\d+)?", plain)
    unit = plain[number.end() :].strip()[:1] if number else ""
    return float(number[0].replace(",", ".")) * _UNITS[unit or "m"] if number else None


def read_years(text: str) -> tuple[int, int] | None:
    """First and last year of "1974", "70s", "the late 1980s"; None where it is neither."""
    plain = text.strip().lower().removeprefix("the").strip()
    if re.fullmatch(_YEAR_, plain):
        return int(plain), int(plain)
    if not re.fullmatch(_DECADE, plain):
        return None
    digits = re.findall(r"\d+", plain)[0]
    first = int(digits)
    if len(digits) == 2:
        first += 2000 if first < _CENTURY_TURNS else 1900
    third = re.match(r"early|mid|late", plain)
    start, end = _THIRDS[third[0]] if third else (0, 9)
    return first + start, first + end


def read_range(text: str) -> Range | None:
    """The range of "1970-1979", "70s", "3:00-5:00", "-2:30", "7:00-"; None where it is none."""
    whole = quantity_at(text.strip(), 0)
    if whole is not None and whole[0] == len(text.strip()):
        return whole[1]
    low, dash, high = text.replace("–", "-").partition("-")
    for of, read in ((YEAR, read_years), (LENGTH, read_duration)):
        ends: list[tuple[float, float] | None] = [_pair(read(each)) if each.strip() else None for each in (low, high)]
        if all((end is None) == (not each.strip()) for end, each in zip(ends, (low, high), strict=True)) and any(ends):
            first = ends[0][0] if ends[0] else -math.inf
            last = (ends[1][1] if ends[1] else math.inf) if dash else ends[0][1] if ends[0] else math.inf
            return Range(of, first, last) if first <= last else None
    return None


def read_part(text: str) -> Part | None:
    """The part of "loudest third", "quietest tenth"; None where it is none."""
    superlative, _, share = text.strip().lower().partition(" ")
    for of, (least, most) in SUPERLATIVES.items():
        if superlative in (least, most) and share in SHARES:
            return Part(of, share, most=superlative == most)
    return None


def quantity_at(text: str, start: int) -> tuple[int, Range] | None:
    """The quantity that begins there, the longest one, and where it ends; None where there is none."""
    found = [(match.end(), meant) for match, meant in _found(text, start) if meant is not None]
    return max(found, key=lambda each: (each[0], each[1].of == YEAR), default=None)  # "70s" are years, "70 s" are not


def _found(text: str, start: int) -> Iterator[tuple[re.Match[str], Range | None]]:
    for pattern, meaning in _PATTERNS:
        match = pattern.match(text, start)
        if match:
            yield match, meaning(match)


def _pair(value: float | tuple[int, int] | None) -> tuple[float, float] | None:
    if value is None or isinstance(value, tuple):
        return value
    return value, value


def _ordered(of: str, low: float | None, high: float | None) -> Range | None:
    first, last = -math.inf if low is None else low, math.inf if high is None else high
    return Range(of, first, last) if first <= last else None


def _length_from(match: re.Match[str]) -> Range | None:
    return _ordered(LENGTH, read_duration(match["a"]), None)


def _length_to(match: re.Match[str]) -> Range | None:
    return _ordered(LENGTH, None, read_duration(match["a"]))


def _length_between(match: re.Match[str]) -> Range | None:
    first, last = match["a"], match["b"]
    if ":" not in first and not re.search(r"[a-z]", first, re.IGNORECASE):
        first += re.sub(r"[\d.,:\s]+", "", last)  # "90-120 s" are seconds both
    low, high = read_duration(first), read_duration(last)
    return None if low is None or high is None else _ordered(LENGTH, low, high)


def _length_about(match: re.Match[str]) -> Range | None:
    length_s = read_duration(match["a"])
    return (
        None
        if length_s is None
        else _ordered(LENGTH, *(round(length_s * share, 3) for share in (1 - ABOUT, 1 + ABOUT)))
    )


def _years(match: re.Match[str]) -> Range | None:
    years = read_years(match["a"])
    if years is None:
        return None
    side = (match.groupdict().get("side") or "").lower().split(" ")[0]
    first, last = years
    return {
        "": Range(YEAR, first, last),
        "before": Range(YEAR, high=first - 1),
        "earlier": Range(YEAR, high=first - 1),
        "until": Range(YEAR, high=last),
        "after": Range(YEAR, low=last + 1),
        "later": Range(YEAR, low=last + 1),
        "since": Range(YEAR, low=first),
    }[side]


def _years_between(match: re.Match[str]) -> Range | None:
    last = match["b"]
    if re.fullmatch(r"\d\d", last):
        last = match["a"].strip()[-4:-2] + last
    ends = read_years(match["a"]), read_years(last)
    return None if ends[0] is None or ends[1] is None else _ordered(YEAR, ends[0][0], ends[1][1])


def _beats(match: re.Match[str]) -> Range | None:
    low, high = float(match["a"]), float(match["b"] or match["a"])
    if match["b"] is None:
        low, high = low - 2, high + 2
    return _ordered(TEMPO, low, high)


def _beats_from(match: re.Match[str]) -> Range | None:
    return _ordered(TEMPO, float(match["a"]), None)


def _beats_to(match: re.Match[str]) -> Range | None:
    return _ordered(TEMPO, None, float(match["a"]))


def _plane(match: re.Match[str]) -> Range | None:
    value, of = _signed(match["a"]), match["of"].lower()
    return _ordered(of, value, None) if match["sign"][0] in ">≥" else _ordered(of, None, value)


def _signed(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "."))


def _louder(match: re.Match[str]) -> Range | None:
    return _ordered(LOUDNESS, _signed(match["a"]), None)


def _quieter(match: re.Match[str]) -> Range | None:
    return _ordered(LOUDNESS, None, _signed(match["a"]))


def _levels_between(match: re.Match[str]) -> Range | None:
    return _ordered(LOUDNESS, *sorted((_signed(match["a"]), _signed(match["b"]))))


def _level_about(match: re.Match[str]) -> Range | None:
    level = _signed(match["a"])
    return _ordered(LOUDNESS, level - ABOUT_LU, level + ABOUT_LU)


_END = r"(?![\w:])"
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Range | None]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (rf"{_MORE}\s*(?P<a>{_DURATION})(?:\s+long\b)?{_END}", _length_from),
        (rf"{_LESS}\s*(?P<a>{_DURATION})(?:\s+long\b)?{_END}", _length_to),
        (rf"(?:no\s+shorter|longer)\s+than\s+(?P<a>{_COUNT}){_END}", _length_from),
        (rf"(?:no\s+longer|shorter)\s+than\s+(?P<a>{_COUNT}){_END}", _length_to),
        (rf"(?:between\s+|from\s+)?(?P<a>{_COUNT}){_TO}(?P<b>{_DURATION})(?:\s+long\b)?{_END}", _length_between),
        (rf"between\s+(?P<a>{_COUNT})\s+and\s+(?P<b>{_DURATION}){_END}", _length_between),
        (rf"(?:about\s+|around\s+)?(?P<a>{_DURATION})(?:\s+long\b)?{_END}", _length_about),
        (rf"(?:from\s+)?(?P<a>{_WHEN}){_END}", _years),
        (rf"(?P<side>before|until|after|since|earlier\s+than|later\s+than)\s+(?P<a>{_WHEN}){_END}", _years),
        (rf"(?:between\s+|from\s+)?(?P<a>{_WHEN}){_TO}(?P<b>{_WHEN}|\d\d){_END}", _years_between),
        (rf"between\s+(?P<a>{_WHEN})\s+and\s+(?P<b>{_WHEN}|\d\d){_END}", _years_between),
        (rf"(?P<a>{_BEATS})(?:\s*[-–]\s*(?P<b>{_BEATS}))?\s*bpm\b", _beats),
        (rf"(?:faster|over|above|more|at\s+least|>=?)(?:\s+than)?\s*(?P<a>{_BEATS})\s*bpm\b", _beats_from),
        (rf"(?:slower|under|below|less|at\s+most|<=?)(?:\s+than)?\s*(?P<a>{_BEATS})\s*bpm\b", _beats_to),
        (rf"(?:louder|over|above|more|at\s+least|>=?|≥)(?:\s+than)?\s*(?P<a>{_LEVEL}){_LUFS}", _louder),
        (rf"(?:quieter|softer|under|below|less|at\s+most|<=?|≤)(?:\s+than)?\s*(?P<a>{_LEVEL}){_LUFS}", _quieter),
        (
            rf"(?:between\s+|from\s+)?(?P<a>{_LEVEL})(?:{_LUFS})?(?:{_TO}|\s+and\s+)(?P<b>{_LEVEL}){_LUFS}",
            _levels_between,
        ),
        (rf"(?:about\s+|around\s+)?(?P<a>{_LEVEL}){_LUFS}", _level_about),
        (rf"(?P<of>valence|arousal|loudness)\s*{_SIGN}\s*(?P<a>{_PLACE})(?![\w.])", _plane),
    )
)
