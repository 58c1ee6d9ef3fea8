"""`earmark demo`: the whole path with no data at hand."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(demo)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the pieces and what is made of them.")] = Path("earmark-demo"),
    train: Annotated[bool, typer.Option(help="Train a small network too, where torch is installed.")] = True,
) -> None:
    """Make a few short pieces, listen to them, and train a small network on such pieces in under two minutes.

    \b
    Example: earmark demo --out demo
    """
    from dataclasses import replace
    from importlib.util import find_spec

    from earmark.cli._bar import progress_bar
    from earmark.experiments.demo import CLIPS_PER_STYLE, MOTIF, train_and_listen, write_pieces
    from earmark.listen.listener import Failure, Listener
    from earmark.plots.table import Table

    files = write_pieces(out)
    typer.echo(
        f"{len(files)} pieces in {out}: the same bed, with a style of its own from {MOTIF[0]:.0f} to {MOTIF[1]:.0f} s."
    )
    typer.echo("The shipped network knows 18 genres and none of these styles; this is what it makes of them:")
    listener = Listener()
    table = Table(labels=listener.bundle.info.labels, paths=files)
    for heard in listener.hear_all(files, jobs=1):
        typer.echo(f"earmark: {heard.error}", err=True) if isinstance(heard, Failure) else table.add(heard)
    if not train:
        return
    if find_spec("torch") is None:
        typer.echo(
            "With the extra 'train' (pip install 'earmark[train]') the demo trains a network on the styles, too."
        )
        return
    with progress_bar(f"training on {CLIPS_PER_STYLE} such pieces a style, epochs") as show:
        lesson = train_and_listen(out, progress=show)
    typer.echo(
        f"Trained on synthetic pieces in {lesson.seconds:.0f} s: {lesson.accuracy:.0%} of {lesson.clips} pieces right, "
        "each by a network that never heard its artist. What it makes of the pieces above:"
    )
    table = Table(labels=sorted(label.name for label in lesson.tracks[0].genres), paths=files)
    for file, track in zip(files, lesson.tracks, strict=True):
        table.add(replace(track, path=str(file)))
    typer.echo(
        f"In {lesson.found} of {len(files)} the seconds that decided are those of the style. Bundle: {lesson.bundle}"
    )
