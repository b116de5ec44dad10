"""Evidence on disk: what is kept, how it is called, that it never outgrows its bounds."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live.seamark_live import ROOT, Live, until_none
from live.talk import mail_server, talk
from terminal.pty_terminal import PtyTerminal, home

from dissect.analysis.model import FlowDetail, FlowSummary
from dissect.detect.finding import Severity
from dissect.errors import CaptureError
from dissect.evidence import Endpoint
from dissect.live import Evidence, Keeping, Memory
from dissect.live.evidence import file_name
from dissect.live.keep import Contents
from dissect.live.writer import RETRY
from dissect.source.folder import OURS, Folder, TooLargeError
from dissect.source.pcapng import Packet

if TYPE_CHECKING:
    from collections.abc import Iterator

FOUNDING: Final = ROOT / "captures" / "founding-behind.pcap"
SERVER: Final = ROOT / "captures" / "founding-server.pcap"
"""Three of its nine flows are clean."""
ECHO: Final = ROOT / "captures" / "echo-before.pcap"
"""One flow is critical, one is high."""
PACKET: Final = Packet(FOUNDING.read_bytes()[:24], FOUNDING.read_bytes()[24:98])
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
only_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount and capture"
)


def summary(flow: int = 0, **words: Any) -> FlowSummary:
    """A flow."""
    said: dict[str, Any] = {
        "client": Endpoint("192.0.2.1", 40000 + flow), "server": Endpoint("2001:db8::1", 25),
        "capture": "lo", "start": 1_700_000_000.5 + flow, "end": 0.0, **words,
    }  # fmt: skip
    return FlowSummary(flow=flow, tcp_stream=flow, **said)


def names(folder: Path) -> list[str]:
    """The files there."""
    return sorted(path.name for path in folder.iterdir())


def test_a_name_tells_when_between_whom_and_where() -> None:
    """It sorts by time, and no part of it can be taken for another."""
    assert file_name(summary(capture="root@mx:eth0")) == (
        "seamark_20231114T221320.500000Z_192.0.2.1-40000_2001-db8-1-25_root-mx-eth0.pcapng"
    )


@given(st.text(), st.text(), st.floats())
def test_a_name_is_always_safe(address: str, capture: str, start: float) -> None:
    """Whatever stands in a capture, it is one word of plain letters, and known as ours."""
    name = file_name(summary(client=Endpoint(address, 1), capture=capture, start=start))
    assert OURS.fullmatch(name)
    assert len(name) < 255
    assert ".." not in name


def test_files_are_private_and_the_oldest_go(tmp_path: Path) -> None:
    """Neither number nor size is ever exceeded, and what is not ours is left alone."""
    place = tmp_path / "new" / "kept"
    place.parent.mkdir()
    by_number = Folder(place, 1 << 20, 3)
    (place / "mine.pcapng").write_bytes(bytes(5_000_000))
    written = [by_number.write(file_name(summary(flow)), bytes(100)) for flow in range(5)]
    assert names(place) == sorted(["mine.pcapng", *written[2:]])
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE((place / name).stat().st_mode) for name in written[2:]} == {0o600}
    by_size = Folder(place, 450, 1_000)
    last = by_size.write(file_name(summary(9)), bytes(200))
    assert names(place) == sorted(["mine.pcapng", *written[3:], last])
    with pytest.raises(TooLargeError):
        by_size.write(file_name(summary(10)), bytes(451))
    assert len(names(place)) == 4


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    """Nothing is overwritten, and no link is followed."""
    folder = Folder(tmp_path, 1 << 20, 100)
    name = file_name(summary())
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    second, third = folder.write(name, b"2"), folder.write(name, b"3")
    assert (tmp_path / second).read_bytes() == b"2"
    assert (tmp_path / third).read_bytes() == b"3"
    assert OURS.fullmatch(second)
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A file in its place is an error that names it."""
    (tmp_path / "file").touch()
    with pytest.raises(CaptureError, match="cannot be kept in"):
        Folder(tmp_path / "file", 1, 1)


class Told:
    """A listener that remembers notices."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, words: str) -> None:
        """Remember it."""
        self.notices.append(words)

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


def test_a_disk_that_fails_is_told_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In between flows are counted; when it works again, that is told too."""
    now, broken, told = [100.0], [True], Told()
    write = Folder.write

    def failing(folder: Folder, name: str, data: bytes) -> str:
        if broken[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(folder, name, data)

    monkeypatch.setattr(Folder, "write", failing)
    keeping = Keeping(folder=str(tmp_path), which="all")
    memory = Memory()
    monkeypatch.setattr(memory, "contents", lambda _: Contents("lo", (PACKET,), 0, 1))
    listener: Any = told
    evidence = Evidence(listener, memory, keeping, lambda: now[0])

    def ends(flow: int) -> None:
        evidence.flow(FlowDetail(summary=summary(flow), rows=(), findings=()))
        evidence.settle()

    for flow in range(3):
        ends(flow)
    assert (evidence.refused, len(told.notices)) == (3, 1)
    assert "No space left on device" in told.notices[0]
    now[0] += RETRY + 1
    ends(3)
    assert (evidence.refused, len(told.notices)) == (4, 1)
    broken[0] = False
    ends(4)
    assert evidence.refused == 5
    now[0] += RETRY + 1
    ends(5)
    assert (evidence.written, evidence.refused) == (1, 5)
    assert told.notices[1:] == ["Packets are kept again; 5 flows not kept so far"]
    assert len(names(tmp_path)) == 1


def test_what_is_kept_crosses_to_another_process() -> None:
    """As JSON and back."""
    keeping = Keeping(folder="/x", which="all", severity=Severity.HIGH, size=5, files=6)
    assert Keeping.read(json.loads(json.dumps(keeping.written()))) == keeping


def watched(path: Path, *words: str) -> tuple[int, list[str]]:
    """The exit code, and what was said, of a live capture that reads a file."""
    with path.open("rb") as stdin, Live("-", *words, stdin=stdin) as run:
        code = run.wait()
        assert run.errors() == ""
        return code, run.lines


@needs_tshark
@pytest.mark.tshark
@pytest.mark.parametrize(
    ("capture", "words", "files"),
    [
        (SERVER, (), 6),
        (SERVER, ("--keep", "all"), 9),
        (SERVER, ("--keep", "none"), 0),
        (ECHO, (), 2),
        (ECHO, ("--keep-severity", "critical"), 1),
    ],
)
def test_damaged_flows_are_kept(
    tmp_path: Path, capture: Path, words: tuple[str, ...], files: int
) -> None:
    """Those with a finding that is severe enough; their number is told."""
    place = tmp_path / "kept"
    code, lines = watched(capture, "--keep-dir", str(place), *words)
    assert code == 1
    assert len(list(place.glob("*"))) == files
    assert (f"# {files} flow{'s' * (files != 1)} kept in {place}" in lines) is bool(files)


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    """A file system of its own that is soon full."""
    place.mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)), check=True)
    try:
        yield
    finally:
        subprocess.run(("umount", str(place)), check=True)


