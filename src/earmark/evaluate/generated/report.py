"""The figures of generated pieces as files and in words."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import MissingExtraError
from earmark.files import FolderKind, csv_text, write_whole
from earmark.plots.figures import save
from earmark.plots.spectra import spectrogram_grid
from earmark.sound.tokens import FRAME_S

FIGURES, TABLE, DISTANCES, PICTURE = "generation.json", "genres.csv", "distances.csv", "spectra.png"
KINDS = ("real tracks, average", "pieces, average", "foreseen, average", "foreseen, one")
MADE_BY = "earmark evaluate generation"
FOLDER = FolderKind((FIGURES, TABLE, DISTANCES, PICTURE), known_by={FIGURES: f'"made_by": "{MADE_BY}"'.encode()})


def write_report(
    out: Path, figures: Mapping[str, Any], pictures: Mapping[str, Sequence[NDArray[np.float32] | None]]
) -> None:
    """Write all figures as JSON, those of genres and the distances as tables, and a picture of each genre.

    `pictures` are (128, frames) dB of `KINDS` by genre; without matplotlib (extra `plots`) they are left out.
    """
    write_whole(out / FIGURES, json.dumps({"made_by": MADE_BY, **figures}, indent=1) + "\n")
    for name, rows in ((TABLE, figures["genres"]), (DISTANCES, figures["likeness"]["distances"])):
        write_whole(out / name, _table(rows))
    with contextlib.suppress(MissingExtraError):
        save(spectrogram_grid(pictures, KINDS, frame_s=FRAME_S), out / PICTURE, dpi=80)


def in_words(figures: Mapping[str, Any]) -> str:
    """The main figures, a line each."""
    whole, near = figures["all"], figures["likeness"]
    lines = [
        f"{whole['pieces']} pieces of {whole['seconds']:g} s by {figures['renderer']}:"
        f" the judge hears the genre in {_percent(whole['agreement'])}{_span(whole['agreement_range'])},"
        f" and in {_percent(whole['real_agreement'])} of the collection's own tracks",
    ]
    failed = whole["pieces_failed"] + near["pieces_failed"]
    if failed:
        lines.append(f"{failed} pieces could not be made, which counts against them")
    if whole["joints"] and whole["joints_within_limit"] is not None:
        lines.append(
            f"{whole['joints']} joints: flux {whole['joint_flux_db']:.2f} dB on average, in real music"
            f" {whole['real_flux_db']:.2f} dB, 90 % of it under {whole['real_flux_90_percent_db']:.2f} dB,"
            f" as are {_percent(whole['joints_within_limit'])} of the joints"
        )
        if whole["own_flux_db"] is not None:
            lines.append(
                f"the places that were joined have {whole['own_flux_db']:.2f} dB in their own files:"
                f" {_percent(whole['joints_no_rougher_than_own'])} of the joints are no rougher than that"
            )
        lines.append(
            f"steady tempo in {_percent(whole['steady_tempo'])} (real {_percent(whole['real_steady_tempo'])}),"
            f" longest run {whole['longest_run_s']:.1f} s"
        )
    lines += [
        f"{row['set']}: kernel distance {_kernel(row, 'network')} by the judge,"
        f" {_kernel(row, 'descriptors')} by descriptors; Frechet, which is weaker, {row['network_frechet']:.1f}"
        for row in near["distances"]
    ]
    lines += [
        f"{name}: " + ", ".join(f"{key.removesuffix('_db')} {value:.2f} dB" for key, value in errors.items())
        for name, errors in figures.get("generator", {}).items()
    ]
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.0%}"


def _span(span: Sequence[float] | None) -> str:
    return "" if span is None else f" ({span[0]:.0%} to {span[1]:.0%})"


def _kernel(row: Mapping[str, Any], space: str) -> str:
    low, high = row[f"{space}_kernel_range"]
    p = row[f"{space}_p_farther_than_real"]
    told = "" if p is None else f", p = {p:.2g} that it is no farther than real"
    return f"{row[f'{space}_kernel']:.1f} ({low:.1f} to {high:.1f}{told})"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = list(rows[0]) if rows else []
    return csv_text(head, ([_cell(row[name]) for name in head] for row in rows))


def _cell(value: Any) -> Any:
    return " to ".join(map(str, value)) if isinstance(value, list) else value
