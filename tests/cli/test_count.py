"""What is said at the end: how many files were heard, in part, not at all."""

import pytest

from earmark.cli._count import Count
from earmark.listen.listener import Failure
from earmark.track import Track
from tracks import track

WHOLE, PART, FAILED = track(), track(unread_s=3.0), Failure("bad.mp3", "bad.mp3 is empty.")


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ([WHOLE], []),
        ([WHOLE] * 3, ["3 of 3 files heard."]),
        ([WHOLE] * 94 + [PART] * 3 + [FAILED] * 3, ["97 of 100 files heard, 3 heard in part, 3 failed."]),
        ([PART], ["1 of 1 files heard, 1 heard in part."]),
        ([FAILED], ["0 of 1 files heard, 1 failed."]),
    ],
)
def test_the_count_names_what_was_not_as_it_should_be(heard: list[Track | Failure], said: list[str]) -> None:
    count = Count()
    for each in heard:
        count.add(each)
    assert list(count.lines()) == said
