"""The capture that is measured: made once, and used again while it is what it should be."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, NamedTuple

from generate.capture import SEED, generate, truth_path

if TYPE_CHECKING:
    from pathlib import Path


class Subject(NamedTuple):
    """A capture on disk."""

    path: Path
    packets: int
    flows: int

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size


def prepare(folder: Path, *, packets: int, flows: int) -> Subject:
    """The capture in a folder; it is made if it is missing or not whole."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"bench-{packets}-{flows}.pcap"
    if not _whole(path, packets):
        truth_path(path).unlink(missing_ok=True)
        generate(path, flows=flows, packets=packets, seed=SEED)
    return Subject(path, packets, flows)


def _whole(path: Path, packets: int) -> bool:
    """Whether the file is as long as its truth says; that is written last."""
    try:
        truth = json.loads(truth_path(path).read_text(encoding="utf-8"))
        size = path.stat().st_size
    except (FileNotFoundError, ValueError):
        return False
    told = truth.get("bytes"), truth.get("packets"), truth.get("seed")
    return bool(told == (size, packets, SEED))


def first_packets(subject: Subject, packets: int) -> Subject:
    """The first packets of a capture as a file of their own beside it."""
    path = subject.path.with_name(f"{subject.path.stem}-first-{packets}.pcap")
    count = min(packets, subject.packets)
    with subject.path.open("rb") as whole, path.open("wb") as part:
        part.write(whole.read(24))
        for _ in range(count):
            head = whole.read(16)
            part.write(head + whole.read(struct.unpack_from("<I", head, 8)[0]))
    return Subject(path, count, 0)
