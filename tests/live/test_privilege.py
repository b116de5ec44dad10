"""A user who may run a capturing program as root, and nothing else: real sudo, and real doas.

Each run is in a mount namespace of its own, where the rules of sudo and doas are the test's.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from live.seamark_live import PATIENCE, programs_of

from dissect.source.refusals import refusal
from dissect.source.tap import SCRIPT, Tap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.source.tap import Privilege

USER: Final = "daemon"
NEEDED: Final = ("unshare", "setpriv", "script", "tcpdump")
KILL: Final = "/usr/bin/kill"

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="mount namespaces are Linux's"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount"),
    pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"it takes {NEEDED}"),
]

_INSIDE: Final = r"""
set -e
cp -a /etc "$1/etc"
cp -a "$1/sudoers" "$1/doas.conf" "$1/etc"
mount --bind "$1/etc" /etc
shift
exec setpriv --reuid=daemon --regid=daemon --init-groups "$@"
"""


class Rules:
    """What the user may do as root.

    Args:
        folder: for the files.
        programs: absolute names.
        more: another line for sudo.
    """

    def __init__(self, folder: Path, *programs: str, more: str = "") -> None:
        self.folder = folder
        rule = f"{USER} ALL=(root) NOPASSWD: {', '.join(programs)}"
        (folder / "sudoers").write_text(f"Defaults env_reset\n{more}\n{rule}\n")
        lines = (f"permit nopass {USER} as root cmd {Path(each).name}" for each in programs)
        (folder / "doas.conf").write_text("".join(f"{line}\n" for line in lines))
        for name in ("sudoers", "doas.conf"):
            (folder / name).chmod(0o400)

    @contextmanager
    def capture(
        self, privilege: Privilege, program: str, script: str = SCRIPT
    ) -> Iterator[Running]:
        """The script of a capture, run by the user."""
        if shutil.which(privilege) is None or shutil.which(program) is None:
            pytest.skip(f"{privilege} or {program} is not installed")
        with socket_port() as port:
            words = ("sh", "-c", script, "seamark", "lo", f"tcp port {port}", privilege, program)
            inside = ("unshare", "--mount", "sh", "-c", _INSIDE, "sh", str(self.folder), *words)
            pipe = subprocess.PIPE
            with subprocess.Popen(inside, stdin=pipe, stdout=pipe, stderr=pipe) as process:
                try:
                    yield Running(process, port)
                finally:
                    for each in programs_of(port):
                        os.kill(each, 9)


class Running:
    """A capture."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def begun(self) -> bool:
        """Whether packets may come."""
        assert self.process.stdout is not None
        return len(os.read(self.process.stdout.fileno(), 4)) == 4

    def left(self, within: float = PATIENCE) -> list[str]:
        """Close its standard input, and wait until no program captures; those that do."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        end = time.monotonic() + within
        while (left := programs_of(self.port)) and time.monotonic() < end:
            time.sleep(0.05)
        return list(left.values())

    def terminals(self) -> set[str]:
        """On which the program runs: ``?`` is none."""
        words = ("ps", "-o", "tty=", "-p", ",".join(map(str, programs_of(self.port))))
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return set(said.split())

    def errors(self) -> str:
        """What was said."""
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()


@contextmanager
def socket_port() -> Iterator[int]:
    """A port that nobody else speaks at, so that no packet comes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        yield free.getsockname()[1]


@pytest.mark.parametrize(
    ("privilege", "program", "more"),
    [
        ("sudo", "tcpdump", "Defaults !use_pty"),
        ("sudo", "tcpdump", "Defaults use_pty"),
        ("sudo", "dumpcap", ""),
        ("doas", "tcpdump", ""),
        ("doas", "dumpcap", ""),
    ],
)
def test_who_may_not_kill_still_ends_it(
    tmp_path: Path, privilege: Privilege, program: str, more: str
) -> None:
    """Without a packet that comes by, and with the counters that it tells at its end."""
    rules = Rules(tmp_path, shutil.which(program) or program, more=more)
    with rules.capture(privilege, program) as run:
        assert run.begun()
        assert run.left() == []
        assert "0 packets dropped by kernel" in run.errors() or program == "dumpcap"


def test_who_may_kill_needs_no_terminal(tmp_path: Path) -> None:
    """It is ended as it always was."""
    rules = Rules(tmp_path, shutil.which("tcpdump") or "", KILL)
    with rules.capture("sudo", "tcpdump") as run:
        assert run.begun()
        assert run.terminals() == {"?"}
        assert run.left() == []


def test_without_a_terminal_to_be_had(tmp_path: Path) -> None:
    """It captures all the same; it ends with its next packet, when nobody reads it any more."""
    rules = Rules(tmp_path, shutil.which("tcpdump") or "")
    with rules.capture("sudo", "tcpdump", SCRIPT.replace("script -qec", "no-such-script")) as run:
        assert run.begun()
        assert run.terminals() == {"?"}


@pytest.mark.parametrize("program", ["tcpdump", "dumpcap"])
def test_the_remedy_names_the_program(tmp_path: Path, program: str) -> None:
    """What sudo refuses is what has to be allowed."""
    with Rules(tmp_path, "/usr/bin/true").capture("sudo", program) as run:
        assert not run.begun()
        code, said = run.process.wait(PATIENCE), run.errors()
    for chosen in ("", program):
        tap = Tap(interface="lo", privilege="sudo", program=chosen)  # type: ignore[arg-type]
        error = refusal(tap, code, said)
        assert program in error.remedy
        assert "seamark: program" not in error.remedy


def test_a_program_that_is_missing_is_named() -> None:
    """The one that was wished for, and not another."""
    tap = Tap(interface="lo", program="dumpcap")
    error = refusal(tap, 127, "seamark: program dumpcap\nseamark: dumpcap is missing\n")
    assert error.what == "There is no dumpcap on this machine."
    assert "apt-get install wireshark-common" in error.remedy


def test_the_grant_names_the_program() -> None:
    """Capabilities are a file's: those of the other program would not help."""
    said = (
        "seamark: program dumpcap\ndumpcap: You don't have permission to capture on that device\n"
    )
    assert '"$(command -v dumpcap)"' in refusal(Tap(interface="lo"), 1, said).remedy
