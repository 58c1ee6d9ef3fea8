"""Sorting and grouping tracks."""

from enum import Enum

import pytest

from earmark.cli import listen
from earmark.plots.order import GROUPS, SORTS, genre_group
from tracks import track


@pytest.mark.parametrize(
    ("changes", "group"),
    [
        ({}, "rock"),
        ({"cannot_tell": True}, "cannot tell"),
        ({"none_of_these": True}, "none of these"),
        ({"none_of_these": True, "cannot_tell": True}, "none of these"),
    ],
)
def test_a_group_says_no_more_than_the_answer(changes: dict[str, object], group: str) -> None:
    assert genre_group(track(**changes)) == group


@pytest.mark.parametrize(("choices", "known"), [(listen.Sort, SORTS), (listen.Group, GROUPS)])
def test_the_command_offers_what_there_is(choices: type[Enum], known: dict[str, object]) -> None:
    assert [choice.value for choice in choices] == list(known)
