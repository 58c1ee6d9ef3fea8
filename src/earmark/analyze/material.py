"""What is read: networks, the clips of a data set, and what each network says of them.

One window a clip, its first, so that step 7 is the same second in all of them. A network of a cross-validation knows
which clips it never heard; what is said of a clip comes from that network wherever one is there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.errors import DataError
from earmark.evaluate.among import own_genres
from earmark.evaluate.runs import kept_networks
from earmark.listen.bundle import Outputs, load_bundle
from earmark.sound.mel import under_maximum
from earmark.sound.tokens import TOKEN_FRAMES, WINDOW_TOKENS

if TYPE_CHECKING:
    from earmark.models import registry

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]

WINDOWS_AT_ONCE = 16
WINDOW_FRAMES = TOKEN_FRAMES * WINDOW_TOKENS


@dataclass(frozen=True, eq=False)
class Network:
    """A network that can be read.

    `run` takes (windows, 128, frames) dB and gives the arrays of a bundle's `Outputs`. `module` is the torch network
    behind it, for gradients and for other weights; a bundle has none. `held` are the ids of clips that it never heard,
    None where nobody knows. Networks of one `group` (a seed) hold out all clips between them.
    """

    name: str
    group: str
    genres: tuple[str, ...]
    run: Callable[[Floats], Outputs]
    module: "registry.Network | None" = None
    held: frozenset[str] | None = None


@dataclass(frozen=True, eq=False)
class Material:
    """The clips that are read.

    `db` is (n, 128, 380) float32, the first window of each clip in dB under its maximum; `labels` (n,) the place of its
    genre among `genres`; `left_out` counts clips that are too short or of another genre.
    """

    name: str
    genres: tuple[str, ...]
    clips: tuple[Clip, ...]
    db: Floats
    labels: Ints
    left_out: int

    def __len__(self) -> int:
        return len(self.clips)

    @cached_property
    def artists(self) -> tuple[str, ...]:
        """Keys that tell artists apart."""
        return tuple(clip.artist_key for clip in self.clips)

    @cached_property
    def filler(self) -> Floats:
        """(128, 1): the mean of every band over all clips, which removed seconds are filled with.

        Mean-mel is the filler that misleads least (Bolaños et al. 2025, arXiv 2506.04391); silence is an event of its
        own.
        """
        mean: Floats = self.db.mean(axis=(0, 2), dtype=np.float64).astype(np.float32)[:, None]
        return mean

    def rows(self, ids: frozenset[str] | None) -> Ints:
        """The places of clips by their ids; all where `ids` is None."""
        return np.array([row for row, clip in enumerate(self.clips) if ids is None or clip.id in ids], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Heard:
    """What one network says of windows, all float32.

    `logits` (n, genres), `attention` (n, tokens), `token_logits` (n, tokens, genres), `vectors` (n, tokens, 128);
    `alone` (n, tokens, genres), or None where a bundle is too old to say it; `opinion_tokens` (n, tokens, genres), what
    kernel machines add laid out in time, or None where there are none.
    """

    logits: Floats
    attention: Floats
    token_logits: Floats
    vectors: Floats
    alone: Floats | None = None
    opinion_tokens: Floats | None = None

    def __len__(self) -> int:
        return len(self.logits)

    @cached_property
    def places(self) -> Floats:
        """(n, 128): where a window is in the network's space, the mean of its token vectors weighted by attention."""
        return np.asarray(np.einsum("nt,ntd->nd", self.attention, self.vectors))

    def take(self, rows: NDArray[Any]) -> "Heard":
        """Some of the windows."""
        return Heard(**{name: array[rows] for name, array in self.arrays().items()})

    def arrays(self) -> dict[str, Floats]:
        """All that are there, by name."""
        present = [each.name for each in fields(self) if getattr(self, each.name) is not None]
        return {name: getattr(self, name) for name in present}


def gather(dataset: Dataset, genres: tuple[str, ...]) -> Material:
    """The first window of every clip that has one and a genre of these.

    Raises
    ------
    DataError
        There are none, or none of some genre, or they are by fewer than two artists; a picture is broken.
    """
    known = [clip for clip in dataset.clips if clip.label in genres and not clip.flagged]
    clips, windows = [], []
    for clip in known:
        db = dataset.db(clip)
        if db.shape[1] >= WINDOW_FRAMES:
            clips.append(clip)
            windows.append(under_maximum(db[:, :WINDOW_FRAMES]))
    if len({clip.artist_key for clip in clips}) < 2:
        hint = f"Needed are clips of 30 s, by several artists, with a genre of these: {', '.join(genres)}."
        raise DataError(f"{dataset.folder} has too few clips to read a network by.", hint=hint)
    missing = [genre for genre in genres if genre not in {clip.label for clip in clips}]
    if missing:
        hint = "A network can be read by clips of all its genres alone."
        raise DataError(f"{dataset.folder} has no clip of 30 s of {', '.join(missing)}.", hint=hint)
    labels = np.array([genres.index(clip.label or "") for clip in clips], dtype=np.int64)
    return Material(
        dataset.name, genres, tuple(clips), np.stack(windows), labels, left_out=len(dataset.clips) - len(clips)
    )


