"""Evidence is written beside the watch: in order, bounded, and whole at the end."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

import pytest
from live.test_evidence import FOUNDING, PACKET, Told, names, summary

from dissect.analysis.model import FlowDetail
from dissect.live import Evidence, Keeping, Memory, writer
from dissect.live.keep import Contents
from dissect.live.writer import TOO_SLOW, Writer
from dissect.source.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE: Final = 1 << 20


class Disk:
    """A folder that writes when it is let, and remembers in which thread and order."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = threading.Event()
        self.begun = threading.Event()
        self.order: list[str] = []
        self.threads: set[int] = set()
        self.writer = Writer(Folder(folder, 1 << 30, 1_000), "there", time.monotonic)
        write = Folder.write

        def slow(real: Folder, name: str, data: bytes) -> str:
            self.begun.set()
            assert self.free.wait(30)
            self.order.append(name)
            self.threads.add(threading.get_ident())
            return write(real, name, data)

        monkeypatch.setattr(Folder, "write", slow)

    def put(self, *numbers: int, size: int = SIZE) -> None:
        """Let flows be written."""
        for number in numbers:
            self.writer.put(f"{number}.pcapng", Contents("lo", (PACKET,), 0, size))


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """One that writes nothing yet."""
    found = Disk(tmp_path, monkeypatch)
    yield found
    found.free.set()
    found.writer.close()


def test_nobody_waits_for_a_disk(disk: Disk) -> None:
    """Flows are taken while none can be written; later they are, in their order, elsewhere."""
    disk.put(*range(20))
    assert disk.begun.wait(30)
    assert (disk.writer.written, disk.order) == (0, [])
    disk.free.set()
    disk.writer.settle()
    assert disk.order == [f"{number}.pcapng" for number in range(20)]
    assert disk.writer.written == 20
    assert disk.threads.isdisjoint({threading.get_ident()})


def test_a_burst_waits_for_room(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than may wait is not lost, as long as the disk gets on."""
    monkeypatch.setattr(writer, "WAITING", 2 * SIZE)
    threading.Timer(0.2, disk.free.set).start()
    disk.put(*range(10))
    disk.writer.settle()
    assert (disk.writer.written, disk.writer.refused) == (10, 0)


def test_one_flow_may_be_larger_than_all_that_may_wait(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits alone."""
    monkeypatch.setattr(writer, "WAITING", SIZE // 2)
    disk.free.set()
    disk.put(0, 1)
    disk.writer.settle()
    assert disk.writer.written == 2


def test_a_disk_that_does_not_answer(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for once, told once, and what cannot wait is counted; then it comes back."""
    monkeypatch.setattr(writer, "WAITING", 2 * SIZE)
    monkeypatch.setattr(writer, "PATIENCE", 0.05)
    disk.put(0, 1, 2, 3)
    assert disk.writer.refused == 2
    (told,) = disk.writer.news()
    assert TOO_SLOW in told
    disk.free.set()
    disk.writer.settle()
    assert disk.writer.news() == ["Packets are kept again; 2 flows not kept so far"]
    disk.put(4)
    disk.writer.settle()
    assert disk.order == ["0.pcapng", "1.pcapng", "4.pcapng"]


def test_the_end_does_not_wait_for_ever(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not written by then is counted once, however often the end is asked for."""
    monkeypatch.setattr(writer, "LAST", 0.05)
    disk.put(0, 1, 2)
    disk.writer.settle()
    disk.writer.settle()
    assert (disk.writer.written, disk.writer.refused, disk.writer.why) == (0, 3, TOO_SLOW)


def test_a_fault_is_not_silent(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong in the thread for no reason of the disk's ends the watch, as it did here."""

    def wrong(_: Contents) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(Contents, "pcapng", wrong)
    disk.put(0)
    with pytest.raises(ZeroDivisionError):
        disk.writer.settle()
    with pytest.raises(ZeroDivisionError):
        disk.put(1)


def test_findings_go_on_while_a_disk_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listener behind is told of the next flow before the first is on the disk."""
    told: Any = Told()
    passed: list[int] = []
    told.flow = lambda detail: passed.append(detail.summary.flow)
    disk = Disk(tmp_path / "other", monkeypatch)
    memory = Memory()
    monkeypatch.setattr(memory, "contents", lambda _: Contents("lo", (PACKET,), 0, SIZE))
    evidence = Evidence(told, memory, Keeping(folder=str(tmp_path / "kept"), which="all"))
    for flow in range(3):
        evidence.flow(FlowDetail(summary=summary(flow), rows=(), findings=()))
    assert disk.begun.wait(30)
    assert (passed, names(tmp_path / "kept")) == ([0, 1, 2], [])
    disk.free.set()
    evidence.settle()
    evidence.close()
    assert len(names(tmp_path / "kept")) == evidence.written == 3
    for path in (tmp_path / "kept").iterdir():
        assert FOUNDING.read_bytes()[40:98] in path.read_bytes()
