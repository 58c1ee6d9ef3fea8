"""The terms of a report, and the two papers made of them."""

from earmark.plots.report import Picture, Section, Table, markdown, markdown_table
from earmark.plots.report_page import page

SHARES = Table(("who", "share"), (("ours", "1 | 2"), ("theirs", "3")))
PARTS = [
    Section("Figures", ("They are <few>.",), (SHARES,), ("dots",)),
    Section("To be seen", ("Look.",), pictures=("map",), only_pictures=True),
]
DOTS = Picture(b"<svg/>", "Dots & lines", "Read from the left.")


def test_a_table_is_a_head_a_rule_and_rows_and_a_bar_in_a_cell_is_no_border() -> None:
    assert markdown_table(SHARES).splitlines() == [
        "| who | share |",
        "| --- | --- |",
        "| ours | 1 \\| 2 |",
        "| theirs | 3 |",
    ]


def test_markdown_names_the_pictures_that_lie_beside_it_and_no_others() -> None:
    text = markdown("Title", "earmark x", PARTS, {"dots": "Dots", "else": "Something"})
    assert text.startswith("# Title\n\nWritten by `earmark x`.\n\n## Figures\n\nThey are <few>.\n\n| who")
    assert text.endswith("| theirs | 3 |\n\n![Dots](dots.svg)\n")


def test_a_part_that_only_shows_pictures_is_there_with_one_of_them_alone() -> None:
    assert "To be seen" in markdown("Title", "x", PARTS, {"map": "A map"})
    assert "To be seen" not in markdown("Title", "x", PARTS, {"dots": "Dots"})
    assert "To be seen" in page("Title", "x", PARTS, {}, fragments={"map": "<svg id=map></svg>"})
    assert "To be seen" not in page("Title", "x", PARTS, {"dots": DOTS})


def test_the_page_sets_off_the_rows_that_are_stressed() -> None:
    text = page("Title", "x", PARTS, {}, stressed=("ours", "nobody"))
    assert text.count("<tr class=reference>") == 1
    assert "<tr class=reference><th scope=row>ours</th>" in text
    assert "<tr class=reference>" not in page("Title", "x", PARTS, {})


def test_the_page_has_pictures_within_words_for_who_cannot_see_them_and_no_markup_of_the_text() -> None:
    text = page("A <title>", "x & y", PARTS, {"dots": DOTS}, fragments={"map": "<svg id=map></svg>"})
    assert 'alt="Dots &amp; lines" src="data:image/svg+xml;base64,PHN2Zy8+"' in text
    assert "<figcaption>Read from the left.</figcaption>" in text
    assert "<svg id=map></svg>" in text
    assert "<h1>A &lt;title&gt;</h1>" in text
    assert "<code>x &amp; y</code>" in text
    assert "They are &lt;few&gt;." in text