@needs_tshark
@pytest.mark.tshark
@only_root
def test_a_full_disk_ends_the_writing_and_not_the_watch(tmp_path: Path) -> None:
    """All findings are there, what fits is whole, what does not is counted and told once."""
    place = tmp_path / "small"
    with small_disk(place, "12k"):
        code, lines = watched(FOUNDING, "--keep-dir", str(place), "--format", "jsonl")
        kept = [path.read_bytes() for path in place.glob("*")]
    objects = [json.loads(line) for line in lines]
    told = [each["message"] for each in objects if each["type"] == "notice"]
    assert code == 1
    assert len([each for each in objects if each["type"] == "flow"]) == 9
    assert len(kept) == int(told[-1].split()[0]) in range(1, 9)
    assert all(data.startswith(b"\x0a\x0d\x0d\x0a") for data in kept)
    assert sum("No space left on device" in words for words in told) == 1
    (warning,) = objects[-1]["warnings"]
    assert warning.startswith(f"{9 - len(kept)} flow")
    assert "not kept" in warning


@needs_tshark
@pytest.mark.tshark
@only_root
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_writes_what_is_open(tmp_path: Path, number: signal.Signals) -> None:
    """A flow that goes on when the watch ends is kept with what was seen of it."""
    with mail_server() as port:
        where = ("-i", "lo", "-f", f"tcp port {port}", "--port", str(port))
        with Live(*where, "--keep-dir", str(tmp_path / "kept")) as run:
            run.until_said("# lo: connected")
            talk(port)
            run.until_said("split-masked-verb")
            assert run.end(number) == 1
            assert "Traceback" not in run.errors()
        assert until_none(port) == []
    (name,) = names(tmp_path / "kept")
    assert f"127.0.0.1-{port}_lo" in name
    scan = (
        sys.executable,
        "-P",
        "-m",
        "tui",
        "scan",
        "--port",
        str(port),
        tmp_path / "kept" / name,
    )
    done = subprocess.run(scan, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "split-masked-verb" in done.stdout


@needs_tshark
@pytest.mark.tshark
def test_a_closed_pipe_is_quiet() -> None:
    """``seamark live | head -1`` ends without a word, as SIGPIPE would end it."""
    words = f"{sys.executable} -P -m tui live - <{FOUNDING} | head -1; echo $PIPESTATUS"
    done = subprocess.run(
        ("bash", "-c", words), cwd=ROOT, capture_output=True, text=True, check=False
    )
    line, code = done.stdout.splitlines()
    assert line.startswith(("# -:", "2"))
    assert (code, done.stderr) == ("141", "")


def test_a_place_is_needed() -> None:
    """``--keep`` without one is refused; sizes are checked."""
    for words, said in (
        (("--keep", "all"), "needs a place"),
        (("--keep-size", "tiny"), "is no size"),
        (("--keep-size", "1"), "is no size"),
    ):
        with Live("-", *words) as run:
            assert run.wait() == 2
            assert said in run.errors()


@needs_tshark
@pytest.mark.tshark
@pytest.mark.terminal
def test_leaving_the_screen_writes_what_is_open(tmp_path: Path) -> None:
    """Packets still come when the user quits; the damaged flow among them is kept."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    hold = os.open(pipe, os.O_RDWR)
    os.write(hold, FOUNDING.read_bytes()[:5_000])
    words = 'exec "$1" -P -m tui live - --keep-dir "$2" <"$3"'
    command = ("sh", "-c", words, "sh", sys.executable, tmp_path / "kept", pipe)
    try:
        env = {"PYTHONPATH": str(ROOT), **home(tmp_path)}
        with PtyTerminal(tuple(map(str, command)), env=env) as screen:
            screen.until("2 damaged", "live")
            screen.press("q", "q")
            assert screen.wait() == 0
    finally:
        os.close(hold)
    kept = [path.read_bytes() for path in (tmp_path / "kept").iterdir()]
    assert len(kept) == 2
    assert all(data.startswith(b"\x0a\x0d\x0d\x0a") for data in kept)
