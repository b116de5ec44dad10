"""A real Exim in the server's namespace, with a configuration, a spool and logs of its own."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.process import run, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.network import Network

_USER = "Debian-exim"

_CONFIGURATION = """\
# An Exim that accepts mail for one domain and keeps it in a queue of its own.
primary_hostname = mx.cam.example.net
spool_directory = {home}/spool
log_file_path = {home}/log/%slog
pid_file_path = {home}/exim.pid
log_selector = +incoming_port +received_recipients +smtp_connection \\
  +smtp_incomplete_transaction +smtp_protocol_error +smtp_syntax_error

# Nothing is looked up and nothing is sent.
host_lookup =
rfc1413_query_timeout = 0s
queue_only
queue_run_max = 0
recipients_max = 0
keep_environment =
tls_advertise_hosts = *
acl_smtp_rcpt = rcpt
{options}

begin acl

rcpt:
  accept domains = cam.example.net
  deny   message = relay not permitted
"""


_STRICT = """\
# Where Exim 4.96 offers PIPECONNECT, as it does by default, it does not check the synchronisation
# behind an unknown command: that command gets a 500, and the session goes on.
pipelining_connect_advertise_hosts =
"""


@dataclass(frozen=True)
class Server:
    """A running Exim."""

    pid: int
    home: Path

    def log(self) -> str:
        """Everything in Exim's main log so far."""
        path = self.home / "log" / "mainlog"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@contextlib.contextmanager
def server(net: Network, *, strict: bool = False) -> Iterator[Server]:
    """Exim listening on port 25 of the server's namespace, for a `with` block.

    Args:
        net: where.
        strict: drop a client that goes on talking behind an unknown command.
    """
    with tempfile.TemporaryDirectory(prefix="seamark-lab-") as name:
        home = Path(name)
        configuration = _install(home, _STRICT if strict else "")
        command = net.inside(net.server, "exim4", "-C", str(configuration), "-bdf", "-oX", "25")
        with running(command, home / "errors", lambda: _listens(net)) as pid:
            yield Server(pid, home)


def _install(home: Path, options: str) -> Path:
    configuration = home / "exim.conf"
    configuration.write_text(_CONFIGURATION.format(home=home, options=options), encoding="utf-8")
    configuration.chmod(0o644)
    for folder in (home, home / "spool", home / "log"):
        folder.mkdir(exist_ok=True)
        shutil.chown(folder, _USER, _USER)
    return configuration


def _listens(net: Network) -> bool:
    command = net.inside(net.server, "ss", "--listening", "--tcp", "--numeric", "--no-header")
    return ":25 " in run(command)
