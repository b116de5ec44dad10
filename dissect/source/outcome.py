"""How the reading of a capture ended, from tshark's exit code and its whole stderr.

pyshark shows most failures as "0 packets, no exception"; here each has its own words.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Final, Literal

from dissect.escape import visible

Status = Literal["complete", "truncated", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a reading."""

    status: Status
    packets: int
    """Frames that tshark gave, of any protocol."""
    what: str = ""
    """What went wrong, one sentence; empty when complete."""
    remedy: str = ""


FORMATS: Final = (
    "pcap and pcapng are read, plain or compressed (gzip; zstd and lz4 where tshark can)."
)

NOTHING: Final = "this is not a capture file, or it is cut short before its first packet"
"""tshark 4.6 calls bytes of any kind on its standard input cut short."""

KNOWN: Final[tuple[tuple[str, Status, str, str], ...]] = (
    (
        "cut short in the middle of a packet",
        "truncated",
        "the capture is cut short in the middle of a packet",
        "What came before is shown. Stop tcpdump with SIGINT or SIGTERM, and copy the whole file.",
    ),
    (
        "isn't a capture file",
        "failed",
        "this is not a capture file that tshark understands",
        FORMATS,
    ),
    (
        "damaged or corrupt",
        "truncated",
        "the capture is damaged",
        "What came before the damage is shown; pcapfix or editcap may save more.",
    ),
    (
        "too large",
        "truncated",
        "the capture is damaged: a packet claims to be too large",
        "What came before the damage is shown.",
    ),
    (
        "permission",
        "failed",
        "tshark may not read the capture",
        "Some systems confine tshark (AppArmor, snap): copy the file to a folder that it may read.",
    ),
    (
        "zstd",
        "failed",
        "this tshark cannot read zstd",
        "Decompress it first: zstd -d",
    ),
)
"""A part of tshark's message, what it means, and what to do."""

NOISE: Final = ("Running as user", "This could be dangerous")
"""Lines on stderr that say nothing about the capture."""


def talk(stderr: bytes) -> list[str]:
    """The lines that tshark said on standard error, without those about nothing."""
    return [
        line
        for line in stderr.decode(errors="replace").splitlines()
        if line.strip() and not any(noise in line for noise in NOISE)
    ]


def judge(code: int, stderr: bytes, packets: int, *, filtered: bool = False) -> Outcome:
    """The outcome of a tshark that ended by itself.

    Args:
        code: its exit code; negative for a signal.
        stderr: all that it said, in any encoding.
        packets: frames that came out of it.
        filtered: whether a display filter has chosen them.
    """
    said = visible(" ".join(line.strip() for line in talk(stderr))[-600:])
    if code == 0:
        return _ended(packets, filtered=filtered)
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        return Outcome(
            "failed", packets, f"tshark was killed ({name})", "Is memory short? See dmesg."
        )
    for part, status, what, remedy in KNOWN:
        if part in said.lower() or part in said:
            if status == "truncated" and not packets:
                return Outcome("failed", 0, NOTHING, FORMATS)
            return Outcome("failed" if not packets else status, packets, what, remedy)
    return Outcome("failed", packets, f"tshark ended with exit code {code}: {said or 'no message'}")


def _ended(packets: int, *, filtered: bool) -> Outcome:
    """A clean end, which is a failure too where there was nothing to read."""
    if packets:
        return Outcome("complete", packets)
    if filtered:
        return Outcome(
            "failed", 0, "the display filter passes no packet of it",
            "Read it without the filter, or choose by address: ip.addr == 192.0.2.10",
        )  # fmt: skip
    return Outcome(
        "failed", 0, "the capture holds no packets",
        "Was the capture filter right, and was the capture stopped too early?",
    )  # fmt: skip
