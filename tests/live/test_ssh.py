"""Live capture through a real sshd: nothing but a shell and tcpdump on the other side."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from live.seamark_live import Live, captures_of, until_none
from live.talk import mail_server, talk

from dissect.source import bpf
from dissect.source.refusals import refusal
from dissect.source.tap import Tap, host

if TYPE_CHECKING:
    from pathlib import Path

    from live.conftest import Sshd

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="loopback is called lo"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


def there(sshd: Sshd, port: int, *more: str) -> tuple[str, ...]:
    """Options for a conversation on the loopback of the other side."""
    where = ("--ssh", f"root@127.0.0.1:{sshd.port}", "-i", "lo", "--batch")
    return (*where, "-f", f"tcp port {port}", "--port", str(port), *more)


def failed(sshd: Sshd, *words: str) -> tuple[int, str]:
    """The exit code, and what was said, of a run that cannot begin."""
    with mail_server() as port, Live(*there(sshd, port, *words), **sshd.env) as run:
        return run.wait(), run.errors()


@pytest.mark.parametrize("program", ["tcpdump", "dumpcap"])
def test_a_finding_comes_from_the_other_side(sshd: Sshd, program: str) -> None:
    """It is told while the capture goes on, and the remote program ends with ours."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    with mail_server() as port, Live(*there(sshd, port, "--program", program), **sshd.env) as run:
        run.until_said(f"# root@127.0.0.1:{sshd.port}:lo: connected")
        talk(port)
        assert "RCPT was masked as XXXX" in run.until_said("split-masked-verb")
        assert run.end() == 1
        run.until_said("0 dropped by the kernel")
        assert until_none(port) == []


def test_our_own_connection_is_not_captured(sshd: Sshd) -> None:
    """Even where the filter passes everything, the ssh session does not feed itself."""
    with mail_server() as port:
        words = list(there(sshd, port, "--format", "jsonl"))
        words[words.index("-f") + 1] = f"tcp port {port} or tcp port {sshd.port}"
        with Live(*words, **sshd.env) as run:
            run.until_said('"state":"connected"')
            talk(port)
            time.sleep(1.0)
            run.end()
            seen = run.objects("source")[-1]["packets"]
            assert 0 < seen < 200, "it would have been thousands"


def test_a_killed_run_leaves_nothing_there(sshd: Sshd) -> None:
    """The remote program ends when the connection does, without a packet coming by."""
    with mail_server() as port, Live(*there(sshd, port), **sshd.env) as run:
        run.until_said("connected")
        assert captures_of(port)
        run.process.kill()
        run.wait()
        assert until_none(port) == []


def test_a_cut_connection_is_told(sshd: Sshd) -> None:
    """What was found before is there, the source is gone, and the exit code says so."""
    sshd.program("tcpdump", 'echo $$ >"${0%/bin/*}/pid"; exec /usr/bin/tcpdump "$@"')
    words = ("--program", "tcpdump", "--no-reconnect")
    with mail_server() as port, Live(*there(sshd, port, *words), **sshd.env) as run:
        run.until_said("connected")
        talk(port)
        run.until_said("split-masked-verb")
        captured = int((sshd.folder / "pid").read_text())
        os.kill(captured, signal.SIGKILL)
        run.until_said("gone", "has ended by itself")
        assert run.wait() == 3


def test_a_changed_key_is_told(sshd: Sshd) -> None:
    """It is a warning that nobody may overlook."""
    sshd.stop()
    sshd.key("host")
    sshd.start()
    code, said = failed(sshd)
    assert code == 3
    assert "another one than ssh knows" in said
    assert "ssh-keygen -R" in said


def test_an_unknown_key_is_told(sshd: Sshd) -> None:
    """With --batch nobody is asked."""
    (sshd.folder / "known").write_text("")
    code, said = failed(sshd)
    assert code == 3
    assert "does not know the key" in said


def test_a_refused_login_is_told(sshd: Sshd) -> None:
    """No key of ours is let in."""
    (sshd.folder / "user.pub").write_text("")
    code, said = failed(sshd)
    assert code == 3
    assert "lets nobody in with these keys" in said


