"""A bundle: a trained network and all that is needed to use it, as a folder of `network.onnx` and `bundle.json`.

The network takes "db" (windows, 128, frames) float32, decibels under each window's maximum, frames a multiple of the
front end's token_frames, and gives the arrays of `Outputs`. The JSON holds labels, front-end constants, calibration,
lineage, figures with their protocol, what it says of tags and "none of these" where the network hears them, and the
SHA-256 of the network, which is checked at load.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from earmark.errors import BundleError
from earmark.files import write_whole
from earmark.listen.calibrate import Calibration
from earmark.listen.heads import OutsideInfo, TagInfo
from earmark.sound import mel, tokens
from earmark.track import NONE

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from earmark.listen.linear import LinearHead

SCHEMA = 2
READ_SCHEMAS = (1, SCHEMA)  # in 1 "none of these" stood beside the genres, with a threshold of its own
NETWORK_FILE = "network.onnx"
INFO_FILE = "bundle.json"
_OPTIONAL = ("tags", "outside")  # of BundleInfo, and of Outputs
TOKEN_TAGS = "token_tags"
# Of Outputs, where the network has them; those of old bundles do not.
_LATER = ("alone", "opinion_tokens", "alone_vectors", "pitch", "view", TOKEN_TAGS)
DEFAULT_FOLDER = Path(__file__).parents[1] / "bundles" / "earmark"


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """The constants of the log-mel front end that a network was trained with."""

    sample_rate_hz: int = mel.SAMPLE_RATE_HZ
    fft_samples: int = mel.FFT_SAMPLES
    hop_samples: int = mel.HOP_SAMPLES
    bands: int = mel.BANDS
    floor_db: float = mel.FLOOR_DB
    token_frames: int = tokens.TOKEN_FRAMES
    window_tokens: int = tokens.WINDOW_TOKENS


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """What bundle.json says. `sha256` is filled in by `write_bundle`.

    `tags` and `outside` stand there only where the network has outputs of these names; without them a bundle is as
    complete as with them.
    """

    name: str
    version: str
    created: str
    code_version: str
    licence: str
    labels: tuple[str, ...]
    front_end: FrontEnd
    calibration: Calibration
    lineage: Mapping[str, Any]
    metrics: Mapping[str, Any]
    sha256: str = ""
    tags: TagInfo | None = None
    outside: OutsideInfo | None = None

    @property
    def model(self) -> str:
        """Name and version, as tracks carry it."""
        return f"{self.name} {self.version}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as in bundle.json."""
        heads = {name: info.to_dict() for name, info in (("tags", self.tags), ("outside", self.outside)) if info}
        always = {name: value for name, value in asdict(self).items() if name not in _OPTIONAL}
        return {"schema": SCHEMA, **always, "labels": list(self.labels), **heads}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The info that `to_dict` wrote; `ValueError` in words where it is not one."""
        if values.get("schema") not in READ_SCHEMAS:
            raise ValueError(f"has schema {values.get('schema')!r}, and this earmark reads schemas 1 and {SCHEMA}")
        always = [field.name for field in fields(cls) if field.name not in _OPTIONAL]
        missing = [name for name in always if name not in values]
        if missing:
            raise ValueError(f"lacks {', '.join(missing)}")
        labels = tuple(values["labels"])
        if not labels or len(set(labels)) != len(labels) or not all(isinstance(label, str) for label in labels):
            raise ValueError("needs labels that are different names")
        known = {name: values[name] for name in always}
        if values.get("tags") is not None:
            known["tags"] = TagInfo.from_dict(values["tags"])
        if values.get("outside") is not None:
            known["outside"] = OutsideInfo.from_dict(values["outside"])
            if NONE in labels:
                raise ValueError(f"has '{NONE}' among its labels, which is the answer beside them")
        try:
            known["front_end"] = FrontEnd(**values["front_end"])
            known["calibration"] = Calibration(**values["calibration"])
        except TypeError as error:
            raise ValueError(f"has a field it should not, or lacks one ({error})") from None
        return cls(**{**known, "labels": labels})


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a network says about windows; all float32."""

    logits: NDArray[np.float32]  # (windows, genres)
    attention: NDArray[np.float32]  # (windows, tokens), sums to 1 over tokens
    token_logits: NDArray[np.float32]  # (windows, tokens, genres)
    vectors: NDArray[np.float32]  # (windows, tokens, 128), the CNN's view of each token
    vector: NDArray[np.float32]  # (windows, 128), pooled by attention
    tags: NDArray[np.float32] | None = None  # (windows, tags) logits; None where the bundle has none
    outside: NDArray[np.float32] | None = None  # (windows,) logits that it is none of the genres; None likewise
    alone: NDArray[np.float32] | None = None  # (windows, tokens, genres) logits were each token all there is; likewise
    token_tags: NDArray[np.float32] | None = None  # (windows, tokens, tags) logits of each token; likewise
    # (windows, tokens, genres): what kernel machines add to the logits, laid out in time; sums to it; likewise.
    opinion_tokens: NDArray[np.float32] | None = None
    alone_vectors: NDArray[np.float32] | None = None  # (windows, tokens, 128) of each token as a whole window; likewise
    pitch: NDArray[np.float32] | None = None  # (windows, numbers): mode, intervals, how steady pitches are; likewise
    view: NDArray[np.float32] | None = None  # (windows, numbers) of kernel machines: what music it is like; likewise


