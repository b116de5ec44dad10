"""The one sanitiser: nothing that steers a terminal passes, and nothing is lost or forged."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from dissect.escape import cells, visible

_ANY = st.one_of(st.binary(), st.text(st.characters()), st.text("\x1b[]\\xu0\u202e\u0301\r\n\x9b"))


def _is_safe(text: str) -> bool:
    return text.isprintable() and not any(
        unicodedata.category(char)[0] == "M" or unicodedata.category(char) in {"Cf", "Cs", "Cn"}
        for char in text
    )


@given(_ANY)
@example(b"\x1b]52;c;ZXZpbA==\x07")
@example("\ud800\udc80\udcff")
def test_no_output_steers_hides_or_joins(data: bytes | str) -> None:
    """No control, format, combining, surrogate or unassigned character ever comes out."""
    assert _is_safe(visible(data))


@given(_ANY)
def test_ascii_mode_is_printable_ascii(data: bytes | str) -> None:
    """ASCII mode gives nothing else than printable ASCII."""
    shown = visible(data, ascii_only=True)
    assert shown.isascii()
    assert shown.isprintable()


@given(st.binary(), st.booleans())
def test_cells_are_the_text_and_cover_every_byte(data: bytes, ascii_only: bool) -> None:  # noqa: FBT001
    """Cells spell the visible form, begin at byte 0 and never overlap or leave a byte out."""
    found = cells(data, ascii_only=ascii_only)
    assert "".join(cell.text for cell in found) == visible(data, ascii_only=ascii_only)
    ends = [*(cell.at for cell in found), len(data)][1:]
    assert [data[cell.at : end] for cell, end in zip(found, ends, strict=True)] == [
        part for part in (data[c.at : e] for c, e in zip(found, ends, strict=True)) if part
    ]
    assert b"".join(data[cell.at : end] for cell, end in zip(found, ends, strict=True)) == data


@given(st.binary(max_size=6), st.binary(max_size=6), st.booleans())
def test_different_bytes_never_look_the_same(
    one: bytes,
    other: bytes,
    ascii_only: bool,  # noqa: FBT001
) -> None:
    """A visible form cannot be forged by other bytes: it is evidence."""
    if one != other:
        assert visible(one, ascii_only=ascii_only) != visible(other, ascii_only=ascii_only)


@given(_ANY)
def test_every_cell_takes_room(data: bytes | str) -> None:
    """Nothing is of zero width, so that no mark can be pushed from its place."""
    assert all(cell_len(cell.text) >= 1 for cell in cells(data))


@pytest.mark.parametrize(
    ("data", "shown", "plain"),
    [
        (b"RCPT TO:<a@b>", "RCPT TO:<a@b>", "RCPT TO:<a@b>"),
        (b"\r\n\t\x00\x7f", "␍␊␉␀␡", "\\r\\n\\t\\x00\\x7f"),
        (b"\xff\xc2", "\\xff\\xc2", "\\xff\\xc2"),
        (b"\xc2\x85", "\\u0085", "\\u0085"),
        ("\u202e\u200b\u2028".encode(), "\\u202e\\u200b\\u2028", "\\u202e\\u200b\\u2028"),
        ("é漢".encode(), "é漢", "\\u00e9\\u6f22"),
        (b"a\\r", "a\\\\r", "a\\\\r"),
        ("␍".encode(), "\\u240d", "\\u240d"),
        ("\U0001f1e6".encode(), "\\U0001f1e6", "\\U0001f1e6"),
    ],
)
def test_forms(data: bytes, shown: str, plain: str) -> None:
    """Evidence keeps a form of its own: line ends, bytes, code points."""
    assert visible(data) == shown
    assert visible(data, ascii_only=True) == plain
