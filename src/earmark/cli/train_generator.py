"""`earmark train-generator`: from a trained VAE of tokens to the file that `earmark generate` needs."""

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("train-generator")(train_generator)


def train_generator(
    run: Annotated[Path, typer.Argument(help="The run of `earmark train`, its folder, by recipes/generator.toml.")],
    data: Annotated[list[Path], typer.Option(help="The sets that it was trained on; repeat for several.")],
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("generator.zip"),
    epochs: Annotated[int, typer.Option(help="Passes over all sequences of tokens.", min=1)] = 12,
    seed: Annotated[int, typer.Option(help="Another seed, another start and order.")] = 0,
    threads: Annotated[int, typer.Option(help="Threads; one a core by default.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Learn which token of music comes next, by genre and mood, and write all that generating needs.

    The network of RUN encodes and draws tokens, and stays as it is. What is told is how good both are on the artists
    that the recipe keeps aside (validation_share).

    \b
    Example: earmark train-generator run --data gtzan --data 4q --out bundle/generator.zip
    """
    from earmark.cli._bar import progress_bar
    from earmark.train.generator import in_words, make_generator

    with progress_bar("learning sequences, epochs") as show:
        figures = make_generator(
            run, data, out, epochs=epochs, seed=seed, threads=threads or None, progress=show
        ).figures
    typer.echo(json.dumps(figures) if as_json else f"{out}: {in_words(figures)}")
