"""What can go wrong, in words for the person who can act.

Every error earmark raises on purpose is an `EarmarkError`: one sentence that names the file, and one hint that
says what to do. The command line prints both on stderr and exits with 1; it never shows a traceback for these.
"""


class EarmarkError(Exception):
    """A failure a person can act on.

    Parameters
    ----------
    sentence:
        What is wrong, one sentence, with the file's name in it.
    hint:
        What to do about it, one sentence, or empty.
    """

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".rstrip()

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders; the default pickling would lose the keyword-only hint.
        return (_rebuild, (type(self), self.sentence, self.hint))


def _rebuild(kind: type[EarmarkError], sentence: str, hint: str) -> EarmarkError:
    return kind(sentence, hint=hint)


class SoundError(EarmarkError):
    """A file or array that cannot be heard."""


class SilenceError(SoundError):
    """A sound in which there is nothing but silence."""


class DataError(EarmarkError):
    """A data set that is not as its layout says."""


class RecipeError(EarmarkError):
    """A recipe that cannot be followed."""


class BundleError(EarmarkError):
    """A bundle or checkpoint that cannot be used."""


class CollectionError(EarmarkError):
    """A collection, the file that `earmark index` fills, that cannot be opened, read or written."""


class NoCollectionError(CollectionError):
    """A collection that is not there, or in which there is nothing."""


class EngineError(EarmarkError):
    """Machines that are to hear, and cannot be reached or were lost."""


class WishError(EarmarkError):
    """A wish, a rule, a list of synonyms or a playlist that cannot be read or followed."""


class TagError(EarmarkError):
    """A file whose tags cannot, or must not, be written; or a list of genres, or a journal, that cannot be read."""


class ServeError(EarmarkError):
    """A server that cannot or must not be started as it was asked for."""


class GenerateError(EarmarkError):
    """A piece that cannot be made: of too little music, or by a generator that is missing or broken."""


class OutputError(EarmarkError):
    """A file or folder that cannot or must not be written."""


class MissingExtraError(EarmarkError):
    """Something needs an optional dependency that is not installed."""

    @classmethod
    def naming(cls, what: str, extra: str) -> "MissingExtraError":
        """The standard sentence: `what` needs the extra `extra`."""
        return cls(f"{what} needs the extra '{extra}'.", hint=f"Install it with: pip install 'earmark[{extra}]'")
