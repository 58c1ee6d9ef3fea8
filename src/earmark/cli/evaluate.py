"""`earmark evaluate`: a network on labelled clips, with intervals; and what generated pieces are worth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from earmark.cli._collection import Db
from earmark.cli.generate import Renderer

if TYPE_CHECKING:
    from earmark.evaluate.generated.clips import Maker
    from earmark.library.collection import Collection

_HELP = ("-h", "--help")


class _ClipsByDefault(TyperGroup):
    """`earmark evaluate --data SET` is short for `earmark evaluate clips --data SET`."""

    def with_verb(self, args: list[str]) -> list[str]:
        """What was typed, with the verb that may be left out."""
        named = args[:1] and (args[0] in self.commands or args[0] in _HELP)
        return args if named else ["clips", *args]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # click's context; typer may bring a click of its own
        return super().parse_args(ctx, self.with_verb(args))


app = typer.Typer(cls=_ClipsByDefault)


@app.callback()
def evaluate() -> None:
    """Measure a network on labelled clips, or generated pieces.

    The verb "clips" may be left out.

    \b
    Example: earmark evaluate --data gtzan --split fault_filtered_split=valid --out figures
    """


@app.command()
def clips(
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
    Example: earmark evaluate clips --data gtzan --split fault_filtered_split=valid --out figures
    """
    from earmark.cli._bar import progress_bar
    from earmark.evaluate.among import ALL, OWN
    from earmark.evaluate.evaluate import evaluate_files

    named = [part.strip() for part in among.split(",") if part.strip()]
    genres = among if among in (OWN, ALL) else named
    with progress_bar("clips") as show:
        said = evaluate_files(model, data, out, split=split or None, among=genres, label_map=label_map, progress=show)
    typer.echo(said)


@app.command()
def generation(
    judge: Annotated[Path, typer.Option(help="A bundle or checkpoint that had no part in making, to hear the pieces.")],
    out: Annotated[Path, typer.Option(help="Folder for generation.json, genres.csv, distances.csv and spectra.png.")],
    genres: Annotated[
        str, typer.Option(help="Genres to make pieces of, with commas between.", show_default="all that both tell")
    ] = "",
    renderer: Annotated[Renderer, typer.Option(help="What makes sound of a way.")] = Renderer.MOSAIC,
    pieces: Annotated[int, typer.Option(min=1, help="How many of each genre.")] = 4,
    seconds: Annotated[float, typer.Option(min=10, max=600, help="How long each is.")] = 30,
    tracks: Annotated[int, typer.Option(min=2, help="Tracks that pieces are to be like.")] = 48,
    temperature: Annotated[float, typer.Option(min=0, max=2, help="As of earmark generate.")] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="The same seed measures the same pieces.")] = 0,
    imagine: Annotated[
        bool, typer.Option("--imagine", help="Let the generator say what a mosaic should sound like, too.")
    ] = False,
    db: Db = None,
    model: Annotated[
        Path | None, typer.Option(help="The bundle that heard the collection.", show_default="the shipped one")
    ] = None,
) -> None:
    """Measure generated pieces: joints, tempo, sources, and what an independent network hears in them.

    Pieces are made of the collection, and held against its own tracks and against what is no music.

    \b
    Example: earmark evaluate generation --judge run --genres jazz,metal --pieces 2 --out figures
    """
    from earmark.cli._bar import progress_bar
    from earmark.cli._collection import open_collection
    from earmark.evaluate.generated.judges import NetworkJudge
    from earmark.evaluate.generated.plan import Plan
    from earmark.evaluate.generated.protocol import measure_files
    from earmark.evaluate.generated.report import FOLDER
    from earmark.files import guard_folder

    guard_folder(out, FOLDER)
    hears = NetworkJudge(judge)
    with open_collection(db) as collection, progress_bar("pieces") as show:
        maker = _maker(collection, renderer, model, imagine=imagine)
        named = tuple(part.strip() for part in genres.split(",") if part.strip())
        chosen = named or tuple(name for name in hears.genres if name in collection.names.genres)
        plan = Plan(chosen, pieces, seconds, tracks, temperature, seed)
        typer.echo(measure_files(maker, hears, plan, out, on_step=show))


def _maker(collection: "Collection", renderer: Renderer, model: Path | None, *, imagine: bool) -> "Maker":
    from earmark.cli.generate import ground_of
    from earmark.evaluate.generated.clips import Maker
    from earmark.generate.generator import find_generator, load_generator
    from earmark.generate.shelf import Shelf
    from earmark.listen.bundle import load_bundle

    ground, bundle = ground_of(collection, None, model), load_bundle(model)
    drawn = renderer is Renderer.SPECTROGRAM
    generator = load_generator(bundle) if drawn or imagine else find_generator(bundle)
    lineages = (bundle.info.lineage, {} if generator is None else generator.lineage)
    return Maker(ground, None if drawn else Shelf.beside(collection.db), generator, imagine, lineages)
