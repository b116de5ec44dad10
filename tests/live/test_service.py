"""The service of docs/seamark.service: its command, with no more rights than the unit gives it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from docs.unit import ENVIRONMENT, SERVICE
from live.seamark_live import PATIENCE, ROOT, until_none
from live.talk import mail_server, talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.conftest import Sshd

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="there is no setpriv"),
]

USER: Final = "65534"
READS: Final = "dac_read_search"
"""Beside the unit's own rights: a checkout, unlike an installation, may be its owner's alone."""


def rights() -> tuple[str, ...]:
    """The words that give a process what the unit gives the service, and no more."""
    names = [name.removeprefix("CAP_").lower() for name in SERVICE["AmbientCapabilities"]]
    caps = ",".join(["-all", *(f"+{name}" for name in [*names, READS])])
    who = (f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs")
    return ("setpriv", *who, *(f"--{each}={caps}" for each in (
        "inh-caps", "ambient-caps", "bounding-set")))  # fmt: skip


def service(*before: str, **env: str) -> subprocess.Popen[str]:
    """The unit's command, as systemd starts it but for the name of the program."""
    name, *words = SERVICE["ExecStart"][0].split()
    assert name.endswith("/seamark")
    return subprocess.Popen(
        (*before, sys.executable, "-P", "-m", "tui", *words), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": "/", **ENVIRONMENT, **env},
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code after ``systemctl stop``, and all that it said."""
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def until_kept(folder: Path) -> Path:
    """The first file of evidence."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := list(folder.glob("*.pcapng")):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(list(folder.iterdir()))


@pytest.fixture
def state() -> Iterator[Path]:
    """A folder of the service's user, as StateDirectory makes one."""
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, int(USER), int(USER))
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give rights")
def test_it_captures_and_keeps(state: Path) -> None:
    """As nobody, with one capability and no way to another, it finds damage and writes it down."""
    with mail_server() as port:
        own = {"SEAMARK_LIVE_BPF": f"tcp port {port}", "SEAMARK_LIVE_PORT": str(port),
               "SEAMARK_LIVE_KEEP_DIR": str(state), "SEAMARK_LIVE_INTERFACES": "lo"}  # fmt: skip
        process = service(*rights(), **own)
        assert process.stdout is not None
        assert process.stdout.readline() == "# lo: connected\n"
        talk(port)
        kept = until_kept(state)
        assert (kept.stat().st_mode & 0o777, kept.stat().st_uid) == (0o600, int(USER))
        code, said = ended(process)
        assert code == int(SERVICE["SuccessExitStatus"][0])
        assert "CRIT split-masked-verb" in said
        assert " 0 lost with tshark" in said
        assert until_none(port) == []


def test_it_watches_another_host(sshd: Sshd, tmp_path: Path) -> None:
    """With the variables that the page names for it; nobody is asked anything."""
    with mail_server() as port:
        own = {"SEAMARK_LIVE_BPF": f"tcp port {port}", "SEAMARK_LIVE_PORT": str(port),
               "SEAMARK_LIVE_HOSTS": f"root@127.0.0.1:{sshd.port}", "SEAMARK_LIVE_BATCH": "true",
               "SEAMARK_LIVE_INTERFACES": "lo",
               "SEAMARK_LIVE_KEEP_DIR": str(tmp_path / "evidence")}  # fmt: skip
        process = service(**own, **sshd.env)
        assert process.stdout is not None
        assert process.stdout.readline() == f"# root@127.0.0.1:{sshd.port}:lo: connected\n"
        talk(port)
        until_kept(tmp_path / "evidence")
        assert ended(process)[0] == 1
        assert until_none(port) == []
