"""The mosaic: a way realised with segments of real music, chosen so that the joints are like those inside music.

Unit selection as in concatenative synthesis (D. Schwarz, Corpus-Based Concatenative Synthesis, IEEE Signal Processing
Magazine 24, 2007), in parts of a minute: of each part the nearest stretches of the collection are described (`shelf`),
segments are chosen (`planning`), and their own sound, at the rate and with the channels of the files, is cut out and
joined. Nothing is held but a part's descriptions and a run's sound, so memory is the same for a minute and an hour.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import soxr
from numpy.typing import NDArray

from earmark.errors import GenerateError
from earmark.generate.chance import Use, stream
from earmark.generate.choosing import STRETCHES, Chooser
from earmark.generate.costs import target_costs
from earmark.generate.imagining import Imagined
from earmark.generate.joining import Joiner, within_full_scale
from earmark.generate.piece import Source
from earmark.generate.planning import AGAIN_S, SLACK_S, Progress, plan
from earmark.generate.refine import Target
from earmark.generate.shelf import Place, Shelf
from earmark.generate.stock import Stock, take
from earmark.generate.walk import STEP_S, Targets, Way
from earmark.library.collection import Collection
from earmark.sound.excerpt import excerpt

Floats = NDArray[np.float32]

RATE_HZ, CHANNELS = 44_100, 2
PART_S = 60.0
# Before an onset, and where nothing begins. An onset is heard against 50 to 100 ms before it: that long its own past is
# there already, so that it rises no more than in its file.
SHARP_FADE_S, BLUNT_FADE_S = 0.1, 0.2
_LEAD_S = 0.05  # for the resampler's filter
_ENOUGH = 1.25  # times the length of a part must be there
_TRIES = 4  # for stretches of files that can be read, before a part is made of what was found

OnFailure = Callable[[str], None]
OnStep = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """Some seconds of a file as they stand in a piece; `fade_s` lies before them, under the end of the run before."""

    source: Source
    fade_s: float


@dataclass(frozen=True, eq=False)
class Mosaic:
    """A mosaic of a collection.

    Attributes
    ----------
    collection, shelf, chooser:
        What it is made of.
    way:
        Where it goes.
    seconds:
        How long it is.
    temperature, seed:
        How much chance has a say, and what makes it the same again.
    imagined:
        What the generator imagines of the way; None where there is none.
    on_failure:
        Called with the reason, once for each file that cannot be used.
    on_described:
        Called with (done, total) while stretches are described.
    """

    collection: Collection
    shelf: Shelf
    chooser: Chooser
    way: Way
    seconds: float
    temperature: float
    seed: int
    imagined: Imagined | None = None
    on_failure: OnFailure = lambda sentence: None
    on_described: OnStep = lambda done, total: None

    def runs(self) -> Iterator[Run]:
        """What it consists of, in order.

        Raises
        ------
        GenerateError
            There is too little music.
        """
        held: Run | None = None
        for run in self._segments():
            if held is not None and _goes_on(held, run):
                source = replace(held.source, end_s=run.source.end_s, to_s=run.source.to_s)
                held = Run(source, held.fade_s)
                continue
            if held is not None:
                yield held
            held = run
        if held is not None:
            yield self._until_the_end(held)

    def _segments(self) -> Iterator[Run]:
        rng = stream(self.seed, Use.SEGMENTS)
        progress = Progress()
        beat_s: float | None = None
        part = 0
        while progress.time_s < self.seconds - SLACK_S:
            first = round(progress.time_s / STEP_S)
            end_s = min((part + 1) * PART_S, self.seconds)
            targets = self.way.targets(first, max(int(np.ceil((end_s - first * STEP_S) / STEP_S)), 1))
            stock = self._stock(targets, beat_s)
            beat_s = beat_s if np.isnan(stock.piece_beat_s) else stock.piece_beat_s
            self._check(stock, end_s - progress.time_s)
            spectra = None if self.imagined is None else self.imagined.spectra(targets.first, len(targets))
            costs = target_costs(stock, self.chooser.wanted(stock, targets, spectra=spectra))
            for segment in plan(
                stock, costs, progress, end_s=end_s, step_s=STEP_S, first_s=first * STEP_S,
                temperature=self.temperature, rng=rng,
            ):  # fmt: skip
                yield self._run(stock, segment, progress.time_s)
            part += 1

    def _stock(self, targets: Targets, beat_s: float | None) -> Stock:
        """What is nearest to a part of the way of the files that can be read; others are left out from then on."""
        stock = None
        for number in range(_TRIES):
            lost: list[int] = []
            places = self.chooser.places(targets, count=STRETCHES)
            stock = self._taken(places, beat_s, lost, told=number == 0)
            self.chooser.leave_out(lost)
            if not lost or self.chooser.empty:
                break
        if stock is None:
            raise GenerateError("None of the files that fit could be read.", hint="Index the folders again.")
        return stock

    def _taken(
        self, places: list[tuple[int, Place]], beat_s: float | None, lost: list[int], *, told: bool
    ) -> Stock | None:
        """A stock of stretches; rows of files that cannot be used are added to the lost ones."""
        done = iter(range(1, len(places) + 1))

        def failed(row: int, sentence: str) -> None:
            lost.append(row)
            self.on_failure(sentence)

        def step() -> None:
            if told:  # what is described in place of something else was counted with it
                self.on_described(next(done), len(places))

        return take(self.collection, self.shelf, places, beat_s=beat_s, on_failure=failed, step=step)

    def _check(self, stock: Stock, part_s: float) -> None:
        there_s = float(stock.lengths_s.sum())
        needed_s = min(part_s, AGAIN_S)
        if there_s < _ENOUGH * needed_s:
            raise GenerateError(
                f"There is too little music: {there_s:.0f} s to make {needed_s:.0f} s of, and nothing comes twice"
                " within a minute.",
                hint=f"Ask for {max(int(there_s / _ENOUGH), 1)} seconds or fewer, or index more music.",
            )

    def _run(self, stock: Stock, segment: int, end_s: float) -> Run:
        entry = self.collection.entries[int(stock.rows[segment])]
        from_s, to_s = stock.seconds(segment)
        start_s = end_s - float(stock.lengths_s[segment])
        end_s = min(end_s, self.seconds)
        speed = float(stock.speeds[segment])
        source = Source(
            start_s=start_s, end_s=end_s, path=entry.path, title=entry.title, artist=entry.artist,
            from_s=from_s, to_s=min(to_s, from_s + (end_s - start_s) * speed),
            gain_db=float(stock.gains_db[segment]), speed=speed,
        )  # fmt: skip
        fade_s = SHARP_FADE_S if stock.sharp[segment] > 0 else BLUNT_FADE_S
        return Run(source, 0.0 if start_s <= 1e-9 else fade_s)

    def _until_the_end(self, run: Run) -> Run:
        """The last run, with as much more of its file as there is to the end of the piece; behind that it is silent."""
        source = run.source
        row = self.collection.row_of(source.path)
        whole_s = np.inf if row is None else self.collection.entries[row].duration_s
        to_s = source.to_s + max(self.seconds - source.end_s, 0.0) * source.speed
        return Run(replace(source, end_s=self.seconds, to_s=max(min(to_s, whole_s), source.to_s)), run.fade_s)


def sound_of(
    runs: Iterator[Run],
    *,
    on_run: Callable[[Run], None] = lambda run: None,
    follow: Target | None = None,
    seed: int = 0,
) -> Iterator[Floats]:
    """The sound of runs, in blocks (n, 2) float32 at 44 100 Hz, no sooner than asked for; a song may be followed."""
    rng = stream(seed, Use.MIXED)
    joiner, at = Joiner(RATE_HZ), 0
    for run in runs:
        end = round(run.source.end_s * RATE_HZ)
        fade = min(round(run.fade_s * RATE_HZ), (end - at) // 2)
        samples = _samples(run, end - at + fade, fade)
        if follow is not None:
            samples = follow.shape(samples, (at - fade) / RATE_HZ if at else 0.0, rng)
        at = end
        for block in joiner.push(samples, fade=fade, holds=2 * RATE_HZ):
            yield within_full_scale(block)
        on_run(run)
    yield within_full_scale(joiner.finish())


def _samples(run: Run, count: int, fade: int) -> Floats:
    """(count, 2): a run with what lies before it, as it is played."""
    source = run.source
    before_s = fade / RATE_HZ * source.speed
    first_s = max(source.from_s - before_s - _LEAD_S, 0.0)
    cut = excerpt(source.path, first_s, source.to_s + _LEAD_S)
    stereo = (
        cut.samples
        if cut.samples.shape[1] == CHANNELS
        else np.repeat(cut.samples.mean(axis=1, keepdims=True), CHANNELS, axis=1)
    )
    played = soxr.resample(stereo, cut.rate_hz * source.speed, RATE_HZ)
    lead = round((source.from_s - before_s - first_s) / source.speed * RATE_HZ)
    found = played[max(lead, 0) : max(lead + count, 0)]
    if lead < 0:  # it begins with its file: what lies before is silence
        found = np.concatenate([np.zeros((-lead, CHANNELS), np.float32), found])
    missing = count - len(found)
    padded = np.pad(found, ((0, max(missing, 0)), (0, 0)))[:count]
    return np.asarray(padded * np.float32(10 ** (source.gain_db / 20)), np.float32)


def _goes_on(before: Run, run: Run) -> bool:
    one, other = before.source, run.source
    alike = (one.path, one.gain_db, one.speed) == (other.path, other.gain_db, other.speed)
    return alike and abs(one.to_s - other.from_s) < 1e-6
