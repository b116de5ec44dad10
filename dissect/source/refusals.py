"""Why a live capture did not begin, from what ssh, sudo and the capturing program said.

All of them fail alike seen from outside: an exit code, no packet, and a sentence on stderr.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Protocol

from dissect.errors import CaptureError, SeamarkError, ToolError, UsageError
from dissect.escape import visible
from dissect.source import bpf

PROGRAMS: Final = ("tcpdump", "dumpcap")
"""What captures: the first that is there."""

PACKAGES: Final = {"dumpcap": "wireshark-common"}
"""Where a program has another name."""

PROGRAM: Final = re.compile(r"^seamark: program (tcpdump|dumpcap)\n", re.MULTILINE)
"""What the script of a capture says that it has chosen."""

LAST: Final = 5
"""Lines of what was said that are shown where nobody knows better."""


class Where(Protocol):
    """The place of a capture."""

    @property
    def interface(self) -> str:
        """The interface's name."""
        ...

    @property
    def host(self) -> object | None:
        """The remote host; None for this machine."""
        ...

    @property
    def program(self) -> str:
        """What was to capture; empty for any."""
        ...

    @property
    def bpf(self) -> str:
        """The capture filter."""
        ...


class Refusal(NamedTuple):
    """A reason: words that tell of it, and how it is said.

    ``{on}`` is the host or this machine, ``{program}`` what was to capture there.
    """

    part: str
    kind: type[SeamarkError]
    what: str
    remedy: str
    passing: bool = False
    """Whether it may be gone a little later: a network that is down, a host that starts."""


REFUSALS: Final = (
    Refusal(
        "REMOTE HOST IDENTIFICATION HAS CHANGED", CaptureError,
        "The key of {on} is another one than ssh knows: somebody may be in between.",
        "Ask whoever runs it. If the change was meant: ssh-keygen -R {host}",
    ),
    Refusal(
        "Host key verification failed", CaptureError, "ssh does not know the key of {on}.",
        "Connect once by hand and compare the fingerprint: ssh {host}",
    ),
    Refusal(
        "Could not resolve hostname", UsageError, "There is no host called {host}.",
        "Check the name; ssh looks into ~/.ssh/config, too.", passing=True,
    ),
    Refusal(
        "Permission denied (", CaptureError, "{on} lets nobody in with these keys.",
        "Try by hand: ssh {host}; a password it can only be given in seamark live --ssh {host}, "
        "without --batch.",
    ),
    Refusal(
        "Connection refused", CaptureError, "{on} has no ssh server on that port.",
        "Name the port: --ssh HOST:PORT", passing=True,
    ),
    Refusal(
        "timed out", CaptureError, "{on} does not answer.", "Is it up, and is the way to it free?",
        passing=True,
    ),
    Refusal(
        "No route to host", CaptureError, "There is no way to {on}.", "Is the network up?",
        passing=True,
    ),
    Refusal(
        "a password is required", CaptureError, "sudo on {on} wants a password.",
        "Let it ask with --privilege sudo-ask, or allow {program} in sudoers with NOPASSWD.",
    ),
    Refusal(
        "incorrect password", CaptureError, "sudo on {on} does not take that password.",
        "Try again.",
    ),
    Refusal(
        "no password was provided", CaptureError, "sudo on {on} got no password.", "Try again."
    ),
    Refusal(
        "not in the sudoers", CaptureError, "This user may not use sudo on {on}.",
        "Ask for a line in sudoers that allows {program}.",
    ),
    Refusal(
        "not allowed to", CaptureError, "sudo on {on} does not allow {program} to this user.",
        "Ask for a line in sudoers that allows {program}.",
    ),
    Refusal(
        "Operation not permitted", CaptureError, "This user may not capture on {on}.",
        "{grant}",
    ),
    Refusal(
        "permission to capture", CaptureError, "This user may not capture on {on}.", "{grant}"
    ),
    Refusal(
        "No such device", UsageError, "{on} has no interface {interface}.",
        "ip -br link lists them.", passing=True,
    ),
    Refusal(
        "no device named", UsageError, "{on} has no interface {interface}.",
        "ip -br link lists them.", passing=True,
    ),
    Refusal(
        "not up", CaptureError, "The interface {interface} of {on} is down.",
        "ip link set {interface} up", passing=True,
    ),
    Refusal(
        "is missing", ToolError, "There is {none} on {on}.",
        "Install it: apt-get install {package}",
    ),
    Refusal(
        "not found", ToolError, "A program is missing on {on}.", "Install it.",
    ),
)  # fmt: skip
"""The first whose words were said is the reason."""

GRANT_HERE: Final = (
    "Run it with sudo, or grant it: "
    'sudo setcap cap_net_raw,cap_net_admin=eip "$(command -v {program})"'
)
GRANT_THERE: Final = "Use --privilege sudo (or sudo-ask, doas), or log in as root."


def refusal(where: Where, code: int, said: str) -> SeamarkError:
    """Why a capture did not begin.

    Args:
        where: the place of the capture.
        code: how the program ended, or ssh did.
        said: all that was said on standard error.
    """
    if words := bpf.fault(said):
        filtered = bpf.refusal(where.bpf, words)
        filtered.passing = words.startswith("unknown host")  # the DNS may be away
        return filtered
    named = PROGRAM.search(said)
    program = where.program or (named[1] if named else PROGRAMS[0])
    said = PROGRAM.sub("", said)
    remote = where.host is not None
    host = visible(str(where.host)) if remote else ""
    terms = {
        "host": host,
        "on": host if remote else "this machine",
        "interface": visible(where.interface),
        "grant": (GRANT_THERE if remote else GRANT_HERE).format(program=program),
        "program": program,
        "none": f"no {where.program}" if where.program else "neither tcpdump nor dumpcap",
        "package": PACKAGES.get(where.program, where.program or PROGRAMS[0]),
    }
    shown = "\n  ".join(visible(line.strip()) for line in said.splitlines()[-LAST:] if line.strip())
    known = next((each for each in REFUSALS if each.part.lower() in said.lower()), None)
    if known is None:
        what = f"Capturing on {terms['on']} ended with exit code {code}."
        unknown = CaptureError(what, shown or "Nothing was said about it.")
        unknown.passing = True
        return unknown
    what, remedy = (words.format(**terms) for words in (known.what, known.remedy))
    what = what.replace("this machine", "This machine", 1) if what.startswith("this") else what
    found = known.kind(what, f"{remedy}\n  {shown}" if shown else remedy)
    found.passing = known.passing
    return found
