"""Three network namespaces in a row: sender, middlebox, server.

The names carry the process id, so that several runs can live side by side. Only documentation
addresses are used (RFC 5737, RFC 3849), and nothing can be reached from outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.process import LabError, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SENDER, SERVER = "192.0.2.10", "192.0.2.25"
OTHER = "198.51.100.10"
"""The sender's second address, in another network: a client at another provider, so to speak."""
SENDER6, SERVER6 = "2001:db8::10", "2001:db8::25"

_counter = itertools.count()
_OFFLOADS = ("tso", "gso", "gro", "lro", "tx", "rx", "sg")


@dataclass(frozen=True)
class Network:
    """The names of one set of namespaces; the interfaces have the same names in every set."""

    sender: str
    middlebox: str
    server: str

    def inside(self, namespace: str, *command: str) -> list[str]:
        """The command line that runs a command in one of the namespaces."""
        return ["ip", "netns", "exec", namespace, *command]


@dataclass(frozen=True)
class Link:
    """A cable: an interface at each end, with the hardware addresses that captures show."""

    left: tuple[str, str]
    """Namespace and interface."""
    right: tuple[str, str]
    hardware: tuple[str, str]


@contextlib.contextmanager
def network(*, offload: bool = False, inner: Sequence[tuple[str, str]] = ()) -> Iterator[Network]:
    """Three joined namespaces, gone when the block ends.

    Args:
        offload: let the sender's interface take payloads larger than a packet.
        inner: more cables inside of the middlebox's namespace, each by the names of its two
            ends: for a path of several devices.
    """
    stem = f"seamark-{os.getpid()}-{next(_counter)}"
    net = Network(f"{stem}-c", f"{stem}-m", f"{stem}-s")
    with contextlib.ExitStack() as stack:
        for name in (net.sender, net.middlebox, net.server):
            run(["ip", "netns", "add", name])
            stack.callback(run, ["ip", "netns", "delete", name])
            run(net.inside(name, "ip", "link", "set", "lo", "up"))
        for link in _links(net, inner):
            _connect(net, link)
        _prepare(net, offload=offload)
        yield net


@contextlib.contextmanager
def cable() -> Iterator[str]:
    """A namespace with two interfaces tied to each other, where nobody else says anything.

    They are called near and far.  The namespace is gone when the block ends.
    """
    name = f"seamark-{os.getpid()}-{next(_counter)}"
    run(["ip", "netns", "add", name])
    try:
        for words in (
            ("add", "near", "type", "veth", "peer", "name", "far"),
            ("set", "lo", "up"),
            ("set", "near", "up"),
            ("set", "far", "up"),
        ):
            run(["ip", "-n", name, "link", *words])
        yield name
    finally:
        run(["ip", "netns", "delete", name])


@contextlib.contextmanager
def pair() -> Iterator[tuple[str, str]]:
    """Two namespaces with a cable between them, gone when the block ends.

    The first has ``SENDER`` and the second ``SERVER``, each on its ``eth0``.
    """
    stem = f"seamark-{os.getpid()}-{next(_counter)}"
    ends = ((f"{stem}-a", SENDER), (f"{stem}-b", SERVER))
    with contextlib.ExitStack() as stack:
        for name, _ in ends:
            run(["ip", "netns", "add", name])
            stack.callback(run, ["ip", "netns", "delete", name])
        (near, _), (far, _) = ends
        run([
            *("ip", "link", "add", "eth0", "netns", near, "type", "veth"),
            *("peer", "name", "eth0", "netns", far),
        ])  # fmt: skip
        for name, address in ends:
            run(["ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0"])
            for interface in ("lo", "eth0"):
                run(["ip", "-n", name, "link", "set", interface, "up"])
        yield near, far


@contextlib.contextmanager
def swallowed(near: str, far: str) -> Iterator[None]:
    """A path between the namespaces of ``pair`` that swallows all packets, and says nothing."""
    nobody = ("lladdr", "02:00:00:00:00:99", "nud", "permanent")
    ways = ((near, SERVER), (far, SENDER))
    for name, address in ways:
        run(["ip", "-n", name, "neigh", "replace", address, *nobody, "dev", "eth0"])
    try:
        yield
    finally:
        for name, address in ways:
            run(["ip", "-n", name, "neigh", "delete", address, "dev", "eth0"])


@contextlib.contextmanager
def within(namespace: str) -> Iterator[None]:
    """Let this thread open its sockets in a namespace; they stay there behind the block."""
    libc = ctypes.CDLL(None, use_errno=True)
    with (
        Path("/proc/thread-self/ns/net").open("rb") as before,
        Path("/run/netns", namespace).open("rb") as there,
    ):
        if libc.setns(there.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            libc.setns(before.fileno(), 0)


def _links(net: Network, inner: Sequence[tuple[str, str]]) -> list[Link]:
    box = net.middlebox
    links = [
        Link((net.sender, "eth0"), (box, "near"), ("02:00:00:00:02:10", "02:00:00:00:01:01")),
        Link((net.server, "eth0"), (box, "far"), ("02:00:00:00:02:25", "02:00:00:00:01:02")),
    ]
    for number, (left, right) in zip(itertools.count(3, 2), inner):
        hardware = (f"02:00:00:00:01:{number:02x}", f"02:00:00:00:01:{number + 1:02x}")
        links.append(Link((box, left), (box, right), hardware))
    return links


def _connect(net: Network, link: Link) -> None:
    (left, near), (right, far) = link.left, link.right
    run([
        *("ip", "link", "add", near, "address", link.hardware[0], "netns", left, "type", "veth"),
        *("peer", "name", far, "address", link.hardware[1], "netns", right),
    ])  # fmt: skip
    for namespace, interface in (link.left, link.right):
        run(net.inside(namespace, "ip", "link", "set", interface, "up"))
        _offload(net, namespace, interface, on=False)


def _offload(net: Network, namespace: str, interface: str, *, on: bool) -> None:
    """Switch segmentation and checksum offload, each by itself: not every device has them all."""
    for feature in _OFFLOADS:
        with contextlib.suppress(LabError):
            run(net.inside(namespace, "ethtool", "-K", interface, feature, "on" if on else "off"))


def _prepare(net: Network, *, offload: bool) -> None:
    for namespace, addresses in (
        (net.sender, (f"{SENDER}/24", f"{OTHER}/24", f"{SENDER6}/64")),
        (net.server, (f"{SERVER}/24", f"{SERVER6}/64")),
    ):
        for address in addresses:
            flags = ["nodad"] if ":" in address else []
            run(net.inside(namespace, "ip", "address", "add", address, "dev", "eth0", *flags))
    run(net.inside(net.server, "ip", "route", "add", f"{OTHER}/32", "dev", "eth0"))
    if offload:
        _offload(net, net.sender, "eth0", on=True)
