"""`earmark export`: a checkpoint becomes a bundle that runs without torch."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(export)


def export(
    checkpoint: Annotated[Path, typer.Argument(help="The checkpoint of `earmark train`: its file or folder.")],
    crossval: Annotated[Path, typer.Option(help="Folder of `earmark crossval` with the same recipe: calibrates it.")],
    out: Annotated[Path, typer.Option(help="Folder of the bundle.")],
    version: Annotated[str, typer.Option(help="Version of the bundle.")] = "1",
) -> None:
    """Make a bundle: ONNX, labels, calibration from out-of-fold predictions, lineage and figures.

    \b
    Example: earmark export run --crossval results/earmark --out bundle
    """
    from earmark.evaluate.bundling import export_files

    info = export_files(checkpoint, crossval, out, version=version)
    typer.echo(f"{out}: {info.model}, {len(info.labels)} genres")
