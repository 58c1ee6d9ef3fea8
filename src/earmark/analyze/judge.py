"""Whether the seconds that a method shows convince another system, which knows nothing of the network or the method.

A judge is another network, best of another architecture, that was trained on labels alone. It hears the seconds
shown, cut out, side by side, and repeated until they fill a window, or all seconds but those, and says a genre: how
often is it that which our network hears? Every method shows as many tokens of a clip as `listen` would show of it;
`random` shows runs as long elsewhere in it. Of each clip that judge is asked that never heard it, where that is
known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.analyze.explanations import HEAD, METHODS, RANDOM, SHOWN, Costly, Scores, shown_tokens
from earmark.analyze.material import WINDOWS_AT_ONCE, Material
from earmark.analyze.reading import Reading, mean_with_interval
from earmark.analyze.trust import explained_answers
from earmark.errors import DataError
from earmark.evaluate.runs import kept_networks
from earmark.listen.bundle import load_bundle
from earmark.listen.explanation import elsewhere
from earmark.sound.mel import under_maximum
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES

Figures = dict[str, Any]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Progress = Callable[[int], None]

CLIPS = 150  # over all networks of a reading


@dataclass(frozen=True, eq=False)
class Judge:
    """Another system: `run` takes (windows, 128, frames) dB and gives logits (windows, genres) of the genres read.

    `frames` are a multiple of `token_frames`; `held` the ids of clips that it never heard, None where nobody knows.
    """

    name: str
    run: Callable[[Floats], Floats]
    token_frames: int
    held: frozenset[str] | None = None


def judges_of(path: Path, set_name: str, genres: Sequence[str]) -> list[Judge]:
    """The judges at a path: a bundle, a checkpoint, or a cross-validation that still has its checkpoints.

    Raises
    ------
    DataError
        They do not know all of these genres, or do not hear earmark's own spectrograms.
    BundleError
        The path is none of the three.
    """
    if (path / "bundle.json").exists():
        bundle = load_bundle(path)
        columns = _columns(path, bundle.info.labels, genres)
        front_end = bundle.info.front_end
        return [Judge(bundle.info.model, lambda db: bundle.run(db).logits[:, columns], front_end.token_frames)]
    kept: list[tuple[Path, frozenset[str] | None]] = [*kept_networks(path, set_name)]
    kept = kept or [(path, None)]
    return [_of_checkpoint(file, held, genres) for file, held in kept]


def _of_checkpoint(path: Path, held: frozenset[str] | None, genres: Sequence[str]) -> Judge:
    import torch

    from earmark.train.checkpoint import Checkpoint

    checkpoint = Checkpoint.load(path)
    if checkpoint.recipe.front_end is not None:
        hint = "A judge hears the pictures of clips, so its recipe has no [front_end]."
        raise DataError(f"{path} hears spectrograms of its own.", hint=hint)
    columns, net = _columns(path, checkpoint.genres, genres), checkpoint.network()

    def run(db: Floats) -> Floats:
        with torch.inference_mode():
            return np.asarray(net(torch.from_numpy(np.ascontiguousarray(db))).logits[:, columns])

    return Judge(f"{checkpoint.recipe.name} {path.name}", run, net.token_frames, held)


def _columns(path: Path, known: Sequence[str], genres: Sequence[str]) -> list[int]:
    missing = [genre for genre in genres if genre not in known]
    if missing:
        raise DataError(f"{path} cannot judge: it does not know {', '.join(missing)}.")
    return [known.index(genre) for genre in genres]


def repeated(db: Floats, marked: Bools, *, frames: int) -> Floats:
    """The tokens that are marked, (tokens,), of a window (128, any) side by side, repeated to (128, `frames`)."""
    cut = db.reshape(len(db), -1, TOKEN_FRAMES)[:, marked].reshape(len(db), -1)
    return under_maximum(cut[:, np.arange(frames) % cut.shape[1]])


def convinced(
    reading: Reading,
    material: Material,
    judges: Sequence[Judge],
    *,
    rng: np.random.Generator,
    progress: Progress,
    costly: Sequence[Costly] = (),
) -> Figures:
    """How often judges say what the network hears, by the seconds that each method shows and by all others.

    Raises
    ------
    DataError
        The judges do not hold out the clips between them.
    """
    judge_of = _judge_of(judges, material)
    agreed: dict[str, dict[str, list[Bools]]] = {}
    whole: list[Bools] = []
    artists: list[str] = []
    counts: list[int] = []
    for part in explained_answers(reading, material, CLIPS, rng=rng, progress=progress, costly=costly):
        rows, db, answers = part.rows, part.db, part.answers
        asked = [judges[judge_of[row]] for row in rows]
        whole.append(_said(asked, db, np.ones(part.heard.attention.shape, dtype=bool)) == answers)
        marks = _marks(part.scores, rng)
        for name, marked in marks.items():
            kinds = agreed.setdefault(name, {"alone": [], "without": []})
            kinds["alone"].append(_said(asked, db, marked) == answers)
            kinds["without"].append(_said(asked, db, ~marked) == answers)
            progress(2 * len(rows))
        counts += marks[RANDOM].sum(axis=1).tolist()
        artists += [material.artists[row] for row in rows]
    names = [name for name in METHODS if name in agreed and sum(map(len, agreed[name]["alone"])) == len(artists)]
    said = {name: {kind: np.concatenate(parts).astype(float) for kind, parts in agreed[name].items()} for name in names}
    return {
        "n": len(artists),
        "artists": len(set(artists)),
        "judges": [judge.name for judge in judges],
        "out_of_fold": all(judge.held is not None for judge in judges),
        "shown_s": float(np.mean(counts) * TOKEN_FRAMES * FRAME_S),
        "whole": mean_with_interval(np.concatenate(whole), artists, rng),
        "methods": [
            {
                "method": name,
                "alone": mean_with_interval(said[name]["alone"], artists, rng),
                "alone_over_random": mean_with_interval(said[name]["alone"] - said[RANDOM]["alone"], artists, rng),
                "without": mean_with_interval(said[name]["without"], artists, rng),
                "without_below_random": mean_with_interval(
                    said[RANDOM]["without"] - said[name]["without"], artists, rng
                ),
            }
            for name in names
        ],
    }


def _judge_of(judges: Sequence[Judge], material: Material) -> Ints:
    """Of each clip the place of its judge."""
    found = np.full(len(material), -1)
    for number, judge in enumerate(judges):
        rows = material.rows(judge.held)
        found[rows[found[rows] < 0]] = number
    if (found < 0).any():
        hint = "Needed is one checkpoint, or all folds of a seed of a cross-validation on this data set."
        raise DataError(f"The judges do not hold out the clips of {material.name} between them.", hint=hint)
    return found


def _marks(scores: Scores, rng: np.random.Generator) -> dict[str, Bools]:
    """The tokens that each method shows, (n, tokens): as many as `listen` would, and for `random` in runs elsewhere."""
    model = shown_tokens(scores[SHOWN if SHOWN in scores else HEAD])
    count = model.sum(axis=1, keepdims=True)
    marks = {name: (-each).argsort(axis=1).argsort(axis=1) < count for name, each in scores.items()}
    if SHOWN in scores:
        marks[SHOWN] = model
    for row, chosen in enumerate(model):
        drawn = elsewhere(np.flatnonzero(chosen).tolist(), np.flatnonzero(~chosen).tolist(), rng)
        if drawn:
            marks[RANDOM][row] = np.isin(np.arange(len(chosen)), drawn)
    return marks


def _said(asked: Sequence[Judge], db: Floats, marked: Bools) -> Ints:
    """What judges, one a window, say of the tokens that are marked, (n, tokens)."""
    said = np.empty(len(db), dtype=np.int64)
    for judge in dict.fromkeys(asked):
        rows = np.array([row for row, other in enumerate(asked) if other is judge])
        frames = db.shape[2] // judge.token_frames * judge.token_frames
        for part in np.array_split(rows, -(-len(rows) // WINDOWS_AT_ONCE)):
            windows = np.stack([repeated(db[row], marked[row], frames=frames) for row in part])
            said[part] = judge.run(windows).argmax(axis=1)
    return said
