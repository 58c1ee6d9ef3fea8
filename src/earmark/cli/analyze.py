"""`earmark analyze`: what a network hears, read and tested; and `earmark analyze arithmetic`."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

ARITHMETIC_CLIPS = 5


@app.callback(invoke_without_command=True)
def analyze(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help="A folder in earmark's layout, of clips of 30 s.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report, its pictures and tables.")] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="A bundle, a checkpoint or a cross-validation with its checkpoints; else the shipped one."),
    ] = None,
    checkpoints: Annotated[list[Path] | None, typer.Option(help="More networks; repeat for several.")] = None,
    planted: Annotated[
        Path | None, typer.Option(help="A folder of `earmark demo`, to test explanations on known seconds.")
    ] = None,
    judge: Annotated[
        Path | None,
        typer.Option(
            help="Another system, to be convinced by the seconds shown: a checkpoint, cross-validation, bundle."
        ),
    ] = None,
) -> None:
    """Read networks by a data set: a map of its genres, arithmetic, attention in time, and tests of all of that.

    Writes report.html and report.md, every picture as PNG and SVG, every table as CSV and all figures as JSON.

    \b
    Example: earmark analyze --data gtzan --model results/ablations/artist_grouped/earmark --out analysis
    """
    if context.invoked_subcommand is not None:
        return
    if data is None or out is None:
        raise typer.BadParameter("name the clips with --data and a folder for the report with --out")
    from earmark.analyze.analysis import analyze as read
    from earmark.analyze.report import FOLDER, write
    from earmark.cli._bar import progress_bar
    from earmark.files import guard_folder

    named = [("--data", data), ("--model", model), *(("--checkpoints", each) for each in checkpoints or ())]
    named += [("--planted", planted), ("--judge", judge), ("--out", out)]
    # A report is for others: of a path on this machine they need the name alone.
    said = [f"{option} {path.name if path.is_absolute() else path}" for option, path in named if path is not None]
    guard_folder(out, FOLDER)
    with progress_bar("windows heard") as show:
        found = read(data, model, checkpoints or (), planted=planted, judged_by=judge, progress=show)
    write(found, out, command=f"earmark analyze {' '.join(said)}")
    typer.echo(f"Read {len(found.figures['about']['networks'])} networks by {len(found.material)} clips:")
    for row in found.figures["claims"]:
        typer.echo(f"  {row['verdict']:<16}{row['claim']}")
    typer.echo(f"The report is {out / 'report.html'}.")


@app.command()
def arithmetic(
    equation: Annotated[str, typer.Argument(help="Genres with + and - between them, spaces around the signs.")],
    model: Annotated[Path | None, typer.Option(help="A bundle with an atlas; the shipped one by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What genre and which clips an equation of genres comes to.

    \b
    Example: earmark analyze arithmetic "blues - country + pop"
    """
    from earmark.analyze.equation import solve
    from earmark.listen.bundle import load_bundle

    found = solve(load_bundle(model), equation, clips=ARITHMETIC_CLIPS)
    if as_json:
        typer.echo(json.dumps(found.to_dict()))
        return
    if not found.genres:
        typer.echo("No genre is left to answer.")
    for place, (genre, distance) in enumerate(found.genres[:3]):
        typer.echo(f"{'=' if place == 0 else ' '} {genre:<12}{distance:.2f} away")
    nearest, distance = found.with_terms[0]
    if nearest in {genre for _, genre in found.terms}:
        typer.echo(f"Were the terms allowed to answer, it would be {nearest} ({distance:.2f} away).")
    typer.echo("Nearest clips:")
    for clip in found.clips:
        words = ": ".join(text for text in (clip.artist, clip.title) if text) or clip.name
        typer.echo(f"  {clip.distance:.2f}  {words}{f' ({clip.genre})' if clip.genre else ''}")
