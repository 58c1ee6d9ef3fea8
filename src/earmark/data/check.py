"""What is wrong with a data set, before a network learns it: each finding names its clips and says what was seen.

Nothing is changed or merged: a person decides. Pictures show all but clipping, which needs the sound, or the measures
that `earmark data prepare` took of it.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.data.ceiling import Agreement, Bound, agreement, bound, read_faults, write_ranking
from earmark.data.dataset import LABEL_COLUMN, Clip, Dataset
from earmark.data.hearing import Heard, hear_clip
from earmark.data.near import near_duplicates
from earmark.data.splits import linked_artists
from earmark.data.suspects import Doubt, Suspect, find_suspects, rank_labels, read_answers, read_hits
from earmark.errors import DataError, EarmarkError
from earmark.listen.parallel import Crash, cores, work
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES

CLIPPED_SHARE = 1e-3
# A frame is quiet when no band comes within 70 dB of the clip's maximum.
QUIET_VALUE = 255 * 10 / 80
MOSTLY = 0.5
FRAME_MS = f"{FRAME_S * 1000:.1f} ms"
SHORT_OF_MEDIAN = 0.5
MOST_PARTS = 10  # a column of more values, such as moods that were split up, is no split


@dataclass(frozen=True)
class Finding:
    """Something a person should look at: its kind, the ids of the clips, and what was seen."""

    kind: str
    clips: tuple[str, ...]
    detail: str


@dataclass(frozen=True)
class Ceiling:
    """What doubtful labels cost each system, and how they agree with faults that are known, if a list was given."""

    bounds: tuple[Bound, ...]
    agreement: Agreement | None


@dataclass(frozen=True)
class Report:
    """What a data set holds, what was found in it, and what could not be checked.

    `ceiling` is there where suspects were looked for.
    """

    folder: str
    clips: int
    labels: dict[str, int]
    unlabelled: int
    artists: int
    clips_without_artist: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    ceiling: Ceiling | None = None

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class _Survey:
    """All that the checks look at: clips, and by id their pictures, clipped shares, unread seconds and troubles."""

    dataset: Dataset
    pictures: dict[str, NDArray[np.uint8]]
    clipped_share: dict[str, float]
    unread_s: dict[str, float]
    broken: dict[str, str]
    missing: tuple[str, ...]
    jobs: int


@dataclass(frozen=True, eq=False)
class _Ranked:
    """The labels by how doubtful they are, and the suspects among them."""

    doubts: Sequence[Doubt]
    suspects: Sequence[Suspect]


def check(
    folder: Path,
    *,
    splits: Sequence[str] = (),
    suspects: Sequence[Path] = (),
    known_faults: Path | None = None,
    ranking: Path | None = None,
    label_column: str = LABEL_COLUMN,
    jobs: int | None = None,
) -> Report:
    """Look through a data set.

    Parameters
    ----------
    folder:
        The set's folder.
    splits:
        The columns whose values part the clips, such as train and valid; by default all named `split` or
        `*_split` that have no more than 10 values.
    suspects:
        Out-of-fold predictions, one path a system (see `suspects.read_answers`), to find doubtful labels with.
    known_faults:
        A list of clips whose labels people found wrong (see `ceiling.read_faults`), to hold the suspects against.
    ranking:
        Where to write all labels, the most doubtful first (see `ceiling.write_ranking`).
    label_column:
        The column that labels are counted from.
    jobs:
        How many processes; one a core by default.

    Raises
    ------
    DataError
        The set cannot be used: no clips.csv in the layout, not one clip that can be read, no such split column,
        predictions of another set, or known faults or a ranking asked for without predictions.
    """
    if not suspects and (known_faults or ranking):
        raise DataError("Labels are ranked by predictions.", hint="Give some: --suspects PATH.")
    dataset = Dataset.load(folder, label_column=label_column)
    columns = _split_columns(dataset, splits)
    survey = _survey(dataset, jobs or cores())
    if not survey.pictures:
        trouble = next(iter(survey.broken.values()), "their pictures and sound are missing")
        raise DataError(f"None of the {len(dataset.clips)} clips of {dataset.name} can be read: {trouble}")
    findings = [finding for look in _CHECKS for finding in look(survey)]
    findings += [finding for column in columns for finding in _both_sides(dataset, column)]
    ceiling = None
    if suspects:
        ranked = _ranked(dataset, suspects, ranking)
        findings += _suspects(ranked.suspects)
        ceiling = _ceiling(dataset, suspects, ranked, known_faults)
    known = [clip for clip in dataset.clips if clip.artist_known]
    return Report(
        folder=str(folder),
        clips=len(dataset.clips),
        labels=dict(Counter(clip.label for clip in dataset.clips if clip.label is not None).most_common()),
        unlabelled=sum(clip.label is None for clip in dataset.clips),
        artists=len({clip.artist_key for clip in known}),
        clips_without_artist=len(dataset.clips) - len(known),
        findings=tuple(findings),
        notes=tuple(_notes(survey)),
        ceiling=ceiling,
    )


def _survey(dataset: Dataset, jobs: int) -> _Survey:
    clipped = {clip.id: float(share) for clip in dataset.clips if (share := clip.columns.get("clipped_share"))}
    unread_s = {clip.id: float(seconds) for clip in dataset.clips if (seconds := clip.columns.get("unread_s"))}
    pictures, broken, missing = _read_pictures(dataset)
    to_hear = [
        clip
        for clip in dataset.clips
        if clip.sound_path is not None
        and clip.sound_path.exists()
        and clip.id not in broken
        and (clip.id not in pictures or clip.id not in clipped)
    ]
    for clip, heard in zip(to_hear, _hear_all(to_hear, jobs), strict=True):
        if isinstance(heard, str):
            broken[clip.id] = heard
            pictures.pop(clip.id, None)
        else:
            pictures.setdefault(clip.id, heard.picture)
            clipped[clip.id] = heard.clipped_share
            unread_s[clip.id] = heard.unread_s
    return _Survey(dataset, pictures, clipped, unread_s, broken, missing, jobs)


def _read_pictures(dataset: Dataset) -> tuple[dict[str, NDArray[np.uint8]], dict[str, str], tuple[str, ...]]:
    """Pictures by id, what is wrong with those that are broken, and the clips with neither picture nor sound."""
    pictures: dict[str, NDArray[np.uint8]] = {}
    broken: dict[str, str] = {}
    missing = []
    for clip in dataset.clips:
        if clip.picture_path.exists():
            try:
                pictures[clip.id] = dataset.picture(clip)
            except DataError as error:
                broken[clip.id] = str(error)
        elif clip.sound_path is None or not clip.sound_path.exists():
            missing.append(clip.id)
    return pictures, broken, tuple(missing)


def _hear_all(clips: Sequence[Clip], jobs: int) -> Iterator[Heard | str]:
    paths = [clip.sound_path for clip in clips if clip.sound_path is not None]
    if len(paths) < 2 or jobs == 1:
        yield from map(_hear, paths)
        return
    for heard in work(_hearer, paths, jobs=jobs):
        yield f"The process that decoded {heard.item.name} died." if isinstance(heard, Crash) else heard


def _hearer() -> Callable[[Path], Heard | str]:
    return _hear


def _hear(path: Path) -> Heard | str:
    try:
        return hear_clip(path)
    except (EarmarkError, OSError) as error:
        return str(error)


def _missing(survey: _Survey) -> Iterator[Finding]:
    for clip_id in survey.missing:
        yield Finding("missing", (clip_id,), "neither its picture nor its sound is there")


def _broken(survey: _Survey) -> Iterator[Finding]:
    for clip_id, trouble in survey.broken.items():
        yield Finding("broken", (clip_id,), trouble)


def _in_part(survey: _Survey) -> Iterator[Finding]:
    for clip_id, seconds in survey.unread_s.items():
        if seconds:
            yield Finding("heard in part", (clip_id,), f"{seconds:.2f} s of its sound could not be read")


def _silent(survey: _Survey) -> Iterator[Finding]:
    for clip_id, picture in survey.pictures.items():
        quiet = float((picture.max(axis=0) <= QUIET_VALUE).mean())
        # Silence is its own maximum everywhere: its picture is of one value.
        if picture.min() == picture.max():
            yield Finding("silent", (clip_id,), "there is nothing to hear in it")
        elif quiet >= MOSTLY:
            yield Finding("mostly silent", (clip_id,), f"{quiet:.0%} of it lies 70 dB under its maximum")


def _clipped(survey: _Survey) -> Iterator[Finding]:
    for clip_id, share in survey.clipped_share.items():
        if share >= CLIPPED_SHARE:
            yield Finding("clipped", (clip_id,), f"{share:.1%} of its samples are at full scale")


def _too_short(survey: _Survey) -> Iterator[Finding]:
    lengths = {clip_id: picture.shape[1] for clip_id, picture in survey.pictures.items()}
    median = float(np.median(list(lengths.values())))
    for clip_id, frames in lengths.items():
        if frames < max(TOKEN_FRAMES, SHORT_OF_MEDIAN * median):
            seen = f"{frames * FRAME_S:.1f} s, where the set's median is {median * FRAME_S:.1f} s"
            yield Finding("too short", (clip_id,), seen)


def _duplicates(survey: _Survey) -> Iterator[Finding]:
    for clips in _identical(survey):
        yield Finding("duplicate", clips, "identical")


def _identical(survey: _Survey) -> list[tuple[str, ...]]:
    """Groups of clips whose spectrograms are the same to the last value."""
    groups: dict[str, list[str]] = defaultdict(list)
    for clip_id, picture in survey.pictures.items():
        groups[hashlib.sha256(picture.tobytes()).hexdigest()].append(clip_id)
    return [tuple(ids) for ids in groups.values() if len(ids) > 1]


def _near_duplicates(survey: _Survey) -> Iterator[Finding]:
    ids = list(survey.pictures)
    group_of = {clip_id: number for number, group in enumerate(_identical(survey)) for clip_id in group}
    for near in near_duplicates([survey.pictures[clip_id] for clip_id in ids], jobs=survey.jobs):
        first, second = ids[near.first], ids[near.second]
        if group_of.get(first, first) != group_of.get(second, second):
            seen = f"similarity {near.similarity:.2f} at a shift of {near.shift_s:+.1f} s"
            yield Finding("near-duplicate", (first, second), seen)


_CHECKS: tuple[Callable[[_Survey], Iterator[Finding]], ...] = (
    _missing,
    _broken,
    _in_part,
    _silent,
    _clipped,
    _too_short,
    _duplicates,
    _near_duplicates,
)


def _split_columns(dataset: Dataset, splits: Sequence[str]) -> Sequence[str]:
    columns = dataset.clips[0].columns
    unknown = [column for column in splits if column not in columns]
    if unknown:
        raise DataError(f"{dataset.name} has no column '{unknown[0]}'.", hint=f"It has: {', '.join(columns)}.")
    return splits or [column for column in columns if _parts_clips(dataset, column)]


def _parts_clips(dataset: Dataset, column: str) -> bool:
    named_so = column == "split" or column.endswith("_split")
    return named_so and len({clip.columns[column] for clip in dataset.clips}) <= MOST_PARTS


def _both_sides(dataset: Dataset, column: str) -> Iterator[Finding]:
    """An artist who stands in two parts of a split; also under a longer billing, as `linked_artists` says."""
    parted = [clip for clip in dataset.clips if clip.columns.get(column)]
    by_artist: dict[str, list[Clip]] = defaultdict(list)
    for artist, clip in zip(linked_artists([clip.artist_key for clip in parted]), parted, strict=True):
        by_artist[artist].append(clip)
    for clips in by_artist.values():
        parts = Counter(clip.columns[column] for clip in clips)
        if len(parts) > 1:
            counts = ", ".join(f"{count} in {part}" for part, count in sorted(parts.items()))
            names = " / ".join(sorted({clip.artist for clip in clips}))
            yield Finding("artist on both sides", tuple(clip.id for clip in clips), f"{names}: {column}: {counts}")


def _ranked(dataset: Dataset, paths: Sequence[Path], ranking: Path | None) -> _Ranked:
    answers = [read_answers(path, dataset=dataset.name) for path in paths]
    ids = {clip.id for clip in dataset.clips}
    doubts = [doubt for doubt in rank_labels(answers) if doubt.id in ids]
    suspects = [suspect for suspect in find_suspects(answers) if suspect.id in ids]
    if ranking is not None:
        write_ranking(ranking, doubts, suspects, dataset.clips)
    return _Ranked(doubts, suspects)


def _ceiling(dataset: Dataset, paths: Sequence[Path], ranked: _Ranked, known_faults: Path | None) -> Ceiling:
    suspects = {suspect.id for suspect in ranked.suspects if not suspect.shared}
    ranked_ids = {doubt.id for doubt in ranked.doubts}
    bounds = []
    for path in paths:
        hits = read_hits(path, dataset=dataset.name)
        bounds.append(bound(path.stem, {name: hit for name, hit in hits.items() if name in ranked_ids}, suspects))
    return Ceiling(
        tuple(bounds),
        agreement(ranked.doubts, suspects, read_faults(known_faults, dataset.clips)) if known_faults else None,
    )


def _suspects(suspects: Sequence[Suspect]) -> Iterator[Finding]:
    """Clips that systems which never heard their artists are sure are something else, or something else too."""
    for each in suspects:
        kind = "label shared" if each.shared else "label doubtful"
        heard = f"sounds like {each.other} ({each.p_other:.0%}, {each.agree} of {each.systems} systems)"
        yield Finding(kind, (each.id,), f"labelled {each.label} ({each.p_label:.0%} out of fold), {heard}")


def _notes(survey: _Survey) -> Iterator[str]:
    unmeasured = len(survey.pictures.keys() - survey.clipped_share.keys())
    if unmeasured:
        yield f"Clips not checked for clipping, as only their pictures are at hand: {unmeasured}."
    folder = survey.dataset.folder / "mel"
    known = {clip.id for clip in survey.dataset.clips}
    if not (pitch := survey.dataset.pitch).own:
        yield f"Its pictures have a column every {pitch.column_s * 1000:.0f} ms; they are read as one every {FRAME_MS}."
    unnamed = sorted(path.stem for path in folder.glob("*.png") if path.stem not in known)
    if unnamed:
        yield f"Pictures that no row of clips.csv names: {len(unnamed)}, such as {', '.join(unnamed[:5])}."
    flagged = [clip.id for clip in survey.dataset.clips if clip.columns.get("flag")]
    if flagged:
        yield f"Clips that carry a flag: {len(flagged)}, such as {', '.join(flagged[:5])}."
