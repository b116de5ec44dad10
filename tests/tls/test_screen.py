"""What was opened, on the screen and in live capture."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from cli.command import seamark
from cli.fakes import needs_tshark

from dissect import worker
from dissect.again import Again, KeptAgain
from dissect.analysis import unpack
from dissect.analysis.frame import Kept, WireFacts
from dissect.analysis.model import RowKind, Status
from dissect.errors import UsageError
from dissect.live import Memory
from dissect.pipeline import Pipeline, Settings
from dissect.source import asked, find_tshark, open_capture, read
from dissect.source.records import Records
from tls.reading import SECRETS, capture, flow, keys
from tui import closeup, line, packet
from tui.feed import ProcessFeed
from tui.look import UNICODE
from tui.starting import Form, Starter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dissect.analysis.model import FlowDetail, Update
    from dissect.segments.decode import Row

pytestmark = needs_tshark

NAME = "masked-1.3"


def told(detail: FlowDetail, row: int = 0) -> str:
    """The close-up of a row's first seam, as text; row counts those with a seam inside TLS."""
    cut = [each for each in detail.rows if each.seams and each.tls]
    seam = cut[row].seams[0]
    wire = {seam.before: WireFacts(seam.before, "TLSv1.3", "Application Data")}
    lines = closeup.lines(closeup.Subject(detail, cut[row], 0, wire), 78, UNICODE)
    return "\n".join(line.text(each) for each in lines)


def updates(keylog: Path) -> list[Update]:
    """All that the worker of a screen tells of a capture."""
    words = worker.arguments([str(capture(NAME))], Settings(keylog=str(keylog)))
    feed = ProcessFeed([sys.executable, *words], capture=NAME)

    async def gathered() -> list[Update]:
        async with asyncio.timeout(60):
            return [update async for update in feed.updates()]

    return asyncio.run(gathered())


def test_the_screens_worker_reads_with_the_keys() -> None:
    """What the screen is told is what a program is told: the same rows, inside TLS as well."""
    told = updates(keys(NAME))
    assert told[-1].progress.status is Status.COMPLETE
    assert told[-1].progress.warnings == ()
    *_, detail = (unpack(packed) for update in told for packed in update.details)
    assert detail.rows == flow(capture(NAME), keys(NAME)).rows


def test_the_screens_worker_says_what_does_not_open() -> None:
    """The same words as scan's."""
    warnings = updates(keys("implicit-1.2"))[-1].progress.warnings
    assert any("opens none of 1 conversation" in each for each in warnings)


def test_a_close_up_names_a_boundary_of_records() -> None:
    """It shows the text on both sides; no word of offload, and none that Wireshark misreads it."""
    text = told(flow(capture(NAME), keys(NAME)))
    assert "RC┊PT TO:<carol@example.net>" in text
    assert "a boundary of TLS records, which end in one frame" in text
    assert "offload" not in text
    assert "neither column" not in text


def test_the_row_where_it_begins_is_no_sides() -> None:
    """Neither of the two says that there are keys."""
    rows = flow(capture(NAME), keys(NAME)).rows
    (begins,) = [row for row in rows if row.text.endswith(b"from here on (key log)")]
    assert (begins.kind, begins.side) == (RowKind.TLS, None)
    assert [row.tls for row in rows[rows.index(begins) + 1 :] if row.kind is RowKind.COMMAND]


def test_a_frame_is_shown_as_it_is_on_the_wire() -> None:
    """Its tree and bytes are encrypted ones: no seam and no mask is drawn at places of the text."""
    detail = flow(capture(NAME), keys(NAME))
    row = next(row for row in detail.rows if row.verb == "XXXX")
    again = Again(find_tshark(), [open_capture(str(capture(NAME)))], Settings())
    detail = replace(detail, summary=replace(detail.summary, capture=str(capture(NAME))))
    shown = asyncio.run(again.packet(detail, row.frames[-1]))
    assert any(node.name == "tls" for node in shown.nodes)
    assert packet.seams(shown, detail.rows) == {}
    assert packet.masks(shown, detail.rows) == []
    assert not any(secret in shown.data for secret in SECRETS)


