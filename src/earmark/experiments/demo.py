"""The whole path with no data at hand: pieces made here, heard by the shipped network, and by one trained on the spot.

The pieces are those of `data/synth.py`: a neutral bed in which a style shows itself only in a known span, so that one
can see whether the seconds that decided are the right ones. The shipped network knows music, not these styles: what it
says of them is a show of the path, not of its skill.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.data.synth import STYLES, Piece, compose, write_dataset
from earmark.files import FolderKind, guard_folder, write_whole
from earmark.listen.bundle import Bundle, load_bundle
from earmark.listen.listener import Listener
from earmark.track import Track

SEED = 7
PIECE_S = 60.0
MOTIF = (20.0, 35.0)
CLIPS_PER_STYLE = 24
ARTISTS_PER_STYLE = 8

COMMENT = "a piece of earmark demo"
FOLDER = FolderKind(
    tuple(f"{style}.flac" for style in sorted(STYLES)),
    known_by={f"{min(STYLES)}.flac": COMMENT.encode(), "bundle/bundle.json": b'"demo"'},
)

RECIPE = {
    "name": "demo",
    "model": {
        "kind": "attention",
        "stages": [
            {"channels": 16, "kernel": [8, 4], "stride": [4, 2]},
            {"channels": 32, "kernel": [3, 3], "stride": [2, 2]},
            {"channels": 64, "kernel": [3, 3], "stride": [2, 2]},
        ],
    },
    "train": {"epochs": 12, "batch_size": 8, "learning_rate": 3e-3, "token_loss": 0.1},
    "augment": {"roll": True, "mask_bands": 10},
}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Lesson:
    """What the network trained on the spot learned.

    `accuracy` on `clips` pieces by artists it never heard; `tracks` are its answers to the demo's pieces; `found` says
    for how many of them at least half of the decisive seconds lie in the span where the style shows itself.
    """

    accuracy: float
    clips: int
    seconds: float
    tracks: tuple[Track, ...]
    found: int
    bundle: Path


def write_pieces(folder: Path) -> list[Path]:
    """Compose one piece a style and write it as 16-bit FLAC; returns the files.

    Raises OutputError where the folder holds other files of these names.
    """
    guard_folder(folder, FOLDER)
    files = []
    for name, piece in _pieces():
        file = folder / f"{name}.flac"
        write_whole(file, _flac(piece))
        files.append(file)
    return files


def train_and_listen(folder: Path, *, progress: Progress = lambda done, total: None) -> Lesson:
    """Train a small network on synthetic pieces (under two minutes on a laptop), export it, and listen with it.

    Needs the extra `train`. Writes the data, the cross-validation and the bundle below `folder`.
    """
    import time

    from earmark.evaluate.bundling import make_bundle
    from earmark.experiments.crossval import crossval
    from earmark.experiments.protocol import Protocol
    from earmark.train.batches import gather
    from earmark.train.loop import train
    from earmark.train.recipe import Recipe

    started = time.perf_counter()
    recipe = Recipe.from_dict(RECIPE)
    dataset = write_dataset(
        folder / "data",
        clips_per_style=CLIPS_PER_STYLE,
        artists_per_style=ARTISTS_PER_STYLE,
        motif_s=8.0,
        rng=np.random.default_rng(SEED),
    )
    epochs = 3 * recipe.train.epochs
    # Folds in this process: starting others would take as long as the training.
    predictions = crossval(
        recipe,
        [dataset.folder],
        folder / "crossval",
        protocol=Protocol(folds=2),
        seeds=1,
        jobs=1,
        progress=lambda done, _: progress(done, epochs),
    )
    genres = tuple(sorted(STYLES))
    checkpoint = train(
        recipe,
        gather([dataset], recipe, genres),
        genres,
        folder / "run",
        report=lambda row: progress(2 * recipe.train.epochs + int(row["epoch"]), epochs),
    )
    make_bundle(checkpoint, predictions, folder / "bundle", version="demo", created="")
    bundle = load_bundle(folder / "bundle")
    tracks = tuple(_hear(bundle))
    right = predictions.predicted == predictions.truth
    return Lesson(
        accuracy=float(right.mean()),
        clips=len(right),
        seconds=time.perf_counter() - started,
        tracks=tracks,
        found=sum(_points_to_motif(track) for track in tracks),
        bundle=folder / "bundle",
    )


def _flac(piece: Piece) -> bytes:
    import soundfile

    stream = io.BytesIO()
    kind = {"samplerate": piece.sample_rate_hz, "channels": 1, "subtype": "PCM_16", "format": "FLAC"}
    with soundfile.SoundFile(stream, "w", **kind) as file:
        file.comment = COMMENT
        file.write(piece.samples)
    return stream.getvalue()


def _pieces() -> Iterator[tuple[str, Piece]]:
    for name in sorted(STYLES):
        rng = np.random.default_rng(SEED)
        yield name, compose(name, duration_s=PIECE_S, motif=MOTIF, rng=rng)


def _hear(bundle: Bundle) -> Iterator[Track]:
    listener = Listener(bundle)
    for _, piece in _pieces():
        yield listener.hear(piece.samples, sample_rate_hz=piece.sample_rate_hz)


def _points_to_motif(track: Track) -> bool:
    inside = sum(max(0.0, min(s.end_s, MOTIF[1]) - max(s.start_s, MOTIF[0])) for s in track.decisive)
    return inside >= 0.5 * sum(s.end_s - s.start_s for s in track.decisive)