def test_a_missing_program_is_told(sshd: Sshd, tmp_path: Path) -> None:
    """Where there is neither tcpdump nor dumpcap, that is said, with what to install."""
    real = Tap(interface="lo", host=host("mx.example.net")).command()[-1]
    bare = real.replace("/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin", str(tmp_path))
    (sshd.bin / "sh").symlink_to("/bin/sh")
    done = subprocess.run(
        ("/bin/sh", "-c", bare), env={"PATH": str(sshd.bin)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = refusal(Tap(interface="lo", host=host("mx.example.net")), done.returncode, done.stderr)
    assert "neither tcpdump nor dumpcap on mx.example.net" in told.what


def test_refused_sudo_is_told(sshd: Sshd) -> None:
    """Sudo that wants a password, and one that forbids, have sentences of their own."""
    sshd.program("sudo", 'echo "sudo: a password is required" >&2; exit 1')
    code, said = failed(sshd, "--privilege", "sudo")
    assert code == 3
    assert "sudo on root@127.0.0.1" in said
    assert "--privilege sudo-ask" in said


def test_a_banner_in_the_stream_is_told(sshd: Sshd) -> None:
    """Text that the shell's start files print is named for what it is."""
    sshd.program("tcpdump", 'echo "Welcome to mx!"; exec /usr/bin/tcpdump "$@"')
    with mail_server() as port, Live(*there(sshd, port, "--program", "tcpdump"), **sshd.env) as run:
        assert run.wait() == 3
        run.until_said("gone", "not a capture", "Welcome to mx!")
        assert until_none(port) == []


def test_an_unknown_interface_is_told(sshd: Sshd) -> None:
    """By the host's name."""
    words = ("--ssh", f"root@127.0.0.1:{sshd.port}", "-i", "nosuch0", "--batch")
    with Live(*words, **sshd.env) as run:
        assert run.wait() == 2
        assert f"root@127.0.0.1:{sshd.port} has no interface nosuch0" in run.errors()


@pytest.mark.parametrize("program", ["tcpdump", "dumpcap"])
def test_a_wrong_filter_is_told(sshd: Sshd, program: str) -> None:
    """By the words of what captures there, and with its place."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    where = ("--ssh", f"root@127.0.0.1:{sshd.port}", "-i", "lo", "--batch", "--program", program)
    with Live(*where, "-f", "tcp prot 25", **sshd.env) as run:
        assert run.wait() == 2
        said = run.errors().splitlines()
    assert said[0] == "seamark: The capture filter is wrong: syntax error."
    if bpf.local():
        assert said[1:3] == ["  tcp prot 25", "      ^~~~"]


def test_a_filter_cannot_let_our_own_connection_in() -> None:
    """One that would end the parentheses around it is refused before ssh is asked."""
    with Live("--ssh", "nosuch.invalid", "-i", "lo", "-f", "tcp port 25) or (tcp") as run:
        assert run.wait() == 2
        assert "has a ) without its (" in run.errors()


def test_an_empty_filter_takes_all_but_our_own(sshd: Sshd) -> None:
    """Nothing is no filter, on the other side as well."""
    with mail_server() as port:
        words = list(there(sshd, port, "--format", "jsonl", "--stop-on", "split-masked-verb"))
        words[words.index("-f") + 1] = ""
        with Live(*words, **sshd.env) as run:
            run.until_said('"state":"connected"')
            talk(port)
            assert run.wait() == 1


def test_two_sources_are_kept_apart(sshd: Sshd) -> None:
    """The same conversation seen in two places is told with the place."""
    where = f"root@127.0.0.1:{sshd.port}"
    with mail_server() as port:
        own = ("-f", f"tcp port {port}", "--port", str(port), "--batch", "--format", "jsonl")
        words = ("--ssh", where, "-i", "lo", "--ssh", where, "-i", "any", *own)
        with Live(*words, **sshd.env) as run:
            run.until_said('"state":"connected"', f"{where}:lo")
            run.until_said('"state":"connected"', f"{where}:any")
            talk(port)
            run.until_said("split-masked-verb", f"{where}:lo")
            run.until_said("split-masked-verb", f"{where}:any")
            run.end()
            flows = run.objects("flow")
            assert {flow["capture"] for flow in flows} == {f"{where}:lo", f"{where}:any"}
            assert len({flow["flow"] for flow in flows}) == len(flows)
