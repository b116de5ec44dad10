"""What can be taken out of a screen: filters, commands, values and evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tui_fakes import HOSTILE, founding, hostile, plain, verdict

from dissect.errors import CaptureError
from tui import out
from tui.look import look

if TYPE_CHECKING:
    from tui.out import Offer, Subject

LOOK = look(ascii_only=False)
FOUNDING = founding(0)
SPLIT = FOUNDING.findings[2]
BAD = next(row for row in FOUNDING.rows if row.seams)


def subject(**more: Any) -> Subject:
    """The damaged RCPT of the founding case."""
    fields: dict[str, Any] = {
        "look": LOOK, "flows": (FOUNDING.summary,), "frames": BAD.frames, "value": BAD.text,
        "findings": (SPLIT,), "dialogue": lambda: "220 hello", "dump": lambda: "0000  02",
    }  # fmt: skip
    return out.Subject(**{**fields, **more})


def texts(about: Subject) -> dict[str, str]:
    """What is offered, by letter."""
    return {offer.letter: words(offer) for offer in out.offers(about)}


def words(offer: Offer) -> str:
    """An offer's text, which is there at once."""
    made = offer.text()
    assert isinstance(made, str)
    return made


def test_a_row_offers_all_that_there_is_to_it() -> None:
    """Value, evidence, dialogue, filters, commands, addresses and bytes."""
    found = texts(subject())
    assert found.pop("e").startswith("split-masked-verb: critical")
    assert found == {
        "v": "XXXX TO:<recipient0006@cam.example.net>",
        "d": "220 hello",
        "f": "frame.number in {12, 14}",
        "F": "tcp.stream == 0",
        "c": "tshark -r founding-behind.pcap -Y 'frame.number in {12, 14}'",
        "w": "wireshark -r founding-behind.pcap -Y 'frame.number in {12, 14}'",
        "a": "192.0.2.10:33738 -> 198.51.100.25:25",
        "h": "0000  02",
    }


def test_a_menu_shows_how_short_texts_begin() -> None:
    """A filter is seen before it is copied; long texts are not made for that."""
    about = {offer.letter: offer.about for offer in out.offers(subject())}
    assert about["f"] == "frame.number in {12, 14}"
    assert about["v"] == "XXXX TO:<recipient0006@cam.example.net>"
    assert about["e"] == about["d"] == about["h"] == ""


def test_names_are_made_of_the_capture_and_numbers_alone() -> None:
    """No word of a packet gets into a file name."""
    names = {offer.letter: offer.name for offer in out.offers(subject())}
    assert names["e"] == "founding-behind-flow0-evidence.txt"
    assert names["h"] == "founding-behind-frame12-hex.txt"
    odd = replace(FOUNDING.summary, capture="/srv/../-a b\x1b;$(x).pcap.gz")
    name = out.offers(subject(flows=(odd, odd)))[0].name
    assert name == "a_b_x_-2-flows-value.txt"


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ((), ""),
        ((3,), "tcp.stream == 3"),
        ((5, 1, 4, 6, 7, 4), "tcp.stream in {1, 4..7}"),
        ((1, 2, 4, 5), "tcp.stream in {1, 2, 4, 5}"),
        (range(100), "tcp.stream in {0..99}"),
    ],
)
def test_numbers_become_the_shortest_filter(numbers: tuple[int, ...], wanted: str) -> None:
    """Runs are written as ranges, and each number once."""
    assert out.numbers("tcp.stream", numbers) == wanted


def test_flows_of_several_captures_have_a_filter_each() -> None:
    """Stream numbers count in one capture only, so each line says in which."""
    other = replace(plain(7).summary, capture="other.pcap")
    found = texts(subject(flows=(FOUNDING.summary, other), frames=()))
    assert found["f"] == "founding-behind.pcap: tcp.stream == 0\nother.pcap: tcp.stream == 7"
    assert found["c"] == (
        "tshark -r founding-behind.pcap -Y 'tcp.stream == 0'\n"
        "tshark -r other.pcap -Y 'tcp.stream == 7'"
    )
    assert "F" not in found


