"""`earmark search`: the values of a recipe's options that are right most often."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(search)


def search(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file with ranges under [search].")],
    data: Annotated[list[Path], typer.Option(help="A folder in earmark's layout; repeat for several.")],
    out: Annotated[Path, typer.Option(help="Folder for the study; goes on where it stopped, joins who is at it.")],
    trials: Annotated[int, typer.Option(help="Finished trials of the whole study, earlier ones included.", min=1)] = 50,
    folds: Annotated[int, typer.Option(help="Parts of the artists.", min=2)] = 5,
    stop_after_folds: Annotated[
        int, typer.Option(help="Hold out only the first so many parts: quicker, coarser; 0 for all.", min=0)
    ] = 0,
    split: Annotated[str, typer.Option(help="Only clips with COLUMN=VALUE, to keep the others for later.")] = "",
    report: Annotated[list[str] | None, typer.Option(help="Sets to measure on, by name; all by default.")] = None,
    jobs: Annotated[int, typer.Option(help="Trials side by side; one a core by default.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Another seed, other values to try.")] = 0,
) -> None:
    """Search in a recipe's ranges for the values that are best in artist-grouped cross-validation.

    Needs the extra 'benchmark'. The same command on another machine that sees the same folder joins the search.

    \b
    Example: earmark search recipes/search.toml --data gtzan --trials 100 --stop-after-folds 3 --out study
    """
    from earmark.cli._bar import progress_bar
    from earmark.experiments.search import run_search

    with progress_bar("search, trials") as show:
        found = run_search(
            recipe,
            data,
            out,
            trials=trials,
            folds=folds,
            stop_after_folds=stop_after_folds or None,
            reported=report or (),
            split=split or None,
            jobs=jobs or None,
            seed=seed,
            command=shlex.join(["earmark", *sys.argv[1:]]),
            progress=show,
        )
    typer.echo(found)
