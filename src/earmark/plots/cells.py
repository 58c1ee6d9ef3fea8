"""Text that has to fit into the columns of a terminal.

Widths are cells: a letter fills one, two or, where it joins the one before it, none. What is cut is cut between letters
as they are seen.
"""

import os
import unicodedata
from itertools import accumulate
from pathlib import Path

from rich.cells import cell_len
from rich.text import Text

_ELLIPSIS = "…"
_JOINER = "\u200d"
_LEAST_FOLDER = 4  # a shorter piece of a folder's name says nothing
_END_FROM = 32  # in fewer cells the start of a name is worth more than its end


def padded(text: str, width: int) -> str:
    """The text with blanks behind it, `width` cells wide; as it is where it is wider."""
    return text + " " * (width - cell_len(text))


def shortened(text: str, width: int) -> str:
    """The text where it fits, else its start with an ellipsis behind it."""
    return text if cell_len(text) <= width else f"{_start(text, width - 1).rstrip()}{_ELLIPSIS}"


def shortened_path(path: str, width: int) -> str:
    """The path where it fits, else with an ellipsis: for its last folders, or else in the middle of the file's name.

    The name keeps its start and its suffix, and all of it is kept while it fits: `The Beat…/01 Come Together.mp3`.
    """
    if cell_len(path) <= width:
        return path
    folder, name = os.path.split(path)
    room = width - cell_len(name) - len(_ELLIPSIS) - len(os.sep)
    if folder and room >= 0:
        return f"{_start(folder, room) if room >= _LEAST_FOLDER else ''}{_ELLIPSIS}{os.sep}{name}"
    return _without_middle(name, width)


def one_line(*parts: str | tuple[str, str]) -> Text:
    """Text that is never wrapped: what is wider than the terminal was meant to be."""
    return Text.assemble(*parts, no_wrap=True, overflow="ignore")


def _without_middle(name: str, width: int) -> str:
    if cell_len(name) <= width:
        return name
    suffix = cell_len(Path(name).suffix)
    if suffix > width // 2:  # a dot in the middle of a sentence
        suffix = 0
    end = suffix + max((width - _END_FROM) // 2, 0)
    return f"{_start(name, width - 1 - end)}{_ELLIPSIS}{_end(name, end)}"


def _start(text: str, width: int) -> str:
    """As many letters as fit."""
    return "".join(_that_fit(_letters(text), width))


def _end(text: str, width: int) -> str:
    """As many of the last letters as fit."""
    return "".join(reversed(_that_fit(_letters(text)[::-1], width)))


def _that_fit(letters: list[str], width: int) -> list[str]:
    ends = accumulate(map(cell_len, letters))
    return letters[: sum(end <= width for end in ends)]


def _letters(text: str) -> list[str]:
    """Characters, each with the marks and joined characters that belong to it."""
    letters: list[str] = []
    for character in text:
        joins = unicodedata.category(character).startswith("M") or character == _JOINER
        if letters and (joins or letters[-1].endswith(_JOINER)):
            letters[-1] += character
        else:
            letters.append(character)
    return letters
