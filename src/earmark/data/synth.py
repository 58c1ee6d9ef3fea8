"""Synthetic pieces of clearly different styles, with a known deciding second, for all that needs no real music.

All styles share a neutral bed (a soft fifth and a shaker, in any key and tempo); what makes a style is its motif, and
that sounds only in a known span. Outside the span two pieces from the same seed are equal to the bit, whatever their
style. Samples are mono float32 at 22 050 Hz, never beyond +-0.9.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Dataset
from earmark.data.layout import CLIPS_FILE, picture_of_db, write_picture, write_rows
from earmark.sound.mel import SAMPLE_RATE_HZ, log_mel

BED_LEVEL = 0.2
MOTIF_LEVEL = 0.7
FADE_S = 0.03

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """A synthetic piece.

    Attributes
    ----------
    samples:
        (n,) float32 mono, between -0.9 and 0.9: with `sample_rate_hz` what `Listener.hear` takes.
    sample_rate_hz:
        Their rate, 22 050.
    style:
        One of STYLES.
    motif_start_s, motif_end_s:
        The span where the motif sounds.
    """

    samples: Samples
    sample_rate_hz: int
    style: str
    motif_start_s: float
    motif_end_s: float


@dataclass(frozen=True)
class Score:
    """What bed and motif have in common: length, tempo and key."""

    length_samples: int
    beat_s: float
    root_hz: float
    scale: tuple[int, ...]

    def pitch_hz(self, degree: int) -> float:
        """The frequency of a degree of the scale above the root; degrees go on over the octaves."""
        octave, step = divmod(degree, len(self.scale))
        return float(self.root_hz * 2 ** (octave + self.scale[step] / 12))

    def onsets(self, every_beats: float, *, offset_beats: float = 0.0) -> NDArray[np.int64]:
        """The samples at which a regular pattern sounds."""
        step, first = every_beats * self.beat_s * SAMPLE_RATE_HZ, offset_beats * self.beat_s * SAMPLE_RATE_HZ
        return np.arange(first, self.length_samples, step).astype(np.int64)


Motif = Callable[[Score, np.random.Generator], Samples]
_MOTIFS: dict[str, Motif] = {}


def style(name: str) -> Callable[[Motif], Motif]:
    """Register the motif of a style."""

    def register(motif: Motif) -> Motif:
        _MOTIFS[name] = motif
        return motif

    return register


def compose(
    style: str,
    *,
    duration_s: float = 30.0,
    motif: tuple[float, float] | None = None,
    rng: np.random.Generator,
) -> Piece:
    """Compose a piece.

    Parameters
    ----------
    style:
        One of STYLES.
    duration_s:
        Its length.
    motif:
        Start and end in seconds of the span where the style shows itself; None for throughout.
    rng:
        Draws tempo, key and timbre; bed and key come first, so that the same seed gives all styles the same bed.

    Raises
    ------
    ValueError
        The style is not known, or the span is not in the piece.
    """
    if style not in _MOTIFS:
        raise ValueError(f"There is no style '{style}': {', '.join(STYLES)}.")
    start_s, end_s = (0.0, duration_s) if motif is None else motif
    if not 0 <= start_s < end_s <= duration_s:
        raise ValueError(f"The motif's span {start_s} to {end_s} s is not in a piece of {duration_s} s.")
    score = _draw_score(duration_s, rng)
    samples = BED_LEVEL * _peaked(_bed(score, rng))
    first, last = round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ)
    span = _peaked(_MOTIFS[style](score, rng)[first:last])
    samples[first:last] += MOTIF_LEVEL * _faded(span)
    return Piece(samples, SAMPLE_RATE_HZ, style, start_s, end_s)


def write_dataset(
    folder: Path,
    *,
    clips_per_style: int = 10,
    artists_per_style: int = 5,
    duration_s: float = 30.0,
    motif_s: float | None = None,
    rng: np.random.Generator,
    audio: bool = False,
) -> Dataset:
    """Write a data set of synthetic pieces in earmark's layout, and load it.

    Parameters
    ----------
    folder:
        Made where it is missing.
    clips_per_style, artists_per_style:
        Each style's clips are dealt out to its artists in turn.
    duration_s:
        Length of every clip.
    motif_s:
        Length of the motif's span, which lies anywhere in the clip; None for throughout.
    rng:
        Draws the pieces.
    audio:
        Write `sound/ID.wav` (16 bit) instead of pictures.
    """
    rows = []
    for genre in STYLES:
        for number in range(clips_per_style):
            piece = compose(genre, duration_s=duration_s, motif=_draw_span(duration_s, motif_s, rng), rng=rng)
            row = {
                "id": f"{genre}.{number:05d}",
                "genre": genre,
                "artist": f"{genre.title()} Artist {number % artists_per_style + 1}",
                "motif_start_s": f"{piece.motif_start_s:.3f}",
                "motif_end_s": f"{piece.motif_end_s:.3f}",
            }
            rows.append({**row, "path": _write_sound(folder, row["id"], piece)} if audio else row)
            if not audio:
                write_picture(folder / "mel" / f"{row['id']}.png", picture_of_db(log_mel(piece.samples)))
    write_rows(folder / CLIPS_FILE, rows)
    return Dataset.load(folder)


def _write_sound(folder: Path, name: str, piece: Piece) -> str:
    import soundfile

    (folder / "sound").mkdir(parents=True, exist_ok=True)
    path = Path("sound") / f"{name}.wav"
    soundfile.write(folder / path, piece.samples, piece.sample_rate_hz, subtype="PCM_16")
    return path.as_posix()


def _draw_span(duration_s: float, motif_s: float | None, rng: np.random.Generator) -> tuple[float, float] | None:
    if motif_s is None:
        return None
    start_s = float(rng.uniform(0, duration_s - motif_s))
    return start_s, start_s + motif_s


_SCALES = ((0, 2, 4, 7, 9), (0, 3, 5, 7, 10))  # major and minor pentatonic: whatever sounds together sounds well


def _draw_score(duration_s: float, rng: np.random.Generator) -> Score:
    return Score(
        length_samples=round(duration_s * SAMPLE_RATE_HZ),
        beat_s=60 / float(rng.uniform(90, 132)),
        root_hz=55.0 * 2 ** (int(rng.integers(0, 12)) / 12),
        scale=_SCALES[rng.integers(len(_SCALES))],
    )


def _bed(score: Score, rng: np.random.Generator) -> Samples:
    """A soft root and fifth that swell, and a shaker on the eighths: (length,)."""
    swell = 0.7 + 0.3 * _tone(score.length_samples, 0.25 / score.beat_s)
    bed = (
        0.5 * swell * (_tone(score.length_samples, 2 * score.root_hz) + _tone(score.length_samples, 3 * score.root_hz))
    )
    shake = np.diff(rng.standard_normal(2206, dtype=np.float32)) * _decay(2205, 0.02)
    for number, onset in enumerate(score.onsets(0.5)):
        _add(bed, onset, (0.2 if number % 2 else 0.35) * shake)
    return bed


@style("pulse")
def _pulse(score: Score, rng: np.random.Generator) -> Samples:
    """Four on the floor: a kick on every beat, a bass note and an open hat between."""
    out = np.zeros(score.length_samples, np.float32)
    kick_samples = round(0.25 * SAMPLE_RATE_HZ)
    time_s = np.arange(kick_samples, dtype=np.float32) / SAMPLE_RATE_HZ
    sweep = 2 * np.pi * (45 * time_s + rng.uniform(2.5, 4.5) * (1 - np.exp(-time_s * 30)))
    kick = (np.sin(sweep) * _decay(kick_samples, 0.09)).astype(np.float32)
    hat = np.diff(rng.standard_normal(4411, dtype=np.float32)) * _decay(4410, float(rng.uniform(0.03, 0.06)))
    line = [_plucked(score.pitch_hz(int(degree)), 0.4, 0.12, brightness=0.75) for degree in rng.integers(0, 3, size=4)]
    for onset in score.onsets(1.0):
        _add(out, onset, kick)
    for number, onset in enumerate(score.onsets(1.0, offset_beats=0.5)):
        _add(out, onset, 0.7 * line[number % 4])
        _add(out, onset, 0.12 * hat)
    return out


@style("drone")
def _drone(score: Score, rng: np.random.Generator) -> Samples:
    """A wide detuned chord that moves slowly, with nothing that strikes."""
    # A loop of whole periods can be repeated without a seam: 8 s of it cost a quarter of 30.
    loop_samples = 8 * SAMPLE_RATE_HZ
    loop = np.zeros(loop_samples, np.float32)
    for degree in (5, 7, 8, 10):
        for harmonic, level in ((1, 1.0), (2, 0.5), (3, 0.35), (4, float(rng.uniform(0.1, 0.3)))):
            frequency_hz = round(8 * score.pitch_hz(degree) * harmonic + rng.uniform(-3, 3)) / 8
            loop += level * _tone(loop_samples, frequency_hz, phase=float(rng.uniform(0, 2 * np.pi)))
    swell = 0.75 + 0.25 * _tone(score.length_samples, float(rng.uniform(0.06, 0.15)))
    return np.resize(loop, score.length_samples) * swell


@style("plucks")
def _plucks(score: Score, rng: np.random.Generator) -> Samples:
    """An arpeggio of plucked notes in sixteenths, up and down two octaves of the scale."""
    out = np.zeros(score.length_samples, np.float32)
    brightness, ring_s = float(rng.uniform(0.6, 0.85)), float(rng.uniform(0.1, 0.2))
    notes = [_plucked(score.pitch_hz(15 + degree), 0.5, ring_s, brightness=brightness) for degree in range(8)]
    pattern = rng.permutation(8)
    for number, onset in enumerate(score.onsets(0.25)):
        _add(out, onset, notes[pattern[number % 8]] * (1.0 if number % 4 == 0 else 0.7))
    return out


@style("noise")
def _noise(score: Score, rng: np.random.Generator) -> Samples:
    """Riffs of distorted power chords in a cloud of noise."""
    out = np.zeros(score.length_samples, np.float32)
    note_samples = round(0.5 * score.beat_s * SAMPLE_RATE_HZ)
    drive, hiss = float(rng.uniform(6, 12)), float(rng.uniform(0.3, 0.6))
    chords = []
    for degree in range(4):
        root_hz = score.pitch_hz(degree)
        chord = sum((_saw(note_samples, root_hz * ratio) for ratio in (1.0, 1.498, 2.003)), np.float32(0))
        chord = chord + hiss * rng.standard_normal(note_samples, dtype=np.float32)
        chords.append((np.tanh(drive * chord) * _decay(note_samples, score.beat_s)).astype(np.float32))
    riff = rng.choice([0, 0, 0, 1, 2, 3, -1], size=8)
    riff[0] = 0
    for number, onset in enumerate(score.onsets(0.5)):
        if riff[number % 8] >= 0:
            _add(out, onset, chords[riff[number % 8]])
    return out


STYLES: tuple[str, ...] = tuple(_MOTIFS)


def _tone(length_samples: int, frequency_hz: float, *, phase: float = 0.0) -> Samples:
    # The phase of single samples in float64: in float32 it would drift audibly after some seconds.
    cycles = np.arange(length_samples) * (frequency_hz / SAMPLE_RATE_HZ)
    radians = (2 * np.pi * (cycles - np.floor(cycles)) + phase).astype(np.float32)
    tone: Samples = np.sin(radians)
    return tone


def _saw(length_samples: int, frequency_hz: float) -> Samples:
    cycles = np.arange(length_samples) * (frequency_hz / SAMPLE_RATE_HZ)
    saw: Samples = (2 * (cycles - np.floor(cycles)) - 1).astype(np.float32)
    return saw


def _decay(length_samples: int, time_s: float) -> Samples:
    """Falls to 1/e in `time_s`, and to 0 at the end."""
    fall = np.exp(-np.arange(length_samples) / (time_s * SAMPLE_RATE_HZ)) * np.linspace(1, 0, length_samples)
    return fall.astype(np.float32)


def _plucked(frequency_hz: float, length_s: float, ring_s: float, *, brightness: float) -> Samples:
    """A plucked string: harmonics that are weaker and shorter the higher they are."""
    length_samples = round(length_s * SAMPLE_RATE_HZ)
    out = np.zeros(length_samples, np.float32)
    for harmonic in range(1, 9):
        if harmonic * frequency_hz < SAMPLE_RATE_HZ / 2:
            ring = _decay(length_samples, ring_s * 2 / (1 + harmonic))
            out += np.float32(brightness ** (harmonic - 1)) * _tone(length_samples, harmonic * frequency_hz) * ring
    return out


def _add(out: Samples, onset: int, note: Samples) -> None:
    """Let a note sound from a sample on, as far as `out` goes."""
    part = out[onset : onset + len(note)]
    part += note[: len(part)]


def _peaked(samples: Samples) -> Samples:
    """Scaled to a peak of 1; silence stays silence."""
    peak = float(np.abs(samples).max(initial=0))
    return samples * np.float32(1 / peak) if peak > 0 else samples


def _faded(samples: Samples) -> Samples:
    """Faded in and out, so that the span begins and ends without a click."""
    fade_samples = min(round(FADE_S * SAMPLE_RATE_HZ), len(samples) // 2)
    ramp = np.linspace(0, 1, fade_samples, endpoint=False, dtype=np.float32)
    out = samples.copy()
    out[:fade_samples] *= ramp
    out[len(out) - fade_samples :] *= ramp[::-1]
    return out
