"""The watchdog: what is made in another thread arrives as it is, and what hangs is given up."""

import io
import signal
import threading
import time
from collections.abc import Generator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from corpus import Case
from earmark.errors import SoundError
from earmark.sound import decoding, watchdog
from earmark.sound.decode import blocks
from earmark.sound.files import Reader
from earmark.sound.watchdog import Pulse, anything_left, watched

PATIENCE_S = 1.0


def stalled() -> SoundError:
    return SoundError("It hangs.")


def forget_what_hangs() -> None:
    """Later tests ask whether anything is left."""
    for thread in threading.enumerate():
        if "given up" in thread.name:
            thread.name = "forgotten"


def test_items_come_in_order_and_then_the_end() -> None:
    def numbers(pulse: Pulse) -> Generator[int, None, None]:
        yield from range(5)

    assert list(watched(numbers, patience_s=PATIENCE_S, stalled=stalled)) == [0, 1, 2, 3, 4]


def test_an_error_of_the_maker_is_raised_where_the_items_are_taken() -> None:
    def fail(pulse: Pulse) -> Generator[int, None, None]:
        yield 1
        raise KeyError("broken")

    items = watched(fail, patience_s=PATIENCE_S, stalled=stalled)
    assert next(items) == 1
    with pytest.raises(KeyError, match="broken"):
        next(items)


def test_a_maker_that_hangs_is_given_up_in_time() -> None:
    forever = threading.Event()

    def hang(pulse: Pulse) -> Generator[int, None, None]:
        yield 1
        forever.wait()

    items = watched(hang, patience_s=PATIENCE_S, stalled=stalled)
    assert next(items) == 1
    with pytest.raises(SoundError, match="It hangs"):
        next(items)
    assert anything_left()
    forever.set()
    time.sleep(0.1)
    assert not anything_left()


def test_a_slow_maker_with_a_pulse_is_waited_for() -> None:
    def crawl(pulse: Pulse) -> Generator[int, None, None]:
        for _ in range(10):
            time.sleep(PATIENCE_S / 5)
            pulse()
        yield 1

    assert list(watched(crawl, patience_s=PATIENCE_S, stalled=stalled)) == [1]


def test_time_in_which_the_process_did_not_run_is_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = count(step=3600)
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: float(next(hours)))  # as after a laptop's sleep

    def make(pulse: Pulse) -> Generator[int, None, None]:
        time.sleep(0.35 * PATIENCE_S)
        yield 1

    assert list(watched(make, patience_s=PATIENCE_S, stalled=stalled)) == [1]


def test_no_item_is_made_before_it_is_asked_for() -> None:
    made = []

    def numbers(pulse: Pulse) -> Generator[int, None, None]:
        for number in range(10):
            made.append(number)
            yield number

    items = watched(numbers, patience_s=PATIENCE_S, stalled=stalled)
    next(items)
    next(items)
    time.sleep(0.1)
    assert made == [0, 1]


def test_who_takes_no_more_closes_the_maker() -> None:
    closed = threading.Event()

    def numbers(pulse: Pulse) -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    items = watched(numbers, patience_s=PATIENCE_S, stalled=stalled)
    assert isinstance(items, Generator)
    next(items)
    items.close()
    assert closed.is_set()


def test_who_is_interrupted_stops_the_maker_at_its_next_beat() -> None:
    ended = threading.Event()

    def work(pulse: Pulse) -> Generator[int, None, None]:
        try:
            while True:
                time.sleep(0.02)
                pulse()
            yield 1
        finally:
            ended.set()

    items = watched(work, patience_s=60, stalled=stalled)
    threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        next(items)
    assert ended.wait(1)


def test_a_thread_that_was_given_up_sleeps_when_it_next_asks_for_bytes() -> None:
    pulse = Pulse()
    reads = 0
    reader = Reader(io.BytesIO(bytes(100)), "song.wav", pulse)

    def spin() -> None:
        nonlocal reads
        while True:
            reader.seek(0)
            reader.read(4)
            reads += 1

    threading.Thread(target=spin, daemon=True).start()
    time.sleep(0.05)
    pulse.give_up()
    time.sleep(0.05)
    before = reads
    time.sleep(0.05)
    assert reads == before > 0


def test_a_decoder_that_hangs_costs_its_file_the_patience(
    corpus: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    def spin(buffer: object, sound: object) -> tuple[int, bool]:
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(decoding, "fill", spin)
    start_s = time.monotonic()
    with pytest.raises(SoundError, match=r"music\.flac was given up: for 1 seconds nothing came of it"):
        next(blocks(corpus["flac"].path, patience_s=PATIENCE_S))
    assert time.monotonic() - start_s < 10
    forget_what_hangs()


def test_an_info_chunk_that_libsndfile_hangs_in_is_passed_by(corpus: dict[str, Case], tmp_path: Path) -> None:
    """libsndfile reads a LIST whose sub-chunk claims an impossible size for ever (its issue 1118)."""
    wav = corpus["wav"].path.read_bytes()
    listed = b"LIST" + (24).to_bytes(4, "little") + b"INFOISFT" + b"\xf0\xff\xff\xff" + b"Lavf58.2\x00\x00\x00\x00"
    path = tmp_path / "wrecked.wav"
    path.write_bytes(wav[:36] + listed + wav[36:])
    sound = np.concatenate(list(blocks(path, patience_s=20)))
    assert np.array_equal(sound, np.concatenate(list(blocks(corpus["wav"].path))))
