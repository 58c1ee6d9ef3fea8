"""`earmark crossval`: every clip predicted by networks that never heard its artist."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(crossval)


def crossval(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file.")],
    data: Annotated[list[Path], typer.Option(help="A folder in earmark's layout; repeat for several.")],
    out: Annotated[Path, typer.Option(help="Folder for predictions and figures; goes on where it stopped.")],
    folds: Annotated[int, typer.Option(help="Parts of the artists.", min=2)] = 5,
    seeds: Annotated[int, typer.Option(help="How often all is done again, with other folds.", min=1)] = 1,
    report: Annotated[list[str] | None, typer.Option(help="Sets to report on, by name; all by default.")] = None,
    split: Annotated[
        str, typer.Option(help="Only clips with COLUMN=VALUE, to choose recipes without the others.")
    ] = "",
    hold_out_all: Annotated[
        bool, typer.Option("--hold-out-all", help="Hold out the other sets' clips in turn too, to measure tags.")
    ] = False,
    shared_first: Annotated[
        bool, typer.Option("--shared-first", help="Train one first stage a fold for all seeds, with the same folds.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Runs side by side; one a core by default.")] = 0,
) -> None:
    """Artist-grouped cross-validation: predictions, calibrated out of fold, and figures with intervals.

    \b
    Example: earmark crossval recipes/earmark.toml --data gtzan --folds 5 --seeds 3 --out results/earmark
    """
    from earmark.cli._bar import progress_bar
    from earmark.experiments.crossval import report_files, run_crossval
    from earmark.experiments.protocol import Protocol

    with progress_bar("cross-validation, epochs") as show:
        predictions = run_crossval(
            recipe,
            data,
            out,
            protocol=Protocol(folds=folds, only=split, hold_out_all=hold_out_all, shared_first=shared_first),
            seeds=seeds,
            reported=report or (),
            jobs=jobs or None,
            progress=show,
        )
    typer.echo(report_files(recipe, data, out, predictions))
