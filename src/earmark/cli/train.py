"""`earmark train`: a recipe and data in, a checkpoint out."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(train)


def train(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file.")],
    data: Annotated[list[Path], typer.Option(help="A folder in earmark's layout; repeat for several.")],
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint, the log and the curves.")] = Path("run"),
    split: Annotated[str, typer.Option(help="Only clips with COLUMN=VALUE, e.g. fault_filtered_split=train.")] = "",
    seed: Annotated[int, typer.Option(help="Another seed, another start and order of clips.")] = 0,
    threads: Annotated[int, typer.Option(help="Threads; one a core by default.")] = 0,
) -> None:
    """Train a network by a recipe; goes on where an earlier run in the same folder stopped.

    With several machines' cores: torchrun --nproc-per-node 2 -m earmark train ...

    \b
    Example: earmark train recipes/earmark.toml --data gtzan --out run
    """
    from earmark.cli._bar import progress_bar
    from earmark.train.session import train_on

    with progress_bar("training, epochs") as show:
        last = train_on(recipe, data, out, split=split or None, seed=seed, threads=threads or None, progress=show)
    if last is not None:
        typer.echo(f"{out}/checkpoint.pt: {last}")
