"""A real sshd on loopback with throw-away keys, and an ssh that knows it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from support.signals import signals_are_heard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["signals_are_heard"]

SSHD = "/usr/sbin/sshd"
CONFIG = """
ListenAddress {address}:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
PermitUserEnvironment yes
SetEnv PATH={folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin
"""
LISTENS: Final = "0A"
"""The state of a socket that listens, in ``/proc/net/tcp``."""
CLIENT = """
Host *
  IdentityFile {folder}/user
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile none
  IdentitiesOnly yes
"""


class Sshd:
    """A server that runs until it is stopped.

    ``env`` is an environment in which ``ssh`` uses its keys; ``bin`` a folder whose programs come
    first for those who log in.

    Args:
        folder: for keys and configurations.
        before: a program that runs the server, with its words.
        address: where it listens.
    """

    def __init__(
        self, folder: Path, before: Sequence[str] = (), address: str = "127.0.0.1"
    ) -> None:
        self.folder, self.address = folder, address
        self._before = before
        self.bin = folder / "bin"
        self.bin.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        for name in ("host", "user"):
            self.key(name)
        self.know()
        wrapper = folder / "client" / "ssh"
        wrapper.parent.mkdir()
        (folder / "client.conf").write_text(CLIENT.format(folder=folder))
        real = shutil.which("ssh")
        wrapper.write_text(f'#!/bin/sh\nexec {real} -F {folder}/client.conf "$@"\n')
        wrapper.chmod(0o755)
        self.env = {"PATH": f"{wrapper.parent}:{os.environ['PATH']}"}
        self.process: subprocess.Popen[bytes] | None = None

    def key(self, name: str) -> None:
        """Make a key."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    def know(self) -> None:
        """Let the client know the host's key."""
        public = (self.folder / "host.pub").read_text()
        (self.folder / "known").write_text(f"[{self.address}]:{self.port} {public}")

    def start(self) -> None:
        """Listen."""
        Path("/run/sshd").mkdir(exist_ok=True)
        config = self.folder / "sshd.conf"
        config.write_text(CONFIG.format(address=self.address, port=self.port, folder=self.folder))
        self.process = subprocess.Popen(
            (*self._before, SSHD, "-D", "-e", "-f", str(config)), stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            if self._listens(self.process.pid):
                return
            time.sleep(0.05)
        raise AssertionError("sshd does not listen")

    def _listens(self, pid: int) -> bool:
        """Whether it can be spoken to, in the network namespace in which it is."""
        lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
        sockets = (line.split() for line in lines)
        return any(each[1].endswith(f":{self.port:04X}") and each[3] == LISTENS for each in sockets)

    def stop(self) -> None:
        """End it, and nobody else."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    def program(self, name: str, text: str) -> None:
        """Put a program in front of those that are there."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """A server to log in to."""
    needs_sshd()
    server = Sshd(tmp_path)
    server.start()
    yield server
    server.stop()


def needs_sshd() -> None:
    """Skip a test where there can be none."""
    if os.geteuid() != 0:
        pytest.skip("only root may capture here")
    if not Path(SSHD).exists() or shutil.which("ssh") is None:
        pytest.skip("there is no sshd or no ssh")
