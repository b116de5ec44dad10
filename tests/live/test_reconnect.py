"""A source that ends by itself: connected again without a question, its gap marked in the flows."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from live.seamark_live import ROOT, Live, programs_of, until_none
from live.talk import mail_server, steps, talk

if TYPE_CHECKING:
    from live.conftest import Sshd

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="loopback is called lo"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture here"),
]


def here(port: int, *more: str) -> tuple[str, ...]:
    """Options for a conversation on loopback."""
    return ("-i", "lo", "-f", f"tcp port {port}", "--port", str(port), *more)


def there(sshd: Sshd, port: int, *more: str) -> tuple[str, ...]:
    """The same through ssh."""
    return ("--ssh", f"root@127.0.0.1:{sshd.port}", *here(port, "--batch", *more))


def kill_capture(port: int) -> None:
    """End the program that captures, and nobody else."""
    (process,) = programs_of(port)
    os.kill(process, signal.SIGKILL)


def sessions(sshd: Sshd) -> list[int]:
    """The processes of those who are logged in."""
    assert sshd.process is not None
    listener = sshd.process.pid
    words = Path(f"/proc/{listener}/task/{listener}/children").read_text()
    return list(map(int, words.split()))


def connected(run: Live, times: int, name: str = "lo") -> None:
    """Wait until the source was connected so many times."""
    run.until(lambda _: run.lines.count(f"# {name}: connected") >= times)


def test_a_capture_that_is_killed_is_begun_again() -> None:
    """The conversation that it cut says so, goes on, and the next one is found as ever."""
    with mail_server() as port, Live(*here(port, "--format", "jsonl")) as run:
        run.until_said('"state":"connected"')
        talk(port)
        run.until_said("split-masked-verb")
        conversation = steps(port)
        next(conversation)
        kill_capture(port)
        run.until_said('"state":"reconnecting"', "has ended by itself", '"gaps":1')
        run.until(lambda _: len(run.objects("source")) >= 3)
        for _ in conversation:
            pass
        run.until_said("interrupted during this conversation")
        talk(port)
        assert run.end() == 1
        states = [source["state"] for source in run.objects("source")]
        assert states == ["connected", "reconnecting", "connected", "ended", "ended"]
        flows = {flow["flow"]: flow for flow in run.objects("flow")}
        assert len(flows) == 3
        assert "capture-gap" in flows[1]["rules"]
        assert "capture-gap" not in flows[2]["rules"]
        last = run.objects("source")[-1]
        assert flows[2]["frames"]["last"] == last["packets"] == last["decoded"]
        (summary,) = run.objects("summary")
        assert any("interrupted once" in warning for warning in summary["warnings"])
        schema = ROOT / "dissect" / "report" / "schema.json"
        validator = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
        for line in run.lines:
            validator.validate(json.loads(line))
        assert until_none(port) == []


def test_a_connection_that_is_cut_is_made_again(sshd: Sshd) -> None:
    """Ssh is started again, and nothing of the first stays there."""
    name = f"root@127.0.0.1:{sshd.port}:lo"
    with mail_server() as port, Live(*there(sshd, port), **sshd.env) as run:
        connected(run, 1, name)
        for process in sessions(sshd):
            os.kill(process, signal.SIGKILL)
        run.until_said(f"# {name}: reconnecting")
        connected(run, 2, name)
        assert len(programs_of(port)) == 1
        talk(port)
        run.until_said("split-masked-verb")
        assert run.end() == 1
        assert until_none(port) == []


def test_a_server_that_is_away_for_a_while_is_waited_for(sshd: Sshd) -> None:
    """Sshd is restarted: each try is a refusal, until one is not; the cut conversation says so."""
    name = f"root@127.0.0.1:{sshd.port}:lo"
    with mail_server() as port, Live(*there(sshd, port), **sshd.env) as run:
        connected(run, 1, name)
        talk(port)
        run.until_said("split-masked-verb")
        conversation = steps(port)
        next(conversation)
        old = sessions(sshd)
        sshd.stop()
        for process in old:
            os.kill(process, signal.SIGKILL)
        run.until_said("reconnecting")
        assert until_none(port) == []
        next(conversation)
        sshd.start()
        connected(run, 2, name)
        for _ in conversation:
            pass
        run.until_said("capture-gap", f"[{name}]", "interrupted during this conversation")
        assert run.end() == 1
        assert sum("interrupted during" in line for line in run.lines) == 1


def test_silence_of_the_connection_is_noticed(sshd: Sshd) -> None:
    """A server that answers no more, as behind a cable that was pulled."""
    name = f"root@127.0.0.1:{sshd.port}:lo"
    wrapper = sshd.folder / "client" / "ssh"
    often = "-o ServerAliveInterval=1 -o ServerAliveCountMax=2"
    wrapper.write_text(wrapper.read_text().replace("-F", f"{often} -F"))
    with mail_server() as port, Live(*there(sshd, port), **sshd.env) as run:
        connected(run, 1, name)
        stopped = sessions(sshd)
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        try:
            run.until_said("reconnecting", "not responding")
            connected(run, 2, name)
            talk(port)
            run.until_said("split-masked-verb")
        finally:
            for process in stopped:
                os.kill(process, signal.SIGCONT)
        assert run.end() == 1
        assert until_none(port) == []


def test_a_host_that_became_another_one_is_left_alone(sshd: Sshd) -> None:
    """A changed key is no accident: the source is gone, and why is said."""
    name = f"root@127.0.0.1:{sshd.port}:lo"
    with mail_server() as port, Live(*there(sshd, port), **sshd.env) as run:
        connected(run, 1, name)
        old = sessions(sshd)
        sshd.stop()
        sshd.key("host")
        sshd.start()
        for process in old:
            os.kill(process, signal.SIGKILL)
        run.until_said("gone", "another one than ssh knows")
        assert run.wait() == 3
        assert until_none(port) == []


def test_one_that_ends_while_it_is_away_is_gone(sshd: Sshd) -> None:
    """The end is not waited for, and the exit code says that packets may be missing."""
    with mail_server() as port, Live(*there(sshd, port), **sshd.env) as run:
        run.until_said("connected")
        old = sessions(sshd)
        sshd.stop()
        for process in old:
            os.kill(process, signal.SIGKILL)
        run.until_said("reconnecting")
        assert run.end() == 3
        run.until_said("gone", "has ended by itself")
        assert until_none(port) == []


def test_the_others_go_on() -> None:
    """One source of two is away, and the other tells its findings meanwhile."""
    with mail_server() as port, Live(*here(port, "-i", "any")) as run:
        connected(run, 1)
        connected(run, 1, "any")
        (process,) = [p for p, words in programs_of(port).items() if "-i lo" in words]
        os.kill(process, signal.SIGKILL)
        talk(port)
        run.until_said("split-masked-verb", "[any]")
        connected(run, 2)
        assert run.end() == 1
