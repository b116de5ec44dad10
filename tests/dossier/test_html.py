"""The page: closed in itself, safe whatever a peer says, and legible to everybody."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest
from cli.command import FOUNDING, TWIN, seamark
from cli.fakes import needs_tshark
from dossier.page import EVIL, TAGS, Page, evil_capture
from report.hostile import harmful, hostile_capture

pytestmark = needs_tshark


@cache
def html(path: Path) -> str:
    """The report on a capture."""
    ran = seamark("report", "--no-redact", path, "-o", "-", "--format", "html")
    assert (ran.code, ran.err) == (0, "")
    return ran.out


@pytest.mark.parametrize("path", [FOUNDING, TWIN])
def test_the_page_is_closed_in_itself(path: Path) -> None:
    """Known elements, well nested, and nothing that runs or fetches."""
    page = Page(html(path))
    assert set(page.tags) <= TAGS
    assert (page.unclosed, page.wrong, page.fetches) == ([], [], [])


def test_the_policy_allows_the_style_sheet_and_nothing_else() -> None:
    """The hash in the Content-Security-Policy is that of the one style element."""
    text = html(FOUNDING)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = Page(text).values("meta", "content")[0]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"url\(|@import|https?:", style)


def test_markup_from_a_peer_is_text(tmp_path: Path) -> None:
    """Elements that a peer names are shown and not made; so are a template's braces."""
    page = Page(html(evil_capture(tmp_path)))
    assert set(page.tags) <= TAGS
    assert (page.unclosed, page.wrong, page.fetches) == ([], [], [])
    assert EVIL[:20] in page.text
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text


def test_nothing_steers_hides_or_reorders(tmp_path: Path) -> None:
    """Control, format and bidi characters of a peer are shown by name."""
    assert harmful(html(hostile_capture(tmp_path))) == []


def test_the_picture_marks_the_seam_inside_the_verb() -> None:
    """The masked halves stand on both sides of the seam, and the frames are named."""
    text = html(FOUNDING)
    (svg,) = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    root = ET.fromstring(svg)  # noqa: S314 - our own page
    space = "{http://www.w3.org/2000/svg}"
    spots = [
        group
        for group in root.iter(f"{space}g")
        if group.get("class") == "decisive"
        and group.find(f"{space}line[@class='seam']") is not None
    ]
    (spot,) = spots
    words = [each.text for each in spot.iter(f"{space}text")]
    assert words == [
        "0.197", "25, 26", "XX", "frame 25 ends", "frame 26 begins", "XX",
        " TO:<recipient0035@cam.example.net>", "was RCPT",
    ]  # fmt: skip
    halves = [each for each in spot.iter(f"{space}text") if each.text == "XX"]
    seam = spot.find(f"{space}line[@class='seam']")
    assert seam is not None
    left, right = (float(half.get("x", "")) for half in halves)
    width = float(halves[0].get("textLength", ""))
    assert left + width < float(seam.get("x1", "")) < right


def test_the_picture_can_be_read_aloud() -> None:
    """It has a title and a description, by which it is labelled."""
    page = Page(html(FOUNDING))
    (labels,) = page.values("svg", "aria-labelledby")
    assert page.values("svg", "role") == ["img"]
    assert set(labels.split()) == {*page.values("title", "id"), *page.values("desc", "id")}


def test_tables_have_headings_and_sections_a_place() -> None:
    """Each table has a caption and heads of columns; each entry of the contents leads somewhere."""
    page = Page(html(FOUNDING))
    assert page.tags.count("caption") == page.tags.count("table") > 5
    assert {"col", "row"} == set(page.values("th", "scope"))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in page.values("a", "href")} < set(ids)
    assert page.tags.count("h1") == 1
