"""Captures that are read while they are written: one that grows, and the rings of two programs."""

from __future__ import annotations

import asyncio
import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.errors import CaptureError, UsageError
from dissect.source.follow import Following, Time
from dissect.source.parts import After
from dissect.source.ring import Ring

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEAD: Final = b"\xd4\xc3\xb2\xa1" + bytes(20)
PIECE: Final = 1 << 16
LOOKS: Final = 10
"""Looks without a byte after which all is read that there is, and the next file was looked for."""

SECOND: Final = 1_000_000_000

Part = tuple[bytes, After]


def packet(number: int) -> bytes:
    """A record of a pcap that is like no other."""
    return number.to_bytes(4, "little") + bytes(4) + b"\4\0\0\0" * 2 + number.to_bytes(4, "big")


def write(path: Path, *numbers: int, at: int, mode: str = "wb") -> None:
    """Write packets, as of some second."""
    with path.open(mode) as file:
        file.write((HEAD if mode == "wb" else b"") + b"".join(map(packet, numbers)))
    os.utime(path, ns=(at * SECOND, at * SECOND))


class Steps(Time):
    """A clock that goes on while the reader sleeps, and does something whenever it found nothing.

    Args:
        steps: done one by one; behind the last one it is over.
        looks: of the reader between two of them.
    """

    def __init__(self, steps: Sequence[Callable[[], None]], looks: int) -> None:
        self.passed = 0.0
        self._steps = [step for one in steps for step in (*[lambda: None] * looks, one)]
        self._steps += [lambda: None] * looks

    def now(self) -> float:
        """What has been slept."""
        return self.passed

    async def sleep(self, seconds: float, over: asyncio.Event) -> None:
        """The next step."""
        self.passed += seconds
        if self._steps:
            self._steps.pop(0)()
        else:
            over.set()


def followed(path: Path, *steps: Callable[[], None]) -> list[Part]:
    """What is read, part by part, where each step is done once all before it was read."""

    async def read() -> list[Part]:
        following = Following(str(path), Steps(steps, LOOKS))
        parts: list[Part] = []
        data = b""
        while not parts or parts[-1][1] is not After.NOTHING:
            while piece := await following.read(PIECE):
                data += piece
            parts.append((data, await following.after()))
            data = b""
        await following.close()
        return parts

    return asyncio.run(read())


def content(*numbers: int) -> bytes:
    """A whole file."""
    return HEAD + b"".join(map(packet, numbers))


def test_a_file_that_grows_is_one_part(tmp_path: Path) -> None:
    """What was there comes first, then what is written, as long as somebody reads."""
    path = tmp_path / "mail.pcap"
    write(path, 1, at=10)
    grow = [lambda n=n: write(path, n, at=10 + n, mode="ab") for n in (2, 3)]
    assert followed(path, *grow) == [(content(1, 2, 3), After.NOTHING)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=4))