def test_clients_have_a_filter_and_no_command() -> None:
    """A filter for addresses suits any capture."""
    found = texts(out.Subject(look=LOOK, clients=("192.0.2.10", "2001:db8::1")))
    assert found == {
        "f": "ip.addr == 192.0.2.10 || ipv6.addr == 2001:db8::1",
        "a": "192.0.2.10\n2001:db8::1",
    }


def test_commands_are_quoted_and_cannot_steer() -> None:
    """A capture can be called anything: the command stays one word each, and printable."""
    name = "-x 'y'\x1b[2J\n\u202e.pcap"
    odd = replace(FOUNDING.summary, capture=name)
    found = texts(subject(flows=(odd,)))
    assert found["c"] == (
        r"tshark -r $'./-x \x27y\x27\x1b[2J\x0a\xe2\x80\xae.pcap'"
        " -Y 'frame.number in {12, 14}'"
    )


def test_what_lies_nowhere_is_not_offered_as_a_command() -> None:
    """A capture on standard input cannot be read again, and the rest is offered all the same."""

    def place(_capture: str) -> str:
        raise CaptureError("It lies nowhere.")

    found = texts(subject(place=place))
    assert "c" not in found
    assert "w" not in found
    assert found["f"] == "frame.number in {12, 14}"


def test_a_reply_keeps_its_lines() -> None:
    """Lines that ended as they should are lines again; all else is shown by its sign."""
    assert out.value(b"250-a\r\n250 b\nc\x1b", LOOK) == "250-a\n250 b␊c␛"


def test_evidence_is_ready_for_a_mail() -> None:
    """What was seen where, what it costs and what mends it, in 76 columns."""
    found = texts(subject())["e"]
    for said in (
        "A packet boundary lies inside a RCPT whose letters were overwritten with X.",
        "capture    founding-behind.pcap",
        "flow       0, 192.0.2.10:33738 -> 198.51.100.25:25",
        "UTC",
        "frames     12, 14",
        "observed   XX┊XX TO:<recipient0006@cam.example.net>",
        "original   RCPT",
        "seam       observed, inside the verb, after byte 2, frames 12 | 14",
        "remedy     - no fixup protocol smtp 25",
        "           - or, on an ASA: no inspect esmtp",
        "Wireshark  frame.number in {12, 14}",
    ):
        assert said in found
    assert max(map(len, found.splitlines())) <= 76


def test_a_verdict_is_evidence_too() -> None:
    """Where a verdict is under the cursor, it is what goes into the mail."""
    found = texts(out.Subject(look=LOOK, verdict=verdict()))["e"]
    assert "Cisco-style SMTP inspection, confidence 0.99" in found
    assert "proof      verbs with seam 6, verbs with seam masked 6" in found


@pytest.mark.parametrize("ascii_only", [False, True])
def test_hostile_traffic_leaves_as_words(ascii_only: bool) -> None:  # noqa: FBT001
    """Nothing that is offered holds a control character, whatever the packets say."""
    flow = hostile(3, 1000)
    here = look(ascii_only=ascii_only)
    about = out.Subject(
        look=here, flows=(flow.summary,), frames=(2, 4), value=flow.rows[1].text,
        findings=flow.findings,
    )  # fmt: skip
    for offer in out.offers(about):
        said = words(offer)
        assert said.replace("\n", "").isprintable()
        assert said.isascii() or not ascii_only
    assert r"\u202e" in out.value(HOSTILE, here)


def test_privacy_holds_for_what_is_taken_out() -> None:
    """While names are hidden on the screen, they are hidden in the evidence, across a seam too."""
    here = look(ascii_only=False)
    here.privacy.on = True
    assert SPLIT.seam is not None
    inside = replace(SPLIT.seam, offset=12)
    found = texts(subject(look=here, findings=(replace(SPLIT, seam=inside),)))
    assert "recip" not in found["e"].split("observed")[1].split("original")[0]
    assert "192.0.2.10" not in found["a"]
    assert found["f"] == "frame.number in {12, 14}"