def hear(network: Network, db: Floats, *, progress: Callable[[int], None] = lambda windows: None) -> Heard:
    """What a network says of windows, (n, 128, frames) dB; `progress` is told of every few windows that are done."""
    parts = []
    for start in range(0, len(db), WINDOWS_AT_ONCE):
        part = db[start : start + WINDOWS_AT_ONCE]
        parts.append(network.run(part))
        progress(len(part))
    names = [each.name for each in fields(Heard) if getattr(parts[0], each.name) is not None]
    return Heard(**{name: np.concatenate([getattr(said, name) for said in parts]) for name in names})


def networks_of(model: Path | None, checkpoints: Sequence[Path], dataset: Dataset) -> list[Network]:
    """The networks that are to be read, among the genres that the data set has labels of.

    Parameters
    ----------
    model:
        A bundle, a checkpoint or the folder of a cross-validation; with None and no checkpoints the shipped bundle.
    checkpoints:
        More of them.
    dataset:
        Its labels say which genres are left to a network, all where fewer than two are, and its name which of its clips
        each network of a cross-validation never heard.

    Raises
    ------
    DataError
        Networks know different genres, have tokens of another length, or no attention.
    BundleError
        A folder is none of the three.
    """
    paths: list[Path | None] = [*([model] if model or not checkpoints else []), *checkpoints]
    networks = [network for path in paths for network in _networks_at(path, dataset)]
    for network in networks:
        if network.genres != networks[0].genres:
            raise DataError(f"{networks[0].name} and {network.name} know different genres, so they cannot be compared.")
    return networks


def _networks_at(path: Path | None, dataset: Dataset) -> list[Network]:
    if path is None or (path / "bundle.json").exists() or path.name == "bundle.json":
        bundle = load_bundle(path)
        _refuse_other_tokens(bundle.info.model, bundle.info.front_end.token_frames)
        own = _own(bundle.info.labels, dataset)
        genres = tuple(bundle.info.labels[place] for place in own)
        return [Network(bundle.info.model, bundle.info.model, genres, _among(bundle.run, own))]
    kept = list(kept_networks(path, dataset.name))
    if not kept:
        return [_of_checkpoint(path, path.name, "1", None, dataset)]
    return [_of_checkpoint(file, file.name, file.name.partition("_")[0], held, dataset) for file, held in kept]


def _own(genres: Sequence[str], dataset: Dataset) -> list[int]:
    """The places of the genres that the set has; of all, where it has fewer than two."""
    return [genres.index(genre) for genre in own_genres(genres, dataset.labels) or genres]


def _among(run: Callable[[Floats], Outputs], own: list[int]) -> Callable[[Floats], Outputs]:
    """`run` with logits of some genres alone."""

    def narrowed(db: Floats) -> Outputs:
        said = run(db)
        return replace(
            said,
            logits=said.logits[..., own],
            token_logits=said.token_logits[..., own],
            alone=None if said.alone is None else said.alone[..., own],
            opinion_tokens=None if said.opinion_tokens is None else said.opinion_tokens[..., own],
        )

    return narrowed


def _of_checkpoint(path: Path, name: str, group: str, held: frozenset[str] | None, dataset: Dataset) -> Network:
    from earmark.models.registry import Decides, Narrows
    from earmark.train.checkpoint import Checkpoint

    checkpoint = Checkpoint.load(path)
    net = checkpoint.network()
    if not isinstance(net, Decides):
        kind = checkpoint.recipe.model.kind
        raise DataError(f"{path} is a network of the kind '{kind}', which has no attention to read.")
    _refuse_other_tokens(str(path), net.token_frames)
    own = _own(checkpoint.genres, dataset)
    if len(own) < len(checkpoint.genres):
        if not isinstance(net, Narrows):
            kind = checkpoint.recipe.model.kind
            hint = (
                "Read it by a set with clips of all its genres, or give it `keep_genres` (`models.registry.Narrows`)."
            )
            raise DataError(
                f"{path} is of the kind '{kind}', which cannot be read among some of its genres.", hint=hint
            )
        net.keep_genres(own)
    return Network(name, group, tuple(checkpoint.genres[place] for place in own), runner(net), net, held)


def _refuse_other_tokens(name: str, token_frames: int) -> None:
    if token_frames != TOKEN_FRAMES:
        raise DataError(f"{name} has tokens of {token_frames} frames, and those that are read have {TOKEN_FRAMES}.")


def runner(net: "registry.Network") -> Callable[[Floats], Outputs]:
    """A torch network as a function of arrays, as `Bundle.run` is one."""
    import torch

    def run(db: Floats) -> Outputs:
        with torch.inference_mode():
            said = net(torch.from_numpy(np.ascontiguousarray(db, dtype=np.float32)), attention=True)
        return Outputs(
            logits=said.logits.numpy(),
            attention=said.attention.numpy(),
            token_logits=said.token_logits.numpy(),
            vectors=said.vectors.numpy(),
            vector=said.vector.numpy(),
            alone=None if said.alone is None else said.alone.numpy(),
            opinion_tokens=None if said.opinion_tokens is None else said.opinion_tokens.numpy(),
        )

    return run
