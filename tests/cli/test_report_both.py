"""``seamark report --inside`` and ``--outside``: what a capture from the other side shows."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import pytest
from cli.command import CAPTURES, FOUNDING, TWIN, Ran, seamark
from cli.fakes import needs_tshark
from cli.test_report import part, titles
from cli.test_report_redacted import HEXED, NAME
from dossier.page import EVIL, TAGS, Page, evil_capture
from report.hostile import harmful, hostile_capture

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_tshark

BEFORE: Final = CAPTURES / "founding-before.pcap"
TITLE: Final = "What both sides show"


def reported(*words: str | Path) -> Ran:
    """A report with names as they are, as text."""
    return seamark("report", "--no-redact", *words, "-o", "-")


def case(name: str, *words: str) -> str:
    """The report on a case of the lab, seen from the outside."""
    ran = reported(CAPTURES / f"{name}-behind.pcap", "--inside", CAPTURES / f"{name}-before.pcap",
                   *words)  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def test_the_verb_is_shown_as_it_was_sent_and_as_it_arrived() -> None:
    """In the decisive conversation, with the seam inside and a mark under each changed byte."""
    text = case("founding")
    lines = text.splitlines()
    at = lines.index("  < C RC|PT TO:<recipient0035@cam.example.net>")
    assert lines[at - 1 : at + 5] == [
        "  = C RCPT TO:<recipient0034ofthefac@cam.example.net>",
        "  < C RC|PT TO:<recipient0035@cam.example.net>",
        "      ^^ ^^",
        "  > C XX|XX TO:<recipient0035@cam.example.net>",
        "      ^^ ^^",
        "  = C RCPT TO:<recipient0036@cam.example.net>",
    ]
    said = part(text, TITLE)
    assert "founding-before.pcap was captured inside, founding-behind.pcap outside." in said
    assert "Between them: in-place rewriter." in said
    assert "6 conversations not the same on both sides" in said


def test_it_stands_behind_the_bytes_and_is_told_at_once() -> None:
    """A manager reads of it in the first part; the limits ask for no second capture any more."""
    text = case("founding")
    assert titles(text)[2:5] == ["The bytes", TITLE, "All cases"]
    assert "Captures from both sides were compared: 6 of 9 flows differ" in part(text, "In short")
    limits = part(text, "Limits")
    assert "What was changed between the two captures is proved" in limits
    for path in (FOUNDING, BEFORE):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert digest in limits.replace(" ", "")


def test_a_keyword_that_was_taken_away_stands_on_one_side() -> None:
    """The same from the inside, with the other option."""
    inside, outside = (CAPTURES / f"starttls-stripped-{s}.pcap" for s in ("before", "behind"))
    text = reported(inside, "--outside", outside).out
    assert "  > S 250-STARTTLS\n" in text
    assert "  < S 250-STARTTLS\n" not in text
    assert "14 bytes vanished" in part(text, TITLE)


def test_nothing_changed_is_said() -> None:
    """Zero differences is a finding, too, and no table is empty."""
    text = case("clean-twin")
    said = "Nothing between these two points changed this mail."
    assert said in part(text, "In short")
    assert said in part(text, TITLE)
    assert "not the same on both sides" not in part(text, TITLE).replace("What is not the same", "")


@pytest.mark.parametrize("name", ["founding", "starttls-refused", "terminator-swallowed", "ipv6"])
def test_a_mail_has_76_columns_of_ascii(name: str) -> None:
    """But for commands, which stay whole."""
    text = case(name)
    assert text.isascii()
    wide = [line for line in text.splitlines() if len(line) > 76 and not line.startswith("    ")]
    assert wide == []


def test_nobody_is_named_unless_it_is_asked_for(tmp_path: Path) -> None:
    """Other names, the same ones as in the rest of the report, and none of the real ones."""
    for form in ("txt", "html", "md"):
        words = (FOUNDING, "--inside", BEFORE, "--redact-key", tmp_path / "key")
        ran = seamark("report", *words, "-o", "-", "--format", form)
        assert (ran.code, ran.err) == (0, "")
        assert NAME.search(ran.out) is None
        assert HEXED.search(ran.out) is None
        if form == "txt":
            (name,) = re.findall(r"-> XX\|XX TO:<(\S+)>", ran.out)
            assert f"  < C RC|PT TO:<{name}>\n" in ran.out


def test_the_page_is_closed_in_itself_and_marks_both_sides() -> None:
    """Two columns, with the halves of the verb marked around the boundary."""
    page = Page(case("founding", "--format", "html"))
    assert set(page.tags) <= TAGS
    assert (page.unclosed, page.wrong, page.fetches) == ([], [], [])
    text = case("founding", "--format", "html")
    for half in ("RC", "PT"), ("XX", "XX"):
        first, second = half
        assert f'<mark>{first}</mark><b class="cut">|</b><mark>{second}</mark> TO:' in text


@pytest.mark.parametrize("form", ["html", "md", "txt"])
def test_markup_and_control_characters_of_a_peer_are_text(form: str, tmp_path: Path) -> None:
    """What a peer says is shown on both sides, and does nothing."""
    for make in (evil_capture, hostile_capture):
        capture = make(tmp_path)
        other = tmp_path / "other.pcap"
        other.write_bytes(capture.read_bytes())
        out = reported(capture, "--inside", other, "--format", form).out
        assert TITLE in out
        assert harmful(out) == []
        if form == "html":
            page = Page(out)
            assert set(page.tags) <= TAGS
            assert (page.unclosed, page.wrong, page.fetches) == ([], [], [])
            assert make is hostile_capture or EVIL[:20] in page.text
        capture.unlink()


def test_wrong_usage_and_captures_that_cannot_be_read(tmp_path: Path) -> None:
    """Both sides named beside CAPTURE, two captures, a file that is not there, and a short one."""
    assert reported(FOUNDING, "--inside", BEFORE, "--outside", BEFORE).code == 2
    assert reported(FOUNDING, TWIN, "--inside", BEFORE).code == 2
    assert reported(FOUNDING, "--inside", tmp_path / "nothing.pcap").code == 3
    short = tmp_path / "short.pcap"
    short.write_bytes(BEFORE.read_bytes()[:-7])
    ran = reported(FOUNDING, "--inside", short)
    assert ran.code == 3
    assert "short.pcap" in ran.err
    assert "short.pcap" in part(ran.out, TITLE)
    assert str(tmp_path) not in ran.out
