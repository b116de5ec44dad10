"""The instruments of these tests: how output is taken apart, judged, drawn and answered."""

from __future__ import annotations

import pytest
from support.script import text
from terminal.answers import MODERN, SILENT, XTERM, Answers
from terminal.hostile import ATTACKS
from terminal.hygiene import clips, colours, strays, unprintable_ascii
from terminal.picture import USUAL, Picture
from terminal.sequences import Kind, Tokens, tokens

HARMLESS = frozenset({"markup", "wide", "forged"})
"""Attacks on a toolkit or on the reader, whose bytes a terminal only shows."""


def test_output_is_taken_apart() -> None:
    """Each kind of sequence is one token, and text in between is another."""
    output = (
        b"a\x1b[1;2H\x1b[?25l\x1b]0;t\x07\x1b]52;c;eA==\x1b\\\x1bP+q54\x1b\\\x1bXs\x1b\\\x1b^p\x1b\\"
        b"\x1b_a\x1b\\\x1bc\x1b(B\r\n\xe2\x94\x8a"
    )
    assert [token.kind.value for token in tokens(output)] == [
        "text", "CSI", "CSI", "OSC", "OSC", "DCS", "SOS", "PM", "APC", "escape", "escape",
        "control", "control", "text",
    ]  # fmt: skip
    assert b"".join(token.raw for token in tokens(output)) == output


def test_a_csi_sequence_is_read() -> None:
    """Prefix, numbers, intermediates and the final byte."""
    (mode,) = tokens(b"\x1b[?2026$p")
    assert (mode.prefix, mode.numbers, mode.between, mode.final) == ("?", (2026,), "$", "p")
    (look,) = tokens(b"\x1b[;1;38:5:9m")
    assert (look.prefix, look.numbers, look.final) == ("", (0, 1, 38, 5, 9), "m")


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_sequence_may_come_in_pieces(cut: int) -> None:
    """What is not complete waits for the rest."""
    output = b"x\x1b]2;abc\x1b\\y"
    parser = Tokens()
    found = [*parser.feed(output[:cut]), *parser.feed(output[cut:]), *parser.end()]
    kinds = [token.kind for token in found]
    assert kinds == [Kind.TEXT, Kind.OSC, Kind.TEXT]


@pytest.mark.parametrize("broken", [b"\x1b", b"\x1b[12", b"\x1b]0;x", b"\x1bP1", b"\x1b[\x1b[m"])
def test_what_never_ends_is_broken(broken: bytes) -> None:
    """A sequence that begins and does not end is none of the program's."""
    assert Kind.BROKEN in {token.kind for token in tokens(broken)}
    assert strays(broken)


def test_what_textual_writes_is_allowed() -> None:
    """Places, looks, its modes and questions, the pointer's shape, and line ends."""
    assert not strays(
        b"\x1b[?1049h\x1b[?1000h\x1b[?25l\x1b[>25u\x1b[?2026$p\x1b[?2048$p\x1b[?7l\x1b[3;14H"
        b"\x1b[1;38;2;1;2;3;48;5;9mRC\xe2\x94\x8aPT\x1b[0m\r\n\x1b]22;default\x07\x1b[<u\x1b[?1049l"
    )


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_every_attack_is_reported(name: str) -> None:
    """What a packet wants to write is a stray, all by itself; bare text is not."""
    assert bool(strays(text(ATTACKS[name]).data)) is (name not in HARMLESS)


def test_the_clipboard_is_allowed_on_demand() -> None:
    """OSC 52 is a stray unless a copy was asked for, and never asks for what is in there."""
    copy = b"\x1b]52;c;UkNQVA==\x07"
    assert strays(copy)
    assert not strays(copy, clipboard=True)
    assert clips(copy) == [b"RCPT"]
    assert strays(b"\x1b]52;c;?\x07", clipboard=True)


def test_colours_are_told_from_looks() -> None:
    """Bold and reverse are no colours, nor are the numbers that an extended colour is made of."""
    assert colours(b"\x1b[0;1;3;4;7;22;39;49m") == set()
    assert colours(b"\x1b[1;31m\x1b[38;2;40;41;42m\x1b[48;5;33m\x1b[97m") == {31, 38, 48, 97}


def test_ascii_is_told_from_the_rest() -> None:
    """Escape sequences do not count, texts do."""
    assert unprintable_ascii(b"\x1b[1;2H-->\r\n\x1b]22;default\x07") == ""
    assert unprintable_ascii("a┊b…".encode()) == "…┊"


def test_a_picture_is_drawn() -> None:
    """Text at its place, the screen beside the usual one, and modes."""
    picture = Picture(20, 3)
    picture.feed(b"shell\r\n\x1b[?1049h\x1b[?25l\x1b[>25u\x1b[<u\x1b]0;t\x07\x1bP1\x1b\\\x1b[2;3H")
    picture.feed("\x1b[7mRC┊PT".encode())
    assert picture.text == "\n  RC┊PT\n"
    assert picture.cell(2, 1).reverse
    assert picture.modes == {7, 1049}
    assert picture.alternate
    picture.feed(b"\x1b[?25h\x1b[?1049l")
    assert picture.text == "shell\n\n"
    assert picture.modes == USUAL


def test_a_terminal_answers_as_it_is() -> None:
    """A modern one knows modes, an older one says that it does not, a third is silent."""
    asked = b"\x1b[c\x1b[?2026$p\x1b[?1$p\x1b[?u\x1b[6n\x1bP+q544e\x1b\\"
    heard = {
        manners: Answers(known, lambda: (4, 1)).to(asked)
        for manners, known in (("modern", MODERN), ("xterm", XTERM), ("silent", SILENT))
    }
    assert b"\x1b[?2026;2$y\x1b[?1;0$y\x1b[?0u\x1b[2;5R\x1bP0+r544e" in heard["modern"]
    assert b"\x1b[?2026;0$y" in heard["xterm"]
    assert heard["silent"] == b""
