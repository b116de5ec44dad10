"""Where packets come from: the way there, the programs, the rights, the interfaces, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dissect.doctor.check import Check, missing, ok, warning
from dissect.doctor.control import control
from dissect.doctor.facts import facts
from dissect.doctor.rights import rights
from dissect.errors import SeamarkError, ToolError
from dissect.source.facts import Facts
from dissect.source.tap import Tap, connect

OFFLOADS: Final = {
    "generic-receive-offload": "gro",
    "large-receive-offload": "lro",
    "tcp-segmentation-offload": "tso",
    "generic-segmentation-offload": "gso",
}
"""What makes captured packets differ from those on the wire, as ``ethtool -K`` calls it."""

CAPTURE: Final = ("tcpdump", "dumpcap")

SKEW: Final = 1.0
"""Seconds by which clocks may differ before flows of two places are hard to compare."""

AWAY: Final = frozenset({"down", "notpresent", "lowerlayerdown"})


def site(tap: Tap, password: bytes = b"") -> Iterator[Check]:
    """Look at the machine of a capture, and really capture there for a moment.

    Args:
        tap: where and how.
        password: for ``sudo-ask``.
    """
    if tap.host is not None and (shared := control(tap.host)) is not None:
        yield shared
    try:
        found = facts(tap)
    except SeamarkError as error:
        yield missing("ssh" if tap.host else "shell", error)
        return
    yield from judged(found, remote=tap.host is not None)
    if tap.privilege == "none" and (granted := rights(found, tap.program)) is not None:
        yield granted
    yield _capture(tap, password)


def judged(found: Facts, *, remote: bool) -> Iterator[Check]:
    """What the facts say, without trying anything."""
    if remote:
        yield _reached(found)
    yield from _programs(found)
    if remote:
        yield _own(found)
        yield _clock(found)
    yield from _interfaces(found)


def _reached(found: Facts) -> Check:
    """We are let in, and ssh accepts the host's key."""
    shell = found.one("shell") or "an unnamed shell"
    who = f"{found.one('user')} is let in; {shell}, {found.one('system')}"
    return ok("ssh", f"the host's key is accepted, {who}")


def _programs(found: Facts) -> Iterator[Check]:
    """What can capture, and how soon it hands packets on."""
    there = [found.one(name).partition(" (Git")[0] for name in CAPTURE if found.one(name)]
    if not there:
        what = "There is neither tcpdump nor dumpcap."
        yield missing("programs", ToolError(what, "sudo apt-get install tcpdump"))
        return
    yield ok("programs", "; ".join(there))
    if found.one("tcpdump") and not found.one("immediate"):
        what = "tcpdump has no immediate mode: findings come up to a second late."
        yield warning("immediate-mode", what, "Update tcpdump to 4.6 or later.")


def _capture(tap: Tap, password: bytes) -> Check:
    """Captures, for as long as it takes to begin."""
    try:
        line = connect(tap, password)
    except SeamarkError as error:
        return missing("capture", error)
    line.close()
    how = "" if tap.privilege == "none" else f" through {tap.privilege}"
    return ok("capture", f"begins on {tap.interface}{how}")


def _own(found: Facts) -> Check:
    """Whether our ssh connection can be told from the rest."""
    if len(found.one("connection").split()) == 4:  # noqa: PLR2004 - two addresses, two ports
        return ok("own-connection", "left out of the capture")
    return warning(
        "own-connection",
        "sshd does not set SSH_CONNECTION: ssh's own packets would be captured.",
        "Leave them out by hand: -f 'tcp port 25'",
    )


def _clock(found: Facts) -> Check:
    """How far the clocks are apart, as far as that can be told."""
    bounds = found.offset()
    if bounds is None:
        return warning("clock", "It does not tell its time in seconds.", "Compare: date +%s")
    least, most = bounds
    if least <= SKEW and most >= -SKEW:
        return ok("clock", f"ahead of ours by {least:+.1f} to {most:+.1f} s, as far as can be seen")
    off = f"{least:.0f} s ahead of" if least > 0 else f"{-most:.0f} s behind"
    what = f"Its clock is at least {off} ours: times of two places do not compare."
    return warning("clock", what, "On both: sudo timedatectl set-ntp true")


def _interfaces(found: Facts) -> Iterator[Check]:
    """Those that are up, and what their hardware does to segments."""
    every = [words.partition(" ") for words in found.every("interface")]
    up = [name for name, _, state in every if state not in AWAY]
    if not up:
        yield warning("interfaces", "Their names could not be read.", "tcpdump -D")
        return
    yield ok("interfaces", f"up: {' '.join(up)}")
    wired = [name for name in up if name != "lo"]
    if wired and not found.one("ethtool"):
        what = "Without ethtool it is not known whether segments are merged or cut late."
        yield warning("offload", what, "sudo apt-get install ethtool")
        return
    for words in found.every("offload"):
        name, *on = words.split()
        if name in wired:
            yield _offload(name, [OFFLOADS[each] for each in on if each in OFFLOADS])


def _offload(name: str, on: list[str]) -> Check:
    if not on:
        return ok("offload", f"{name}: none, packets are those of the wire")
    switches = " ".join(f"{each} off" for each in on)
    return warning(
        "offload",
        f"{name}: {', '.join(on)} on, packet boundaries may not be those of the wire.",
        f"For as long as you look: sudo ethtool -K {name} {switches}",
    )
