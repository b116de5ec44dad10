"""``seamark doctor`` on this machine, and through a real sshd."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live.conftest import sshd

from dissect.doctor import Status, desk
from dissect.doctor.facts import SCRIPT
from dissect.doctor.site import judged
from dissect.source.facts import parsed

if TYPE_CHECKING:
    from live.conftest import Sshd

    from dissect.doctor import Check

__all__ = ["sshd"]

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="interfaces are read from /sys")
WITH_TSHARK = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def doctor(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A run."""
    return subprocess.run(
        (sys.executable, "-P", "-m", "tui", "doctor", *words), check=False, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env}, capture_output=True, timeout=60,
    )  # fmt: skip


def checks(*words: str, **env: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and the checks by their names."""
    ran = doctor("--format", "json", *words, **env)
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert all(each["type"] == "check" for each in found), ran.stderr
    return ran.returncode, {each["name"]: each for each in found}


def there(sshd: Sshd, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The checks of the server."""
    return checks("--ssh", f"root@127.0.0.1:{sshd.port}", "-i", "lo", "--batch", *words, **sshd.env)


def told(*lines: str, at: float = 1000.0) -> dict[str, Check]:
    """What is said of facts that a remote machine might tell within half a second."""
    said = "".join(f"seamark\t{line}\n" for line in lines)
    return {check.name: check for check in judged(parsed(said, at, at + 0.5), remote=True)}


# ---- this machine -------------------------------------------------------------------------------


@WITH_TSHARK
def test_here_as_root() -> None:
    """All is there where the tests run; offload may be a warning, which is no failure."""
    if os.geteuid() != 0:
        pytest.skip("only root may capture here")
    if shutil.which("tcpdump") is None and shutil.which("dumpcap") is None:
        pytest.skip("there is neither tcpdump nor dumpcap")
    code, found = checks("-i", "lo")
    assert code == 0
    assert [found[name]["status"] for name in ("tshark", "nobody", "capture", "disk")] == ["ok"] * 4
    assert "lo" in found["interfaces"]["what"].split()


def test_without_tshark() -> None:
    """It is missing, with the command that installs it, and the other checks go on."""
    code, found = checks("-i", "lo", SEAMARK_TSHARK="no-such-tshark")
    assert code == 3
    assert found["tshark"]["status"] == "missing"
    assert "nstall" in found["tshark"]["remedy"]
    assert "disk" in found


@LINUX
def test_an_interface_that_there_is_not() -> None:
    """The capture was really tried: its refusal is what is told."""
    code, found = checks("-i", "nosuch0")
    assert (code, found["capture"]["status"]) == (3, "missing")


def test_a_file_that_is_wrong(tmp_path: Path) -> None:
    """A configuration file that ends every other command does not end this one."""
    file = tmp_path / "seamark" / "config.toml"
    file.parent.mkdir()
    file.write_text("[keys]\nno_such_action = ['Q']\n")
    code, found = checks("-i", "lo", XDG_CONFIG_HOME=str(tmp_path))
    assert (code, found["config"]["status"]) == (3, "missing")
    assert "no_such_action" in found["config"]["what"]


@pytest.mark.parametrize(
    ("term", "status"), [("xterm-256color", Status.OK), ("dumb", Status.WARNING)]
)
def test_terminals(term: str, status: Status) -> None:
    """A terminal that cannot be drawn on is told of."""
    found = {check.name: check for check in desk({"TERM": term, "SSH_CONNECTION": "a 1 b 22"})}
    assert found["terminal"].status is status
    if status is Status.OK:
        assert found["terminal"].what == "xterm-256color in ssh"


def test_text_is_narrow(tmp_path: Path) -> None:
    """What was found is wrapped; only commands, which are there to be copied, may be wider."""
    ran = doctor("-i", "lo", XDG_CONFIG_HOME=str(tmp_path))
    told = [line for line in ran.stdout.splitlines() if not line.startswith(" " * 11)]
    assert told[0] == "this machine"
    assert told[-1].startswith("warnings: ")
    assert max(map(len, told)) <= 80


def test_wrong_usage() -> None:
    """A host that ssh could take for an option is refused before anything is tried."""
    ran = doctor("--ssh=-oProxyCommand=touch")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "no host" in ran.stderr


# ---- behind ssh ---------------------------------------------------------------------------------


@LINUX
def test_there(sshd: Sshd) -> None:
    """A host that has all: reached, captured on, and its clock is ours."""
    _, found = there(sshd)
    names = ("ssh", "programs", "own-connection", "clock", "interfaces", "capture")
    assert {name: found[name]["status"] for name in names} == dict.fromkeys(names, "ok")
    assert {found[name]["where"] for name in names} == {f"root@127.0.0.1:{sshd.port}"}


def test_a_changed_key(sshd: Sshd) -> None:
    """Nothing else is asked of a host that may be another one."""
    sshd.key("host")
    sshd.stop()
    sshd.start()
    code, found = there(sshd)
    assert (code, found["ssh"]["status"]) == (3, "missing")
    assert "ssh-keygen -R" in found["ssh"]["remedy"]
    assert "capture" not in found


def test_refused_sudo(sshd: Sshd) -> None:
    """The privilege is tried, not believed."""
    sshd.program("sudo", 'echo "sudo: a password is required" >&2; exit 1')
    code, found = there(sshd, "--privilege", "sudo")
    assert (code, found["capture"]["status"]) == (3, "missing")
    assert "--privilege sudo-ask" in found["capture"]["remedy"]


@LINUX
def test_a_clock_that_is_wrong(sshd: Sshd) -> None:
    """It is told how far it is off at least, and a warning is no failure."""
    sshd.program("date", "echo $(($(/usr/bin/date +%s) - 100))")
    code, found = there(sshd)
    assert (code, found["clock"]["status"]) == (0, "warning")
    assert "behind ours" in found["clock"]["what"]


@LINUX
def test_offloads(sshd: Sshd) -> None:
    """What is on is named with the command that switches just that off."""
    sshd.program("ethtool", "printf 'generic-receive-offload: on\\nlarge-receive-offload: off\\n"
                 "tcp-segmentation-offload: on [fixed]\\n'")  # fmt: skip
    _, found = there(sshd)
    if found["interfaces"]["what"] == "up: lo":
        pytest.skip("there is no interface but lo")
    assert found["offload"]["remedy"].endswith(" gro off")


def test_no_program() -> None:
    """A host that cannot capture lacks something."""
    assert told("shell\t/bin/sh")["programs"].status is Status.MISSING


def test_an_old_tcpdump() -> None:
    """Packets come late from it; dumpcap has no such mode and needs none."""
    assert told("tcpdump\ttcpdump version 4.5")["immediate-mode"].status is Status.WARNING
    assert "immediate-mode" not in told("tcpdump\ttcpdump version 4.9", "immediate\tyes")
    assert "immediate-mode" not in told("dumpcap\tDumpcap 4.0")


@pytest.mark.parametrize(
    ("time", "status"),
    [("1000", Status.OK), ("998", Status.OK), ("996", Status.WARNING), ("1003", Status.WARNING),
     ("%s", Status.WARNING), ("", Status.WARNING)],
)  # fmt: skip
def test_clocks(time: str, status: Status) -> None:
    """Whole seconds are read as what they can mean, and what is no number is not believed."""
    assert told(f"time\t{time}")["clock"].status is status


def test_without_ssh_connection() -> None:
    """Our own connection cannot be left out where sshd does not name it."""
    assert told("connection\t")["own-connection"].status is Status.WARNING
    assert told("connection\t192.0.2.1 50000 192.0.2.2 22")["own-connection"].status is Status.OK


def test_facts_among_other_lines() -> None:
    """Start files that print something do not hide what a machine says."""
    found = parsed("Welcome!\nseamark\tuser\troot\nBye\n", 0.0, 1.0)
    assert found.pairs == (("user", "root"),)


def test_the_questions_are_one_line() -> None:
    """A csh as login shell passes on one line, and no more."""
    assert "\n" not in SCRIPT
