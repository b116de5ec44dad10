"""What pyshark hides and ``dissect.source`` tells: how a reading ended, the same every time.

The cases are those in which pyshark 0.6 gives no packets, no exception, or hangs.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from cli.command import FOUNDING
from cli.fakes import fake_tshark, needs_tshark, script

from dissect.errors import CaptureError, ToolError
from dissect.source import CaptureFile, Outcome, Tshark, find_tshark, open_capture, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from dissect.segments.decode import Row

pytestmark = needs_tshark

TIMES: Final = 3
"""Each reading is repeated, because pyshark's own answers are races."""

PATIENCE: Final = 30
PACKETS: Final = 172
"""Of the founding case, as the manifest says."""

HEADER: Final = 24


def outcome(
    capture: CaptureFile, *options: str, tshark: Tshark | None = None
) -> tuple[Outcome, int]:
    """How a reading ends, which must be the same every time, and the rows that came."""
    found = {_read(capture, options, tshark or find_tshark()) for _ in range(TIMES)}
    assert len(found) == 1
    return found.pop()


def _read(capture: CaptureFile, options: tuple[str, ...], tshark: Tshark) -> tuple[Outcome, int]:
    rows: list[Row] = []
    reading = asyncio.wait_for(_reading(tshark, capture, rows, options), PATIENCE)
    return asyncio.run(reading), len(rows)


async def _reading(
    tshark: Tshark, capture: CaptureFile, rows: list[Row], options: tuple[str, ...]
) -> Outcome:
    return await read(tshark, capture, rows.extend, options)


def capture(folder: Path, data: bytes) -> CaptureFile:
    """A file that was looked at from outside."""
    path = folder / "x.pcap"
    path.write_bytes(data)
    return open_capture(str(path))


def fake(folder: Path, body: str) -> Tshark:
    """A tshark that is a script."""
    return Tshark(fake_tshark(folder, body)["SEAMARK_TSHARK"], (4, 0, 0))


# ---- files --------------------------------------------------------------------------------------


def test_good_file() -> None:
    """All packets, and nothing to say."""
    assert outcome(open_capture(str(FOUNDING))) == (Outcome("complete", PACKETS), PACKETS)


def test_cut_in_the_middle_of_a_packet(tmp_path: Path) -> None:
    """The packets before the cut, and that it was cut."""
    ended, rows = outcome(capture(tmp_path, FOUNDING.read_bytes()[:20_007]))
    assert (ended.status, ended.packets) == ("truncated", rows)
    assert 0 < rows < PACKETS
    assert "cut short" in ended.what
    assert ended.remedy


@pytest.mark.parametrize(("data", "word"), [
    (random.Random(1).randbytes(5000), "not a capture"),
    (FOUNDING.read_bytes()[:10], ""),
    (FOUNDING.read_bytes()[:HEADER], "no packets"),
    (FOUNDING.read_bytes()[: HEADER + 20], "cut short"),
], ids=["noise", "cut in the header", "header only", "cut in the first packet"])  # fmt: skip
def test_nothing_to_read(tmp_path: Path, data: bytes, word: str) -> None:
    """No packets is a failure, with its reason and a remedy, never a silent zero."""
    ended, rows = outcome(capture(tmp_path, data))
    assert (ended.status, ended.packets, rows) == ("failed", 0, 0)
    assert word in ended.what
    assert ended.what
    assert ended.remedy


@pytest.mark.parametrize("options", [("-Y", "no such field =="), ("-T", "fields")])
def test_options_that_tshark_refuses(options: tuple[str, ...]) -> None:
    """A bad display filter, or a second -T: a failure in tshark's own words."""
    ended, rows = outcome(open_capture(str(FOUNDING)), *options)
    assert (ended.status, rows) == ("failed", 0)
    assert len(ended.what) > len("tshark ended with exit code 2: ")
    assert "^~" not in ended.what.split()[0]


def test_display_filter_that_fits_nothing() -> None:
    """No packets through the filter is not a complete reading either."""
    ended, rows = outcome(open_capture(str(FOUNDING)), "-Y", "udp")
    assert (ended.status, rows) == ("failed", 0)


def test_file_that_went_away(tmp_path: Path) -> None:
    """Between the look and the reading."""
    gone = capture(tmp_path, FOUNDING.read_bytes())
    Path(gone.path).unlink()
    ended, rows = outcome(gone)
    assert (ended.status, rows) == ("failed", 0)
    assert ended.what


