"""Hostile traffic on every screen: nothing reaches a strip that steers, and nothing crashes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tui_fakes import HOSTILE, clients, hostile, plain, progress, update, verdict
from tui_pilot import Driver, running
from tui_wire import Wire

from dissect.analysis.frame import BodyLine, Message, Packet, WireFacts
from dissect.analysis.model import Status, Update

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail, FlowSummary, Row

_WORDS = HOSTILE.decode("utf-8", "surrogateescape")


class HostileWire(Wire):
    """tshark prints packet text too."""

    async def facts(self, flow: FlowSummary, frames: tuple[int, ...]) -> dict[int, WireFacts]:
        """Escape sequences in the columns and the options."""
        found = await super().facts(flow, frames)
        said: dict[str, Any] = {"info": _WORDS, "protocol": _WORDS, "options": (_WORDS,)}
        return {frame: facts._replace(**said) for frame, facts in found.items()}

    async def packet(self, detail: FlowDetail, frame: int) -> Packet:
        """Escape sequences in the tree and in the bytes."""
        found = await super().packet(detail, frame)
        tree = tuple(node._replace(text=f"{node.text} {_WORDS}") for node in found.nodes)
        return found._replace(nodes=tree, data=found.data + HOSTILE)

    async def message(self, detail: FlowDetail, row: Row) -> Message:
        """Escape sequences in headers and in the body."""
        del detail
        lines = (HOSTILE, b"Subject: " + HOSTILE, b"", b"." + HOSTILE * 50)
        return Message(tuple(BodyLine(row.offset, line, b"\n", (), True) for line in lines))  # noqa: FBT003


def _assert_safe(seen: Driver) -> None:
    for strip in seen.strips:
        for segment in strip:
            assert segment.text.isprintable(), ascii(segment.text)
            assert not segment.control
            assert segment.style is None or not segment.style.link
            assert segment.style is None or "@click" not in segment.style.meta


def _updates() -> tuple[Update, ...]:
    told = type(verdict())(
        **{
            **{name: getattr(verdict(), name) for name in verdict().__slots__},
            "title": _WORDS,
            "message": _WORDS,
            "client": _WORDS,
            "remedy": (_WORDS,),
        }
    )
    flows = [hostile(0), plain(1, _WORDS, _WORDS)]
    failed = progress(Status.FAILED, error=f"{_WORDS}\n{_WORDS}", warnings=(_WORDS,))
    peers = tuple(
        replace(
            each, client=_WORDS + each.client,
            retries=tuple(retry._replace(reverse_path=_WORDS) for retry in each.retries),
        )
        for each in clients()
    )  # fmt: skip
    first = update(flows, Status.LOADING, verdicts=(told,), peers=peers)
    return first, Update(progress=failed)


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("size", [(80, 24), (160, 45), (20, 6)])
async def test_no_screen_lets_a_control_character_through(
    size: tuple[int, int],
    ascii_only: bool,  # noqa: FBT001
) -> None:
    """Escape sequences, OSC 52, markup, bidi and a megabyte line: words on the screen, no more."""
    options: dict[str, Any] = {"ascii_only": ascii_only, "wireshark": HostileWire()}
    async with running(*_updates(), size=size, **options) as seen:
        _assert_safe(seen)
        assert size[0] < 80 or "The reading stopped" in seen.text
        for keys in (
            ("enter",), ("n",), ("enter",), ("n", "right", "right"), ("enter",), ("pagedown",),
            ("v",), ("n",), ("b",), ("b",), ("end",), ("enter",), ("f",), ("right",), ("o", "end"),
            ("q",), ("c",), ("n", "right"), ("q",), ("y",), ("escape",), ("P",), ("q",),
            ("q", "slash", "f", "o", "enter"), ("escape", "b"), ("x",), ("V",), ("escape",),
        ):  # fmt: skip
            await seen.press(*keys)
            _assert_safe(seen)
            assert seen.app._exception is None


async def test_a_title_is_sanitised() -> None:
    """The capture's name is a file's name, and a file can be called anything."""
    async with running(Update(progress=progress(Status.LIVE))) as seen:
        for name, end in ((f"evil{_WORDS}.pcap", r"\xff\xfe"), ("evilRSET [/foo]", "[/foo]")):
            seen.feed.more(Update(progress=progress(Status.LIVE, capture=name)))
            await seen.until(end)  # the end of a long name stays
            _assert_safe(seen)
        assert "evilRSET [/foo]" in seen.text
