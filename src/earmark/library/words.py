"""A user's own words over a whole collection: their heads read the numbers that are kept, so nothing is heard again."""

import numpy as np
from numpy.typing import NDArray

from earmark.errors import CollectionError
from earmark.library.collection import Collection
from earmark.listen.linear import LinearHead
from earmark.teach.words import read_words


def words_of(collection: Collection) -> tuple[LinearHead, ...]:
    """The words that were taught to the network of a collection; BundleError where their file is broken."""
    return read_words(collection.sha256)


def word_probabilities(collection: Collection, word: LinearHead) -> NDArray[np.float32]:
    """How probable a word is of each entry, (n,) float32; CollectionError where it was taught to another network."""
    numbers = collection.numbers
    if word.network != collection.sha256 or len(word.layer.weights) != numbers.shape[1]:
        raise CollectionError(
            f"The word '{word.name}' was taught to another network than the one that heard this collection.",
            hint="Teach it again: earmark teach --again.",
        )
    return np.asarray(word.probabilities(word.layer.scores(numbers))[:, 0], np.float32)
