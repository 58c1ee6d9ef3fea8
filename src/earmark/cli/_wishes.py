"""What the verbs that take words have in common: what phrases mean to a collection, and hearing what is not in it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from earmark.library.collection import Collection
    from earmark.library.entry import Heard
    from earmark.library.judging import Judge
    from earmark.library.lexicon import Lexicon
    from earmark.listen.linear import LinearHead

Synonyms = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Synonyms of yours.", show_default="synonyms.toml among your own, if there"),
]


@dataclass(frozen=True)
class Words:
    """The user's own words, what phrases mean, and what holds meanings against entries."""

    yours: "tuple[LinearHead, ...]"
    lexicon: "Lexicon"
    judge: "Judge"


def words_for(collection: "Collection", synonyms: Path | None) -> Words:
    """What phrases mean to a collection; what a user's synonyms name and its network does not tell is said."""
    from earmark.cli._streams import say
    from earmark.library.judging import Judge
    from earmark.library.lexicon import Lexicon
    from earmark.library.synonyms import read_synonyms
    from earmark.library.words import words_of

    yours = words_of(collection)
    lexicon = Lexicon(collection.names, [word.name for word in yours], read_synonyms(synonyms))
    for sentence in lexicon.unknown:
        say(sentence)
    return Words(yours, lexicon, Judge(collection, yours))


def hears(collection: "Collection", model: Path | None) -> "Callable[[Path], Heard]":
    """What hears a file as the collection was heard, and says so; CollectionError where the bundle is another one."""

    def hear(path: Path) -> "Heard":
        from earmark.cli._streams import say
        from earmark.errors import CollectionError
        from earmark.files import shown
        from earmark.library.hearing import hear_entry
        from earmark.listen.bundle import load_bundle

        bundle = load_bundle(model)
        if bundle.info.sha256 != collection.sha256:
            raise CollectionError(
                f"The collection was heard by {collection.model}, and {bundle.info.model} would hear otherwise.",
                hint="Name the bundle that heard it with --model, or hear all again: earmark index --rehear.",
            )
        heard = hear_entry(bundle, path)
        say(f"{shown(path)} is not in the collection, and was heard for this.")
        return heard

    return hear
