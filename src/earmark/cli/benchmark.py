"""`earmark benchmark`: many systems under many protocols, and a report that compares them."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(benchmark)


def benchmark(
    plan: Annotated[Path, typer.Argument(help="The plan, a TOML file: systems, protocols and a queue.")],
    data: Annotated[list[Path], typer.Option(help="A folder in earmark's layout; repeat for several.")],
    out: Annotated[Path, typer.Option(help="Folder of the queue and the report; goes on where it stopped.")],
    only: Annotated[list[str] | None, typer.Option(help="Only this system of the plan; repeat for several.")] = None,
    add: Annotated[str, typer.Option(help="A network of yours, MODULE:CLASS, beside the plan's systems.")] = "",
    recipe: Annotated[Path | None, typer.Option(help="How to train the added network; as earmark by default.")] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds the added network gets.", min=1)] = 1,
    jobs: Annotated[int, typer.Option(help="Runs side by side; one a core by default.")] = 0,
    report_only: Annotated[bool, typer.Option("--report-only", help="Run nothing, report on what is done.")] = False,
) -> None:
    """Run what is missing of a benchmark, then write report.md, report.html and report.json.

    A queue that is cut off loses at most one epoch a run; several processes, or machines that share the folder, may
    work on it at once.

    \b
    Example: earmark benchmark plans/gtzan.toml --data gtzan --out results/benchmark
    """
    from earmark.cli._bar import progress_bar
    from earmark.experiments.benchmark import run_benchmark

    if add:
        sys.path.insert(0, str(Path.cwd()))  # where a person's own module is
    with progress_bar("benchmark, epochs") as show:
        said, failed = run_benchmark(
            plan,
            data,
            out,
            jobs=jobs or None,
            only=only or (),
            add=add or None,
            recipe=recipe,
            seeds=seeds,
            report_only=report_only,
            progress=show,
        )
    for sentence in failed:
        typer.echo(f"earmark: {sentence}", err=True)
    typer.echo(f"{out}/report.html: {said}")
    if failed:
        typer.echo(f"earmark: {len(failed)} runs failed; the others are done.", err=True)
        raise typer.Exit(1)
