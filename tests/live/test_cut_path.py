"""A path to a remote host that swallows all packets, as a firewall or a pulled cable does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest
from lab.needs import missing
from lab.network import SERVER, pair, swallowed, within
from live.conftest import Sshd, needs_sshd
from live.seamark_live import PATIENCE, Live, programs_of, until_none
from live.talk import mail_server, steps, talk

from dissect.source.tap import LONELY, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture and make namespaces"),
]
FORMAT: Final = ("--format", "jsonl")


class Far:
    """A mail server behind ssh, in a namespace of its own, and the way to it."""

    def __init__(self, near: str, far: str, sshd: Sshd, port: int) -> None:
        self.near, self.far, self.sshd, self.port = near, far, sshd, port
        self.name = f"root@{SERVER}:{sshd.port}:lo"

    def live(self) -> Live:
        """Watch it from here."""
        where = ("--ssh", f"root@{SERVER}:{self.sshd.port}", "-i", "lo", "--batch")
        words = (*where, "-f", f"tcp port {self.port}", "--port", str(self.port), *FORMAT)
        before = ("ip", "netns", "exec", self.near)
        return Live(*words, before=before, module="live.impatient", **self.sshd.env)

    def talk(self) -> None:
        """A conversation there."""
        with within(self.far):
            talk(self.port)

    def begun(self) -> Iterator[None]:
        """One that has begun there."""
        conversation = steps(self.port)
        with within(self.far):
            next(conversation)
        return conversation

    def clients(self) -> list[str]:
        """What ssh runs to it."""
        said = subprocess.run(("ps", "-eo", "args"), capture_output=True, text=True, check=True)
        where = f"-p {self.sshd.port} -- {SERVER}"
        return [line for line in said.stdout.splitlines() if where in line]

    def until_no_client(self) -> list[str]:
        """Wait until ssh has ended here; what has not."""
        end = time.monotonic() + PATIENCE
        while (left := self.clients()) and time.monotonic() < end:
            time.sleep(0.05)
        return left


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    """One whose path is whole."""
    needs_sshd()
    if why := missing():
        pytest.skip(why)
    with pair() as (near, there):
        server = Sshd(tmp_path, ("ip", "netns", "exec", there), SERVER)
        server.start()
        try:
            with within(there):
                listening = mail_server()
                port = listening.__enter__()
            yield Far(near, there, server, port)
            listening.__exit__(None, None, None)
        finally:
            server.stop()


def test_a_path_that_is_cut_and_comes_back(far: Far) -> None:
    """It is told in time, and tried again until it is there; nothing of the first stays there."""
    with far.live() as run:
        run.until_said('"state":"connected"')
        far.talk()
        run.until_said("split-masked-verb")
        (before,) = programs_of(far.port)
        with swallowed(far.near, far.far):
            said = run.until_said('"state":"reconnecting"', '"gaps":1')
            assert "nothing was heard of it for 3 seconds" in said
        run.until(lambda _: run.objects("source")[-1]["state"] == "connected")
        far.talk()
        run.until(lambda _: len(run.objects("flow")) == 2)
        assert run.end() == 1
        for flow in run.objects("flow"):
            assert "split-masked-verb" in flow["rules"]
            assert "capture-gap" not in flow["rules"]
    assert until_none(far.port) == []
    assert before not in programs_of(far.port)
    assert far.until_no_client() == []


def test_a_conversation_that_the_cut_interrupts(far: Far) -> None:
    """What was seen of it before and behind is there, and between them a gap of the capture."""
    with far.live() as run:
        run.until_said('"state":"connected"')
        conversation = far.begun()
        run.until_said("masked-banner")
        with swallowed(far.near, far.far):
            next(conversation)
            run.until_said('"state":"reconnecting"')
        run.until(lambda _: run.objects("source")[-1]["state"] == "connected")
        for _ in conversation:
            pass
        run.until_said("capture-gap")
        assert run.end() == 1
        (flow,) = run.objects("flow")
        assert "capture-gap" in flow["rules"]
    assert until_none(far.port) == []


def test_the_end_does_not_wait_for_a_path(far: Far) -> None:
    """Who ends it while the path is cut has it ended, here at once and there when it is back."""
    with far.live() as run:
        run.until_said('"state":"connected"')
        with swallowed(far.near, far.far):
            began = time.monotonic()
            run.end()
            assert time.monotonic() - began < PATIENCE
            assert far.until_no_client() == []
        assert until_none(far.port) == []


@pytest.mark.parametrize("remote", [True, False])
def test_a_program_that_nobody_asks_any_more(*, remote: bool) -> None:
    """A remote one ends by itself, without a packet; one that is here goes on, if it is stopped."""
    soon = SCRIPT.replace(f"-lt {LONELY} ", "-lt 1 ")
    assert soon != SCRIPT
    pipe = subprocess.PIPE
    env = {**os.environ, "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22" if remote else ""}
    words = ("sh", "-c", soon, "seamark", "lo", "tcp port 9", "none", "")
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, env=env) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        assert os.read(run.stdout.fileno(), 4)
        run.stdin.write(b"1\n")
        run.stdin.flush()
        try:
            run.wait(7)
        except subprocess.TimeoutExpired:
            assert not remote
        else:
            assert remote
        run.stdin.close()
    assert not [words for words in programs_of(9).values() if "192.0.2.2" in words]
