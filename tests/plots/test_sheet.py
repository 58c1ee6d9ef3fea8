"""What all pages share: one frame, one style that can be read by every eye, and templates that escape."""

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from earmark.files import FileKind
from earmark.plots.palette import rgb
from earmark.plots.report import Section
from earmark.plots.report_page import page as report_page
from earmark.plots.sheet import PAGE, rendered
from earmark.plots.turnable import turnable_map
from pages import read

TEMPLATES = files("earmark.plots") / "templates"
STYLE = rendered("style.css.j2")


def report(title: str = "A report") -> str:
    turn = turnable_map(
        np.eye(3), [0, 1, 1], ["a", "b"], labels=["1", "2", "3"], details=["", "", ""], means=np.ones((2, 3)),
        explained=(0.5, 0.3, 0.2), identifier="turn",
    )  # fmt: skip
    return report_page(title, "earmark x", [Section("Map", pictures=("turn",))], {}, fragments={"turn": turn})


def relative_luminance(colour: str) -> float:
    """As WCAG 2 has it, 0 to 1."""
    shares = np.array(rgb(colour)) / 255
    return float(
        np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    )


def contrast(one: str, other: str) -> float:
    low, high = sorted((relative_luminance(one), relative_luminance(other)))
    return (high + 0.05) / (low + 0.05)


def schemes() -> list[dict[str, str]]:
    """The colours of the style, in light and in dark."""
    return [dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{[^}]*\}", STYLE)]


def test_there_is_a_light_and_a_dark_scheme_with_the_same_names() -> None:
    light, dark = schemes()
    assert light.keys() == dark.keys() >= {"ink", "paper", "quiet", "rule", "set-off"}
    assert relative_luminance(light["paper"]) > 0.9
    assert relative_luminance(dark["paper"]) < 0.05


@pytest.mark.parametrize("colours", schemes(), ids=("light", "dark"))
def test_words_stand_out_from_the_paper_by_what_wcag_asks(colours: dict[str, str]) -> None:
    for ink in ("ink", "quiet"):
        assert contrast(colours[ink], colours["paper"]) >= 4.5
    assert contrast(colours["ink"], colours["set-off"]) >= 4.5


def test_a_page_has_the_style_once_and_whole() -> None:
    text = report()
    assert text.count("<style>") == text.count("<style") == 1
    assert STYLE in text
    assert text.startswith("<!doctype html>\n<html lang=en>\n")
    read(re.sub(r"<script.*?</script>|<input[^>]*>", "", text, flags=re.DOTALL))


def test_a_report_is_no_page_that_a_page_may_replace(tmp_path: Path) -> None:
    def known(kind: FileKind, text: str) -> bool:
        return any(mark in text.encode()[:4096] for mark in kind.marks)

    heard = rendered("base.html.j2", title="Something")
    assert known(PAGE, heard)
    assert not known(PAGE, report())


@pytest.mark.parametrize("name", sorted(file.name for file in TEMPLATES.iterdir() if file.name.endswith(".j2")))
def test_only_what_templates_made_is_marked_as_safe(name: str) -> None:
    marked = re.findall(r"\{\{ ([^}]*?) \| safe \}\}", (TEMPLATES / name).read_text(encoding="utf-8"))
    pictures = {"figure(track, heard.spectrogram)", "figure", "map", "drawn", "folder_plane(so_far.moods)"}
    assert set(marked) <= {*pictures, "fragments[name]"}
    assert "autoescape" not in (TEMPLATES / name).read_text(encoding="utf-8")


def test_what_comes_from_outside_is_escaped() -> None:
    assert "<h1>&lt;b&gt; &amp; &#34;</h1>" in rendered("base.html.j2", title='<b> & "')


def test_a_value_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(Exception, match="'title' is undefined"):
        rendered("base.html.j2")