class Bundle:
    """A loaded bundle. The onnxruntime session starts with the first `run`, on one thread."""

    def __init__(self, folder: Path, info: BundleInfo, network: bytes) -> None:
        self.folder = folder
        self.info = info
        self._network = network

    def run(self, db: NDArray[np.float32]) -> Outputs:
        """Hear windows.

        Parameters
        ----------
        db:
            (windows, 128, frames) float32, decibels under each window's maximum; frames a multiple of token_frames.
        """
        front_end = self.info.front_end
        if db.ndim != 3 or db.shape[1] != front_end.bands or not db.shape[2] or db.shape[2] % front_end.token_frames:
            raise ValueError(f"need (windows, {front_end.bands}, k * {front_end.token_frames}), not {db.shape}")
        names = self._outputs(self._session)
        arrays = self._session.run(names, {"db": np.ascontiguousarray(db, dtype=np.float32)})
        said = Outputs(**{name: np.asarray(array) for name, array in zip(names, arrays, strict=True)})
        self._check_heads(said, windows=len(db))
        return said

    @cached_property
    def heads(self) -> "tuple[LinearHead, ...]":
        """The heads that were trained beside the network; BundleError where they are broken, or another network's."""
        from earmark.listen.linear import HEADS_FILE, read_heads

        file = self.folder / HEADS_FILE
        return tuple(head.checked(self.info.sha256, file) for head in read_heads(file))

    def _outputs(self, session: "InferenceSession") -> list[str]:
        """The outputs that are asked for: a head that bundle.json does not describe has no say."""
        lacking = [name for name in _OPTIONAL if getattr(self.info, name) is None]
        there = {output.name for output in session.get_outputs()}
        lacking += [name for name in _LATER if name not in there or (name == TOKEN_TAGS and self.info.tags is None)]
        return [field.name for field in fields(Outputs) if field.name not in lacking]

    def _check_heads(self, said: Outputs, *, windows: int) -> None:
        if said.tags is not None and self.info.tags is not None:
            _check_shape("tags", said.tags, (windows, len(self.info.tags.names)), self.folder)
            if said.token_tags is not None:
                shape = (*said.attention.shape, len(self.info.tags.names))
                _check_shape(TOKEN_TAGS, said.token_tags, shape, self.folder)
        if said.outside is not None:
            _check_shape("outside", said.outside, (windows,), self.folder)

    @cached_property
    def _session(self) -> "InferenceSession":
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as failures

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # onnxruntime's own warnings say nothing to a listener
        try:
            session = onnxruntime.InferenceSession(self._network, options, providers=["CPUExecutionProvider"])
        except (
            failures.Fail,
            failures.InvalidArgument,
            failures.InvalidGraph,
            failures.InvalidProtobuf,
            failures.NotImplemented,
            failures.RuntimeException,
        ) as error:
            raise BundleError(
                f"{self.folder / NETWORK_FILE} is no network that this onnxruntime can run ({_first_line(error)})."
            ) from error
        _check_signature(session, self._outputs(session), self.folder)
        return session