@pytest.mark.parametrize(("make", "word"), [
    (Path.exists, "no such file"),
    (Path.mkdir, "directory"),
    (Path.touch, "0 bytes"),
], ids=["missing", "directory", "empty"])  # fmt: skip
def test_what_is_seen_from_outside(
    tmp_path: Path, make: Callable[[Path], object], word: str
) -> None:
    """Tshark is not asked about these: it would say nothing of an empty file."""
    path = tmp_path / "x"
    make(path)
    with pytest.raises(CaptureError, match=word) as told:
        open_capture(str(path))
    assert told.value.remedy


# ---- tshark itself ------------------------------------------------------------------------------


def test_tshark_that_is_not_there(tmp_path: Path) -> None:
    """It went away after it was found: a failure, not an exception."""
    ended, rows = outcome(open_capture(str(FOUNDING)), tshark=Tshark(str(tmp_path / "no"), (4, 0)))
    assert (ended.status, rows) == ("failed", 0)
    assert "cannot be started" in ended.what


@pytest.mark.parametrize("number", ["KILL", "TERM"])
def test_killed(tmp_path: Path, number: str) -> None:
    """The packets that came, and the signal by its name."""
    body = f'"$REAL" "$@" | head -c 60000\nkill -{number} $$'
    ended, rows = outcome(open_capture(str(FOUNDING)), tshark=fake(tmp_path, body))
    assert (ended.status, ended.packets) == ("failed", rows)
    assert 0 < rows < PACKETS
    assert f"SIG{number}" in ended.what


def test_killed_behind_the_last_packet(tmp_path: Path) -> None:
    """All packets are no proof of a good end."""
    body = '"$REAL" "$@"\nkill -9 $$'
    ended, rows = outcome(open_capture(str(FOUNDING)), tshark=fake(tmp_path, body))
    assert (ended.status, rows) == ("failed", PACKETS)


@pytest.mark.parametrize("end", ["", "\\n"], ids=["one line", "many lines"])
def test_stderr_is_read_to_its_end(tmp_path: Path, end: str) -> None:
    """Megabytes that are no UTF-8, in lines of any length, neither block nor break."""
    program = f"import os\nfor _ in range(300): os.write(2, b'\\xff\\xfe' * 4000 + b'{end}')\n"
    (tmp_path / "noise.py").write_text(program)
    body = f'"{sys.executable}" "$HERE/noise.py"\nexec "$REAL" "$@"'
    good = outcome(open_capture(str(FOUNDING)), tshark=fake(tmp_path, body))
    assert good == (Outcome("complete", PACKETS), PACKETS)


def test_last_words_count(tmp_path: Path) -> None:
    """The reason is found behind any amount of warnings."""
    body = (
        "yes 'a warning about nothing' | head -n 20000 >&2\n"
        "echo 'tshark: The file appears to have been cut short in the middle of a packet.' >&2\n"
        "exit 2"
    )
    ended, _ = outcome(open_capture(str(FOUNDING)), tshark=fake(tmp_path, body))
    assert "cut short" in ended.what


def test_what_the_sink_raises_is_passed_on() -> None:
    """An error of ours ends the reading and tshark, and is not swallowed."""

    def sink(_rows: list[Row]) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(read(find_tshark(), open_capture(str(FOUNDING)), sink))


def test_cancelling_ends_tshark(tmp_path: Path) -> None:
    """A reading that is cancelled leaves no process."""
    tshark = fake(tmp_path, 'echo $$ > "$HERE/pid"\n"$REAL" "$@"\nexec sleep 300')

    async def cancelled() -> None:
        rows = asyncio.Event()
        reading = asyncio.create_task(
            read(tshark, open_capture(str(FOUNDING)), lambda _rows: rows.set())
        )
        await asyncio.wait_for(rows.wait(), PATIENCE)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(reading, PATIENCE)

    asyncio.run(cancelled())
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_child_watcher_is_left_alone() -> None:
    """Pyshark would replace the process-wide one; other programs' children are not ours."""

    async def others_child() -> int:
        await read(find_tshark(), open_capture(str(FOUNDING)), lambda _rows: None)
        process = await asyncio.create_subprocess_exec("sh", "-c", "exit 7")
        return await process.wait()

    assert asyncio.run(others_child()) == 7


# ---- which tshark -------------------------------------------------------------------------------


def test_path_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative name is bound to the folder in which it was found."""
    script(tmp_path / "tshark", f'exec {shutil.which("tshark")} "$@"')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEAMARK_TSHARK", "./tshark")
    assert Path(find_tshark.__wrapped__().path).is_absolute()


def test_missing_tshark_has_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error says what to type."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SEAMARK_TSHARK", raising=False)
    with pytest.raises(ToolError) as told:
        find_tshark.__wrapped__()
    assert told.value.remedy
    assert told.value.exit_code == 3
