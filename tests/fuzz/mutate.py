"""A damaged file for every seed and number: most damage is done where formats keep their sizes, counts and types.

Those places need no parser for each format: they lie behind, or right before, names of four letters (RIFF, AIFF, CAF,
W64, MPEG-4, Ogg, FLAC, ID3) and at the frames of mp3 and aac. Checksums of Ogg pages and FLAC frames are mostly made
good again, or decoders would look no further.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np

from odd import surgery

LARGEST = 16_000
_MARKS = re.compile(rb"[A-Za-z0-9 ]{4}|\xff[\xe0-\xff]")
_NUMBERS = (
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    16,
    127,
    128,
    255,
    256,
    2048,
    4096,
    32767,
    32768,
    65535,
    44_100,
    10**6,
    2**31 - 1,
    2**31,
)
# Where sizes are, seen from a name: MPEG-4 has them before it, most others behind.
_SIZES = (-4, 4)
_WIDTHS = (1, 2, 2, 3, 4, 4, 4, 8)

Damage = Callable[[bytearray, Sequence[bytes], np.random.Generator], bytearray]


def mutant(corpus: Sequence[bytes], *, seed: int, number: int) -> bytes:
    """The damaged file of a number: a file of the corpus after one to six damages, at most 16 kB of it."""
    rng = np.random.default_rng((seed, number))
    content = bytearray(corpus[rng.integers(len(corpus))])
    for _ in range(1 + rng.integers(6) * rng.integers(2)):
        damage = _DAMAGES[rng.integers(len(_DAMAGES))]
        content = damage(content, corpus, rng)[:LARGEST]
    return _made_good(bytes(content)) if rng.random() < 0.8 else bytes(content)


def _flip(content: bytearray, corpus: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    for _ in range(1 + rng.integers(4)):
        if content:
            content[_place(content, rng)] ^= 1 << rng.integers(8)
    return content


def _lie(content: bytearray, corpus: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    """Another number where one may be: a round one, the file's length, or the old one and a little."""
    place, width = _place(content, rng), _WIDTHS[rng.integers(len(_WIDTHS))]
    order = "little" if rng.random() < 0.5 else "big"
    old = int.from_bytes(content[place : place + width], order)
    numbers = (_NUMBERS[rng.integers(len(_NUMBERS))], len(content), old + int(rng.integers(-9, 10)), 2 * old, old // 2)
    number = numbers[rng.integers(len(numbers))] * (-1 if rng.random() < 0.25 else 1)
    content[place : place + width] = (number % 256**width).to_bytes(width, order)
    return content


def _cut_off(content: bytearray, corpus: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    return content[: rng.integers(len(content) + 1)]


def _cut_out(content: bytearray, corpus: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    start, end = _span(content, rng)
    del content[start:end]
    return content


def _repeat(content: bytearray, corpus: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    start, end = _span(content, rng)
    content[end:end] = content[start:end] * int(1 + rng.integers(8))
    return content


def _fill(content: bytearray, corpus: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    """Zeros, ones or noise over a span, or put between."""
    start, end = _span(content, rng)
    size = end - start
    filling = (bytes(size), b"\xff" * size, rng.bytes(size), surgery.id3v2(max(32, size)))[rng.integers(4)]
    content[start : end if rng.random() < 0.7 else start] = filling
    return content


def _transplant(content: bytearray, corpus: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    """A span of another file over this one's bytes."""
    other = bytearray(corpus[rng.integers(len(corpus))])
    start, end = _span(other, rng)
    place = _place(content, rng)
    content[place : place + end - start] = other[start:end]
    return content


def _splice(content: bytearray, corpus: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    """The beginning of this one, then another from somewhere, mostly its start, on."""
    other = bytearray(corpus[rng.integers(len(corpus))])
    keep = len(content) if rng.random() < 0.5 else _place(content, rng)
    return content[:keep] + other[0 if rng.random() < 0.6 else _place(other, rng) :]


def _swap(content: bytearray, corpus: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    first, second = sorted((_place(content, rng), _place(content, rng)))
    return content[:first] + content[second:] + content[first:second]


_DAMAGES: tuple[Damage, ...] = (
    _flip, _flip, _flip, _lie, _lie, _lie, _lie, _cut_off, _cut_out, _repeat, _fill, _transplant, _splice, _swap,
)  # fmt: skip


def _place(content: bytearray, rng: np.random.Generator) -> int:
    """A place in the file: mostly near a name or a frame, often in the first bytes."""
    if not content:
        return 0
    chance = rng.random()
    if chance < 0.2:
        return int(rng.integers(min(len(content), 64)))
    # From a random place on, so that the marks need not be counted.
    mark = _MARKS.search(content, int(rng.integers(len(content)))) if chance < 0.8 else None
    if mark is None:
        return int(rng.integers(len(content)))
    place = mark.start() + int(_SIZES[rng.integers(2)] if rng.random() < 0.5 else rng.integers(-4, 28))
    return min(max(place, 0), len(content) - 1)


def _span(content: bytearray, rng: np.random.Generator) -> tuple[int, int]:
    start = _place(content, rng)
    return start, min(len(content), start + int(2 ** rng.uniform(0, 11)))


def _made_good(content: bytes) -> bytes:
    if content[:4] == b"OggS":
        pages = list(surgery.ogg_pages(content))
        return b"".join(surgery.sealed(page) if len(page) >= 27 else page for page in pages)
    return surgery.flac_sealed(content) if content[:4] == b"fLaC" else content