def test_it_may_be_written_in_any_pieces(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    """A packet that is written by halves, or a header, comes whole in the end."""
    path, whole = tmp_path_factory.mktemp("pieces") / "mail.pcap", content(1, 2)
    edges = sorted({0, *cuts, len(whole)})
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    path.write_bytes(pieces[0])

    def more(piece: bytes) -> Callable[[], None]:
        def step() -> None:
            with path.open("ab") as file:
                file.write(piece)

        return step

    assert followed(path, *map(more, pieces[1:])) == [(whole, After.NOTHING)]


def test_tcpdumps_files_follow_each_other(tmp_path: Path) -> None:
    """The first has no number; the rest of one is read before the next."""
    one, two = tmp_path / "mail.pcap", tmp_path / "mail.pcap1"
    write(one, 1, at=10)

    def turn() -> None:
        write(one, 2, at=11, mode="ab")
        write(two, 3, at=12)

    assert followed(one, turn) == [(content(1, 2), After.NEXT), (content(3), After.NOTHING)]


def test_a_ring_begins_with_the_oldest_and_goes_round(tmp_path: Path) -> None:
    """Tcpdump -W writes over the oldest file, under the same name and in the same inode."""
    for number, at in ((0, 14), (1, 12), (2, 13)):
        write(tmp_path / f"ring{number}", number, at=at)
    found = followed(tmp_path / "ring", lambda: write(tmp_path / "ring1", 7, at=15))
    assert found == [
        (content(1), After.NEXT),
        (content(2), After.NEXT),
        (content(0), After.NEXT),
        (content(7), After.NOTHING),
    ]


def test_dumpcaps_files_follow_each_other_and_go(tmp_path: Path) -> None:
    """A file that is deleted while it is read is read to its end."""
    names = [f"mail_0000{n}_2026112810000{n}.pcapng" for n in (1, 2, 3)]
    first, second, third = (tmp_path / name for name in names)
    write(first, 1, at=10)

    def turn() -> None:
        write(first, 2, at=11, mode="ab")
        write(second, 3, at=12)
        first.unlink()

    found = followed(tmp_path / "mail.pcapng", turn, lambda: write(third, 4, at=13))
    assert found == [
        (content(1, 2), After.NEXT),
        (content(3), After.NEXT),
        (content(4), After.NOTHING),
    ]


def test_a_ring_that_is_faster_leaves_a_gap(tmp_path: Path) -> None:
    """Files that went before they were read are missed, and that is told."""
    write(tmp_path / "ring0", 0, at=10)

    def turn() -> None:
        write(tmp_path / "ring2", 2, at=12)
        write(tmp_path / "ring3", 3, at=13)

    found = followed(tmp_path / "ring0", turn)
    assert found == [
        (content(0), After.CUT), (content(2), After.NEXT), (content(3), After.NOTHING),
    ]  # fmt: skip


def test_a_ring_that_laps_the_reader_leaves_a_gap(tmp_path: Path) -> None:
    """The file that was being read holds something else all of a sudden."""
    for number in (0, 1):
        write(tmp_path / f"ring{number}", number, at=10 + number)

    def turn() -> None:
        write(tmp_path / "ring0", 2, at=12)
        write(tmp_path / "ring1", 3, at=13)

    found = followed(tmp_path / "ring", turn)
    assert found == [
        (content(0), After.NEXT),
        (content(1), After.CUT),
        (content(2), After.NEXT),
        (content(3), After.NOTHING),
    ]


def test_a_file_that_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    """It became shorter, or is another one under the same name."""
    path = tmp_path / "mail.pcap"
    write(path, 1, 2, 3, at=10)

    def replaced() -> None:
        other = tmp_path / "other"
        write(other, 5, at=12)
        other.replace(path)

    found = followed(path, lambda: write(path, 4, at=11), replaced)
    assert found[0] == (content(1, 2, 3), After.CUT)
    assert [data for data, _ in found[1:]] == [content(4), content(5)]


def test_what_is_no_capture_is_left_out(tmp_path: Path) -> None:
    """Compressed files of the ring, and other files in its directory."""
    write(tmp_path / "mail-a.pcap", 1, at=10)
    (tmp_path / "mail-b.pcap.gz").write_bytes(b"\x1f\x8b\x08\0")
    (tmp_path / "README").write_text("nothing")
    write(tmp_path / "mail-c.pcap", 2, at=30)
    whole = [(content(1), After.NEXT), (content(2), After.NOTHING)]
    assert followed(tmp_path / "mail-") == whole
    assert followed(tmp_path) == whole


def test_other_rings_in_the_directory_are_left_alone(tmp_path: Path) -> None:
    """A name says which files belong to it."""
    for name in ("web_00001_20261128100000.pcap", "mail_00002_20261128100001.pcap", "mail.pcap1"):
        write(tmp_path / name, 1, at=10)
    write(tmp_path / "mail_00001_20261128100000.pcap", 1, at=9)
    ring = Ring(str(tmp_path / "mail_00001_20261128100000.pcap"))
    assert [member.number for member in ring.members()] == [1, 2]


def test_it_sleeps_where_nothing_is_written(tmp_path: Path) -> None:
    """A second of waiting costs next to no time of the processor, and stop ends it at once."""
    write(tmp_path / "mail.pcap", 1, at=10)

    async def wait() -> bytes:
        following = Following(str(tmp_path / "mail.pcap"))
        await following.read(PIECE)
        asyncio.get_running_loop().call_later(1.0, following.stop)
        return await following.read(PIECE)

    before = os.times()
    assert asyncio.run(wait()) == b""
    after = os.times()
    assert after.user + after.system - before.user - before.system < 0.5


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("nothing", CaptureError, "there is no such file"),
        ("none/nothing", CaptureError, "no such directory"),
        ("packed.pcap", UsageError, "cannot be followed"),
        ("pipe", UsageError, "no regular file"),
    ],
)
def test_what_cannot_be_followed_is_told(
    tmp_path: Path, name: str, kind: type[Exception], said: str
) -> None:
    """With what to do."""
    (tmp_path / "packed.pcap").write_bytes(b"\x1f\x8b\x08\0")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(kind, match=said):
        Following(str(tmp_path / name))
