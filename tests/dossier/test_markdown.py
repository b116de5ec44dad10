"""Markdown, as a parser of it reads the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli.command import FOUNDING, seamark
from cli.fakes import needs_tshark
from dossier.page import evil_capture
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report.hostile import harmful, hostile_capture

from dissect.dossier.markdown import code, escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

READER = MarkdownIt("commonmark", {"html": True}).enable("table")

WORDS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FF, exclude_categories=["C"]))


def tokens(text: str) -> Iterator[Token]:
    """All parts of a text."""
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def written(path: Path) -> str:
    """The report on a capture."""
    ran = seamark("report", "--no-redact", path, "-o", "-", "--format", "md")
    assert (ran.code, ran.err) == (0, "")
    return ran.out


@needs_tshark[0]
@needs_tshark[1]
def test_the_report_has_headings_tables_and_blocks() -> None:
    """What it is made of is what a reader sees."""
    kinds = [token.type for token in tokens(written(FOUNDING))]
    assert kinds.count("heading_open") == 12
    assert kinds.count("table_open") > 5
    assert kinds.count("fence") > 5
    assert "html_block" not in kinds


@needs_tshark[0]
@needs_tshark[1]
def test_markup_from_a_peer_is_text(tmp_path: Path) -> None:
    """No element, link or picture of a peer is made, and no table is broken."""
    found = list(tokens(written(evil_capture(tmp_path))))
    kinds = {token.type for token in found}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "autolink"}
    rows = [token for token in found if token.type == "tr_open"]
    cells = [token for token in found if token.type in {"td_open", "th_open"}]
    assert rows
    assert len(cells) > len(rows)


@needs_tshark[0]
@needs_tshark[1]
def test_nothing_steers_hides_or_reorders(tmp_path: Path) -> None:
    """Control, format and bidi characters of a peer are shown by name."""
    assert harmful(written(hostile_capture(tmp_path))) == []


@given(WORDS)
def test_escaped_words_are_what_they_were(words: str) -> None:
    """Whatever the words: one paragraph, whose text they are."""
    wanted = words.strip()
    found = READER.parse(f"{escaped(wanted)}\n")
    if not wanted:
        assert found == []
        return
    assert [token.type for token in found] == ["paragraph_open", "inline", "paragraph_close"]
    shown = "".join(token.content for token in found[1].children or ())
    assert shown == wanted


@given(WORDS.filter(lambda words: words.strip() == words != ""))
def test_code_is_what_it_was(words: str) -> None:
    """Whatever the words: one piece of code, however many backticks are in it."""
    (inline,) = [token for token in READER.parse(f"x {code(words)}") if token.type == "inline"]
    assert [each.content for each in inline.children or ()] == ["x ", words]


@pytest.mark.parametrize("address", ["http://evil.example/", "www.evil.example", "HTTPS://x"])
def test_addresses_of_a_peer_are_no_links(address: str) -> None:
    """Not even to the readers that make links of bare addresses, because a backslash cuts them."""
    reader = MarkdownIt("gfm-like", {"linkify": False})
    shown = "".join(t.content for t in reader.parseInline(escaped(address))[0].children or ())
    assert shown == address
    assert not re.search(r"\w://|www\.", escaped(address), re.IGNORECASE)
