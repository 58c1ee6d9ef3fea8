"""`earmark robustness`: how much accuracy is left when the recordings get worse."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(robustness)


def robustness(
    data: Annotated[Path, typer.Option(help="A folder in earmark's layout.")],
    out: Annotated[Path, typer.Option(help="Folder for robustness.json and robustness.md.")],
    model: Annotated[
        Path | None,
        typer.Argument(help="A bundle, a checkpoint or the folder of a cross-validation; by default the shipped one."),
    ] = None,
    split: Annotated[str, typer.Option(help="Only clips with COLUMN=VALUE.")] = "",
    condition: Annotated[
        list[str] | None, typer.Option(help="Only this condition, by name; repeat for several.")
    ] = None,
) -> None:
    """Accuracy under low-pass, noise, a phone's loudspeaker, wrong speed, short excerpts, and mp3 where there is sound.

    \b
    Example: earmark robustness --data gtzan --split fault_filtered_split=valid --out figures
    """
    from earmark.cli._bar import progress_bar
    from earmark.experiments.robustness import robustness as measure

    with progress_bar("conditions and networks") as show:
        table = measure(model, data, out, split=split or None, names=condition or (), progress=show)
    typer.echo(table, nl=False)
