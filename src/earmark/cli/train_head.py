"""`earmark train-head`: a head on the frozen vectors of a bundle, from any labelled music."""

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("train-head")(train_head)


def train_head(
    recipe: Annotated[
        Path | None, typer.Argument(help="A recipe of kind head, a TOML file.", show_default="labels as they are")
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="A set, a folder of folders that are labels, or a CSV with a column path; repeatable."),
    ] = None,
    name: Annotated[str, typer.Option(help="Of the head, where there is no recipe.")] = "label",
    column: Annotated[str, typer.Option(help="The column with the labels, where there is no recipe.")] = "genre",
    model: Annotated[
        Path | None, typer.Option(help="The bundle to write it into.", show_default="the shipped one")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how good it would be, and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Teach a bundle a further answer: one of some labels, several, shares of people, or numbers.

    The network stays as it is. Said is how good the head is on artists it never heard. `earmark listen` uses it at
    once.

    \b
    Example: earmark train-head --data ~/by-mood --name feel
    \b
    Example: earmark train-head recipes/mood.toml --data 4q --data emotify --model bundle
    """
    from earmark.cli._bar import progress_bar
    from earmark.cli._streams import say
    from earmark.errors import DataError
    from earmark.listen.bundle import load_bundle
    from earmark.listen.linear import HEADS_FILE, read_heads
    from earmark.teach.heads import in_words, train_heads, write_beside
    from earmark.teach.plan import ANY_SET, HeadPlan, Labels, load_plans

    if not data:
        raise typer.BadParameter("name labelled music with --data")
    plans = load_plans(recipe) if recipe else (HeadPlan(name, sets={ANY_SET: Labels(column=column)}),)
    bundle = load_bundle(model)
    # Now, for what is wrong with those that are there shall not be told after long work.
    there = {head.name for head in read_heads(bundle.folder / HEADS_FILE)}
    with progress_bar("clips") as show:
        trained = train_heads(plans, data, bundle, progress=show)
    for line in (*trained.failures, *trained.notes):
        say(line)
    if not trained.heads:
        raise DataError("There is no head to write.")
    if as_json:
        typer.echo(json.dumps({head.name: dict(head.figures) for head in trained.heads}))
    else:
        typer.echo("\n".join(map(in_words, trained.heads)))
    if not dry_run:
        for name in sorted(there & {head.name for head in trained.heads}):
            say(f"{name}: takes the place of the head of that name.")
        file = write_beside(bundle, trained.heads)
        if not as_json:
            typer.echo(f"{file}: {', '.join(head.name for head in trained.heads)}")
    if trained.failures:
        raise typer.Exit(1)
