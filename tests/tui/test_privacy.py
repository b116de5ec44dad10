"""Privacy: names and addresses give way to labels of the same length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.look import look
from tui.privacy import Privacy


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("192.0.2.10 -> 192.0.2.25:25", "h1-------- -> h2--------:25"),
        ("RCPT TO:<recipient0034@cam.example.net>", "RCPT TO:<u1-----------@n1------------->"),
        ("EHLO MAILSRV01", "EHLO n1-------"),
        ("250-mx.example.net Hello [2001:db8::7]", "250-n1------------ Hello [h1---------]"),
        (
            "220 mx.example.net ESMTP Exim 4.96 10:15:59",
            "220 n1------------ ESMTP Exim 4.96 10:15:59",
        ),
        ("Src: 02:00:0a:00:00:01, at 10:15:59", "Src: h1---------------, at 10:15:59"),
        ("tcp.stream eq 12, founding.pcap, 5.5.1", "tcp.stream eq 12, founding.pcap, 5.5.1"),
    ],
)  # fmt: skip
def test_names_are_hidden_and_the_rest_stays(said: str, shown: str) -> None:
    """Addresses, mail addresses, hosts and HELO names go; verbs, codes, times and fields stay."""
    assert Privacy(on=True).hide(said) == shown


def test_the_same_name_has_the_same_label() -> None:
    """Two clients can be told apart, and one is recognised again."""
    privacy = Privacy(on=True)
    first, second = privacy.hide("192.0.2.10 192.0.2.11"), privacy.hide("192.0.2.11 192.0.2.10")
    assert first.split() == list(reversed(second.split()))


@given(st.binary(max_size=200))
def test_every_byte_stays_at_its_place(data: bytes) -> None:
    """Whatever is hidden, the length stays, so that seams stay at their byte."""
    assert len(Privacy(on=True).hide_bytes(data)) == len(data)


def test_a_look_hides_only_while_it_is_told_to() -> None:
    """One switch, and every text that is drawn follows it."""
    drawn = look(ascii_only=True)
    assert drawn.words(b"MAIL FROM:<a@example.org>") == "MAIL FROM:<a@example.org>"
    drawn.privacy.on = True
    assert "example" not in drawn.words(b"MAIL FROM:<a@example.org>")
    assert drawn.name("mailhost").startswith("n")
    assert drawn.hidden(b"t034@cam.ac.uk>\r\nRC")[0][0] == 0
    assert not look(ascii_only=True).privacy.on