@pytest.fixture
def for_all() -> Iterator[Callable[[str], Path]]:
    """Puts keys where everybody may read them: tshark is an unprivileged user in live capture."""
    with TemporaryDirectory(prefix="seamark-test-") as folder:
        Path(folder).chmod(0o755)

        def shared(name: str) -> Path:
            path = Path(folder) / f"{name}.keys"
            path.write_bytes(keys(name).read_bytes())
            path.chmod(0o644)
            return path

        yield shared


def test_packets_kept_of_a_live_capture_unfold(for_all: Callable[[str], Path]) -> None:
    """A message inside TLS is read again from what a live capture keeps of its flow."""
    memory, settings = Memory(lasting=True), Settings(keylog=str(for_all(NAME)))
    inbox, records, pipeline = memory.source("lo"), Records(), Pipeline(NAME, settings)
    found = records.feed(capture(NAME).read_bytes())
    inbox.put(records.head, found)
    rows: list[Row] = []
    options = asked.options("", settings.keylog, ())
    asyncio.run(read(find_tshark(), open_capture(str(capture(NAME))), rows.extend, options))
    pipeline.owners = []
    pipeline.rows(rows)
    inbox.claim(rows, pipeline.owners)
    pipeline.finish()
    (detail,) = pipeline.take()

    async def fetch(flows: Sequence[int]) -> Kept:
        return memory.kept(flows)

    row = next(row for row in detail.rows if row.kind is RowKind.MESSAGE)
    message = asyncio.run(KeptAgain(find_tshark(), fetch, settings).message(detail, row))
    assert message.lines[1].text == b"Subject: minutes"
    assert sum(len(each.text) + len(each.ending) for each in message.lines) == row.size


@pytest.mark.parametrize("name", ["starttls-1.2", NAME])
def test_a_live_stream_is_opened_as_it_comes(
    tmp_path: Path, for_all: Callable[[str], Path], name: str
) -> None:
    """``seamark live -`` reads on inside TLS, and ends with the same findings as scan."""
    words = ("--format", "jsonl", "--keylog", for_all(name))
    ran = seamark("live", "-", *words, stdin=capture(name).read_bytes(), cwd=tmp_path)
    live = [json.loads(line) for line in ran.out.splitlines()]
    read_at_rest = seamark("scan", capture(name), *words)
    rest = [json.loads(line) for line in read_at_rest.out.splitlines()]
    found = [
        sorted((each["rule"], each["frames"]) for each in lines if each["type"] == "finding")
        for lines in (live, rest)
    ]
    assert found[0] == found[1]
    assert found[0]


def test_a_watch_that_the_screen_begins_is_told_the_same(tmp_path: Path) -> None:
    """The dialog says it, too, before anything is captured."""
    if os.geteuid():
        pytest.skip("needs root")
    log = tmp_path / "mine.keys"
    log.write_bytes(keys(NAME).read_bytes())
    log.chmod(0o600)
    wanted: Any = SimpleNamespace(settings=Settings(keylog=str(log)), again=True, program="")
    feeds: Any = SimpleNamespace()
    with pytest.raises(UsageError, match="tshark run as nobody, which may not read"):
        asyncio.run(Starter(feeds, lambda: wanted).start(Form(interfaces=("lo",))))


def test_root_is_told_of_a_key_log_that_nobody_may_read(tmp_path: Path) -> None:
    """As root tshark reads live packets as nobody, who has no right to root's key log."""
    if os.geteuid():
        pytest.skip("needs root")
    log = tmp_path / "mine.keys"
    log.write_bytes(keys(NAME).read_bytes())
    log.chmod(0o600)
    ran = seamark("live", "-", "--keylog", log, stdin=capture(NAME).read_bytes())
    assert (ran.code, ran.out) == (2, "")
    assert "tshark run as nobody, which may not read" in ran.err