def load_bundle(path: str | os.PathLike[str] | None = None) -> Bundle:
    """Read a bundle, the shipped one by default.

    Raises
    ------
    BundleError
        Where files are missing or broken, or the network was trained with another front end than this code has.
    """
    folder = DEFAULT_FOLDER if path is None else Path(path)
    if folder.name == INFO_FILE:
        folder = folder.parent
    if path is None and not (folder / INFO_FILE).exists():
        raise BundleError(
            "This installation of earmark came without its trained network.",
            hint="Install it again, or name a bundle with --model (in Python: load_bundle('folder')).",
        )
    info = _read_info(folder)
    try:
        network = (folder / NETWORK_FILE).read_bytes()
    except OSError as error:
        raise BundleError(f"{folder / NETWORK_FILE} cannot be read ({error.strerror}).") from error
    if hashlib.sha256(network).hexdigest() != info.sha256:
        raise BundleError(
            f"{folder / NETWORK_FILE} is not the network that its {INFO_FILE} describes (SHA-256 differs).",
            hint="Copy or export the bundle again.",
        )
    return Bundle(folder, info, network)


def write_bundle(folder: str | os.PathLike[str], network: bytes, info: BundleInfo) -> None:
    """Write a bundle; `info.sha256` is filled in here.

    Each file is written beside its place, synced and renamed, the JSON last: whoever reads at the wrong moment, or
    after a crash, finds the old bundle, the new one, or a checksum that differs, never half a network.
    """
    home = Path(folder)
    whole = replace(info, sha256=hashlib.sha256(network).hexdigest())
    text = json.dumps(whole.to_dict(), indent=2, ensure_ascii=False) + "\n"
    write_whole(home / NETWORK_FILE, network)
    write_whole(home / INFO_FILE, text)


def _read_info(folder: Path) -> BundleInfo:
    file = folder / INFO_FILE
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise BundleError(
            f"{folder} is not a bundle: it has no {INFO_FILE}.",
            hint=f"A bundle is a folder with {NETWORK_FILE} and {INFO_FILE}.",
        ) from None
    except OSError as error:
        raise BundleError(f"{file} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise BundleError(f"{file} is not JSON ({error}).") from error
    if not isinstance(values, dict):
        raise BundleError(f"{file} does not describe a bundle.")
    try:
        info = BundleInfo.from_dict(values)
    except (ValueError, TypeError) as error:
        raise BundleError(f"{file} does not describe a bundle: it {error}.") from error
    _check_front_end(info.front_end, file)
    return info


def _check_front_end(front_end: FrontEnd, file: Path) -> None:
    here = FrontEnd()
    for name in ("sample_rate_hz", "fft_samples", "hop_samples", "bands", "floor_db"):
        theirs, ours = getattr(front_end, name), getattr(here, name)
        if theirs != ours:
            raise BundleError(
                f"{file} was trained with {name} {theirs}, and this earmark hears with {ours}.",
                hint="Use the version of earmark that made the bundle, or train it again.",
            )
    for name in ("token_frames", "window_tokens"):
        count = getattr(front_end, name)
        if not isinstance(count, int) or count < 1:
            raise BundleError(f"{file} has {name} {count!r}, which is no positive whole number.")


def _check_shape(name: str, said: NDArray[np.float32], wanted: tuple[int, ...], folder: Path) -> None:
    if said.shape != wanted:
        raise BundleError(
            f"{folder / NETWORK_FILE} gives '{name}' {said.shape}, and its {INFO_FILE} describes {wanted}.",
            hint="Export the bundle again.",
        )


def _check_signature(session: "InferenceSession", wanted: list[str], folder: Path) -> None:
    outputs = {output.name for output in session.get_outputs()}
    inputs = {entry.name for entry in session.get_inputs()}
    if inputs != {"db"} or not set(wanted) <= outputs:
        raise BundleError(
            f"{folder / NETWORK_FILE} does not speak as a bundle's network must: "
            f"it takes {sorted(inputs)} and gives {sorted(outputs)}."
        )


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
