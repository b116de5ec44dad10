"""A real Exim in the server's namespace, with a configuration, a spool and logs of its own."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lab.process import running
from lab.server import DOMAIN, HOST, Account, Receipt, Server, listens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lab.network import Network

_USER = "Debian-exim"

_CONFIGURATION = """\
# An Exim that accepts mail for one domain and keeps it in a queue of its own.
primary_hostname = {host}
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
  accept domains = {domain}
  deny   message = relay not permitted

patient:
  accept delay = 1s
"""

_QUIRKS = {
    # Where Exim 4.96 offers PIPECONNECT, as it does by default, it does not check the
    # synchronisation behind an unknown command: that command gets a 500, and the session goes on.
    "strict": "pipelining_connect_advertise_hosts =",
    "slow-greeting": "acl_smtp_connect = patient",
    "long-greeting": f'smtp_banner = "{HOST} ESMTP\\nthis host takes mail for {DOMAIN} only"',
}
"""What Exim can be made to do; further lines for its configuration."""

_PORT = re.compile(r"\]:(\d+)")
_TAKEN = re.compile(r" <= .*\]:(\d+) .* for (.*)$")


def missing() -> str:
    """Why Exim cannot run here, in one sentence; empty where it can."""
    return "" if shutil.which("exim4") else "the lab needs exim4"


@contextlib.contextmanager
def server(net: Network, quirks: Collection[str] = ()) -> Iterator[Server]:
    """Exim on port 25 of the server's namespace, for a `with` block.

    Args:
        net: where.
        quirks: of `_QUIRKS`.
    """
    with tempfile.TemporaryDirectory(prefix="seamark-lab-") as name:
        home = Path(name)
        configuration = _install(home, "\n".join(_QUIRKS[quirk] for quirk in quirks))
        command = net.inside(net.server, "exim4", "-C", str(configuration), "-bdf", "-oX", "25")
        with running(command, home / "errors", lambda: listens(net)) as pid:
            yield Server(pid, home / "log" / "mainlog")


def account(log: str) -> Account:
    """What Exim's main log says."""
    lines = log.splitlines()
    taken = filter(None, map(_TAKEN.search, lines))
    return Account(
        tuple(dict.fromkeys(_ports(lines, "SMTP connection from ["))),
        tuple(Receipt(int(found[1]), frozenset(found[2].split())) for found in taken),
        tuple(_ports(lines, "SMTP protocol synchronization error")),
    )


def _ports(lines: list[str], words: str) -> list[int]:
    found = (_PORT.search(line) for line in lines if words in line)
    return [int(match[1]) for match in found if match]


def _install(home: Path, options: str) -> Path:
    configuration = home / "exim.conf"
    text = _CONFIGURATION.format(home=home, options=options, host=HOST, domain=DOMAIN)
    configuration.write_text(text, encoding="utf-8")
    configuration.chmod(0o644)
    for folder in (home, home / "spool", home / "log"):
        folder.mkdir(exist_ok=True)
        shutil.chown(folder, _USER, _USER)
    return configuration
