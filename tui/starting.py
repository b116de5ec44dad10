"""Begins captures for the screen: what the user fills in, looked at as the command line is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dissect.commands.interfaces import short
from dissect.errors import UsageError
from dissect.source import bpf, interfaces, keylog
from dissect.source.tap import MAIL, Tap, host, interface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dissect.source.interface import Counters, Interface
    from tui.feeds import Feeds
    from tui.watching import Watching

RIGHTS: Final = {"none": "none", "sudo": "sudo -n", "doas": "doas"}
"""By privilege: how the dialog calls it.  One that asks for a password cannot be had here."""

_ANY: Final = "any"


class Form(NamedTuple):
    """What is filled in."""

    host: str = ""
    """As ``--ssh`` takes it; empty for this machine."""
    interfaces: tuple[str, ...] = ()
    bpf: str = MAIL
    privilege: str = "none"


class Place(NamedTuple):
    """An interface, in words."""

    name: str
    state: str = ""
    packets: str = ""
    bytes: str = ""
    """What passes it in a second, in and out."""
    addresses: str = ""


class Starter:
    """Begins captures, and changes what they take.

    Args:
        feeds: where they speak.
        wanted: how they are watched, and what stands in the dialog at first.
    """

    def __init__(self, feeds: Feeds, wanted: Callable[[], Watching]) -> None:
        self._feeds, self._wanted = feeds, wanted
        self._last: Form | None = None

    @property
    def form(self) -> Form:
        """As a capture was begun last.

        Raises:
            UsageError: if what is set of live captures cannot be meant.
        """
        return self._last or self._wanted().form

    @property
    def idle(self) -> bool:
        """Whether there is nothing to show."""
        return not self._feeds.begun

    async def places(self, where: str) -> list[Place]:
        """The interfaces of a host, or of this machine; takes a second.

        Raises:
            SeamarkError: if the host cannot be asked, or is none.
        """
        found = await interfaces.fetched(Tap(interface=_ANY, host=_host(where)))
        every = [Place(_ANY, addresses="all of them at once")] if found.has_any else []
        return [*map(_place, found.interfaces), *every]

    async def start(self, form: Form) -> None:
        """Begin; returns once packets may come.

        Raises:
            SeamarkError: if a field cannot be meant, or something cannot be captured.
        """
        wanted = self._wanted()
        await asyncio.to_thread(keylog.legible, wanted.settings.keylog)
        await self._feeds.start(await self._taps(form), again=wanted.again)
        self._last = form

    async def change(self, text: str) -> None:
        """Let all live sources capture something else.

        Raises:
            SeamarkError: if the filter is none, or a source cannot be opened with it.
        """
        plain = bpf.plain(text)
        await asyncio.to_thread(bpf.check, plain)
        await self._feeds.change(plain)
        self._last = self.form._replace(bpf=plain)

    async def cancel(self) -> None:
        """Do not wait for what is being begun."""
        await self._feeds.cancel()

    async def _taps(self, form: Form) -> list[Tap]:
        """Where to capture.

        Raises:
            UsageError: for what cannot be meant.
        """
        there, plain = _host(form.host), bpf.plain(form.bpf)
        if not form.interfaces:
            raise UsageError("Choose an interface.")
        # The host may have another libpcap; what is wrong everywhere is found here.
        await asyncio.to_thread(bpf.check, plain)
        how: dict[str, Any] = {
            "bpf": plain, "privilege": form.privilege, "program": self._wanted().program,
            "batch": True,
        }  # fmt: skip
        return [Tap(interface=interface(name), host=there, **how) for name in form.interfaces]


def _host(where: str) -> Any:
    return host(where.strip()) if where.strip() else None


def _place(found: Interface) -> Place:
    addresses = "addresses unknown" if found.addresses is None else ", ".join(found.addresses)
    packets, octets = _rates(found.rate)
    return Place(found.name, found.state.value, packets, octets, addresses)


def _rates(rate: Counters | None) -> tuple[str, str]:
    """Packets and bytes in a second, in and out."""
    if rate is None:
        return "?", "?"
    pairs = ((rate.packets_in, rate.packets_out), (rate.bytes_in, rate.bytes_out))
    packets, octets = (f"{short(came)} in, {short(went)} out" for came, went in pairs)
    return packets, octets


def form_of(taps: Iterable[Tap], otherwise: Form) -> Form:
    """What stands for some captures in the dialog: those of the first one's host."""
    every = list(taps)
    if not every:
        return otherwise
    same = [tap for tap in every if tap.host == every[0].host]
    return Form(
        host=str(every[0].host or ""),
        interfaces=tuple(tap.interface for tap in same),
        bpf=every[0].bpf,
        privilege=every[0].privilege if every[0].privilege in RIGHTS else "sudo",
    )
