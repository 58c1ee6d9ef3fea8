"""`earmark evaluate`: a network on labelled clips, with intervals."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(evaluate)


def evaluate(
    data: Annotated[Path, typer.Option(help="A folder in earmark's layout, or a folder of genre folders of sound.")],
    out: Annotated[Path, typer.Option(help="Folder for metrics.json, predictions.csv, tables and pictures.")],
    model: Annotated[Path | None, typer.Argument(help="A bundle or checkpoint; the shipped bundle by default.")] = None,
    split: Annotated[str, typer.Option(help="Only clips with COLUMN=VALUE.")] = "",
    among: Annotated[
        str, typer.Option(help="Genres to measure among: own (those of the set), all, or names with commas between.")
    ] = "own",
    label_map: Annotated[
        Path | None, typer.Option("--map", help="A TOML file that says which genres each label of the set stands for.")
    ] = None,
) -> None:
    """Measure a bundle or a checkpoint on labelled clips, with 95 % intervals by artist bootstrap.

    \b
    Example: earmark evaluate --data gtzan --split fault_filtered_split=valid --out figures
    """
    from earmark.cli._bar import progress_bar
    from earmark.evaluate.among import ALL, OWN
    from earmark.evaluate.evaluate import evaluate_files

    named = [part.strip() for part in among.split(",") if part.strip()]
    genres = among if among in (OWN, ALL) else named
    with progress_bar("clips") as show:
        said = evaluate_files(model, data, out, split=split or None, among=genres, label_map=label_map, progress=show)
    typer.echo(said)
