"""Capture filters: what is wrong with one is told with its place, by a real tcpdump's words."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.errors import UsageError
from dissect.source import bpf
from dissect.source.tap import MAIL

WITH_TCPDUMP = pytest.mark.skipif(bpf.local() is None, reason="there is no tcpdump")

WORDS = ("tcp", "port", "25", "(", ")", "and", "or", "not", "ip[0]", "=", "[", "]", ",", "é")


def refused(text: str) -> tuple[str, str]:
    """What is said of a filter, and the part of it that is pointed at."""
    with pytest.raises(UsageError) as caught:
        bpf.check(bpf.plain(text))
    shown, pointer, *_ = [*caught.value.remedy.splitlines(), ""]
    marked = pointer.removeprefix("  ")
    start = len(marked) - len(marked.lstrip())
    return caught.value.what, shown[start : len(marked)]


@WITH_TCPDUMP
@pytest.mark.parametrize(
    ("text", "what", "at"),
    [
        ("tcp prot 25", "syntax error", "prot"),
        ("tcp port 25 adn port 26", "syntax error", "adn"),
        ("tcp port 25 or 587 or port 2525 adn not vlan", "syntax error", "adn"),
        ("(port 25 or port 26) and host (192.0.2.1 or 192.0.2.2) an tcp", "syntax error", "an"),
        ("tcp port 25 and not (tcp port 26 oder 27)", "syntax error", "oder"),
        ("tcp[tcpflags] & tcp-syn != 0 nd port 25", "syntax error", "nd"),
        ("ip[2] = and tcp", "syntax error", "and"),
        ("ip[6:2 & 0x1fff != 0", "syntax error", "&"),
        ("tcp and and udp", "syntax error", "and"),
        ("tcp port 25; id", "syntax error", "25;"),
        ("-w /etc/shadow", "syntax error", "-w"),
        ("tcp port 25 and", "ends too early", ""),
        ("not", "ends too early", ""),
        ("tcp port 25 and port smtpx", "unknown port 'smtpx'", "smtpx"),
        ("tcp port 25 and prt 26", "unknown port 'prt'", "prt"),
        ("port 99999999", "illegal port number 99999999", "99999999"),
        ("net 192.0.2.1/24", "non-network bits set", "192.0.2.1/24"),
        ("vlan 5000 and tcp", "VLAN tag 5000 greater than maximum", "5000"),
    ],
)
def test_a_fault_is_pointed_at(text: str, what: str, at: str) -> None:
    """By its words, or where no beginning of the filter can go on."""
    said, marked = refused(text)
    assert what in said
    assert marked == at


@WITH_TCPDUMP
def test_a_long_filter_is_shown_in_part() -> None:
    """The place stays in sight, within the width of a terminal."""
    many = " or ".join(f"tcp port {port}" for port in range(1000, 1100))
    with pytest.raises(UsageError) as caught:
        bpf.check(f"{many} or tcp prot 25 or {many}")
    shown, pointer, _ = caught.value.remedy.splitlines()
    assert "tcp prot 25" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert shown[pointer.index("^") - 2 :].startswith("prot")
    assert max(len(shown) + 2, len(pointer)) <= 80


@WITH_TCPDUMP
@pytest.mark.parametrize("text", ["tcp.port == 25", "tcp port 25 && ip.addr == 192.0.2.1"])
def test_a_display_filter_is_known_as_one(text: str) -> None:
    """Wireshark has two languages; it is said which option takes the other."""
    with pytest.raises(UsageError, match=r"display filter.*-Y"):
        bpf.check(text)


@pytest.mark.parametrize(
    ("text", "at"), [("tcp port 25) or (tcp", ")"), ("tcp port (25", "("), ("((tcp)", "(")]
)
def test_parentheses_are_its_own(text: str, at: str) -> None:
    """None can end those that are put around a filter, with or without a tcpdump."""
    with pytest.raises(UsageError, match="without its") as caught:
        bpf.plain(text)
    shown, pointer = caught.value.remedy.splitlines()
    assert shown[pointer.index("^") - 2] == at


@WITH_TCPDUMP
@pytest.mark.parametrize("text", ["", MAIL, "inbound", "tcp and udp", "wlan type mgt", "vlan 7"])
def test_what_depends_on_the_interface_is_left_to_the_capture(text: str) -> None:
    """Nothing is refused that some interface may take."""
    bpf.check(bpf.plain(text))


def test_lines_and_tabs_are_blanks() -> None:
    """A filter in a file may have lines; nothing else that a terminal would obey."""
    assert bpf.plain("tcp port 25\n\tor  tcp port 26\n") == "tcp port 25 or tcp port 26"
    for bad in ("tcp\0", "\x1b[31mtcp", "x" * (bpf.LONGEST + 1)):
        with pytest.raises(UsageError, match="control characters"):
            bpf.plain(bad)


def test_without_tcpdump(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the capture itself can refuse it then, in the words of what captures."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    bpf.check("tcp prot 25")
    told = bpf.refusal("tcp prot 25", "syntax error")
    assert (told.what, told.remedy) == ("The capture filter is wrong: syntax error.", bpf.MANUAL)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("tcpdump: can't parse filter expression: syntax error\n", "syntax error"),
        ("tcpdump: expression rejects all packets\n", "expression rejects all packets"),
        ("That string isn't a valid capture filter (unknown port 'x').\n", "unknown port 'x'"),
        ("tcpdump: 'inbound' not supported on linktype 0x1", "'inbound' not supported on linktyp"),
        ("tcpdump: ethernet addresses supported only on ethernet", "ethernet addresses supported"),
        ("tcpdump: nosuch0: No such device exists\n", ""),
        ("tcpdump: eth0: You don't have permission to perform this capture", ""),
        ("ssh: Could not resolve hostname mx: unknown host", ""),
    ],
)
def test_what_is_no_fault_of_the_filter(said: str, fault: str) -> None:
    """The words of tcpdump and dumpcap on a filter are told from all others."""
    found = bpf.fault(said)
    assert found.startswith(fault)
    assert bool(found) == bool(fault)


@given(st.text(st.sampled_from("()[]! tcp25&|\x1b\0é\n'\"") | st.characters(), max_size=60))
def test_whatever_is_given(text: str) -> None:
    """A line that can be put in parentheses, or a refusal that can be printed."""
    words, error = "", None
    try:
        words = bpf.plain(text)
    except UsageError as caught:
        error = caught
    for line in str(error or words).splitlines():
        assert line.isprintable()
    depth = 0
    for each in words:
        depth += (each == "(") - (each == ")")
        assert depth >= 0
    assert depth == 0


@WITH_TCPDUMP
@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=8))
def test_the_place_lies_in_the_filter(words: list[str]) -> None:
    """Whatever tcpdump refuses, the pointer stands beneath a part of it, or behind its end."""
    error = None
    try:
        bpf.check(bpf.plain(" ".join(words)))
    except UsageError as caught:
        error = caught
    if error is not None:
        shown, pointer, *_ = error.remedy.splitlines()
        assert pointer.strip(" ~") == "^"
        assert len(pointer) - 2 <= len(shown) + 2
