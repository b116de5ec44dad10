"""A real Postfix in the server's namespace, run from where `./run` has unpacked it.

Debian lets Postfix and Exim not be installed side by side, so that the package is unpacked into a
folder and nothing of it is installed. Configuration, queue and log are made for each run; the
users that Postfix insists on are two that every Debian has.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lab.process import TESTS, running
from lab.server import DOMAIN, HOST, Account, Receipt, Server, certificate, listens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lab.network import Network

PACKAGE = TESTS.parent / ".venv" / "postfix"
"""Where `./run` unpacks the package."""

_LIBRARIES = PACKAGE / "usr" / "lib" / "postfix"
_DAEMONS = _LIBRARIES / "sbin"
_OWNER, _GROUP = "daemon", "uucp"
"""Whom the queue belongs to, and who may put mail into it: Postfix wants two groups for that."""

_MAIN = """\
# A Postfix that accepts mail for one domain and throws it away.
compatibility_level = 3.6
myhostname = {host}
mydestination =
relay_domains = {domain}
relay_transport = discard
default_transport = discard
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_limit = 10000

# It is run from where it was unpacked.
queue_directory = {home}/queue
data_directory = {home}/data
meta_directory = {home}
daemon_directory = {daemons}
command_directory = {package}/usr/sbin
shlib_directory = {libraries}
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
mail_owner = {owner}
setgid_group = {group}
default_privs = nobody

# Everything goes into one log; nothing is looked up, and no reply is held back.
maillog_file = {home}/log/maillog
maillog_file_prefixes = {home}
smtpd_client_port_logging = yes
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0

# Releases differ in what they do by default to a client that talks too soon: this one notes it.
smtpd_forbid_unauth_pipelining = no

smtpd_tls_security_level = may
smtpd_tls_cert_file = {home}/certificate.pem
smtpd_tls_key_file = {home}/key.pem
smtpd_tls_loglevel = 1
{options}
"""

_MASTER = """\
25       inet       n - n - - smtpd
cleanup  unix       n - n - 0 cleanup
qmgr     unix       n - n 300 1 qmgr
tlsmgr   unix       - - n 1000? 1 tlsmgr
rewrite  unix       - - n - - trivial-rewrite
bounce   unix       - - n - 0 bounce
defer    unix       - - n - 0 bounce
trace    unix       - - n - 0 bounce
anvil    unix       - - n - 1 anvil
discard  unix       - - n - - discard
error    unix       - - n - - error
retry    unix       - - n - - error
proxymap unix       - - n - - proxymap
postlog  unix-dgram n - n - 1 postlogd
"""

_QUIRKS = {
    "bare-newlines": "smtpd_forbid_bare_newline = no",
    "dated-greeting": "smtpd_banner = $myhostname ESMTP $mail_name 2.0 of 2020-10-20",
    "slow-greeting": "smtpd_client_restrictions = sleep 1\nsmtpd_delay_reject = no",
}
"""What Postfix can be made to do; further lines for main.cf."""

_QUEUE = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming"),
    *("maildrop", "private", "public", "saved", "trace"),
)

_CAME = re.compile(r": connect from \S+\]:(\d+)")
_BEGUN = re.compile(r": ([0-9A-Z]{6,}): client=\S+\]:(\d+)")
_TO = re.compile(r": ([0-9A-Z]{6,}): to=<([^>]*)>.* status=sent")


def missing() -> str:
    """Why Postfix cannot run here, in one sentence; empty where it can."""
    if not (_DAEMONS / "master").exists():
        return "the lab needs a Postfix, which ./run test fetches where there is apt"
    if shutil.which("openssl") is None:
        return "the lab needs openssl, for Postfix's certificate"
    return ""


@contextlib.contextmanager
def server(net: Network, quirks: Collection[str] = ()) -> Iterator[Server]:
    """Postfix on port 25 of the server's namespace, for a `with` block.

    Args:
        net: where.
        quirks: of `_QUIRKS`.
    """
    with tempfile.TemporaryDirectory(prefix="seamark-lab-") as name:
        home = Path(name)
        _install(home, "\n".join(_QUIRKS[quirk] for quirk in quirks))
        command = net.inside(
            net.server,
            *("env", f"LD_LIBRARY_PATH={_LIBRARIES}"),
            *(str(_DAEMONS / "master"), "-c", str(home), "-d"),
        )
        with running(command, home / "errors", lambda: listens(net)) as pid:
            yield Server(pid, home / "log" / "maillog")


def account(log: str) -> Account:
    """What Postfix's log says."""
    lines = log.splitlines()
    begun = {found[1]: int(found[2]) for found in map(_BEGUN.search, lines) if found}
    sent = [(found[1], found[2]) for found in map(_TO.search, lines) if found]
    receipts = (
        Receipt(port, frozenset(to for queued, to in sent if queued == identity))
        for identity, port in begun.items()
    )
    return Account(
        tuple(dict.fromkeys(int(found[1]) for found in map(_CAME.search, lines) if found)),
        tuple(receipt for receipt in receipts if receipt.recipients),
        hasty=(),
    )


def _install(home: Path, options: str) -> None:
    text = _MAIN.format(
        home=home,
        host=HOST,
        domain=DOMAIN,
        daemons=_DAEMONS,
        package=PACKAGE,
        libraries=_LIBRARIES,
        owner=_OWNER,
        group=_GROUP,
        options=options,
    )
    (home / "main.cf").write_text(text, encoding="utf-8")
    (home / "master.cf").write_text(_MASTER, encoding="utf-8")
    home.chmod(0o755)
    _folders(home)
    certificate(home)


def _folders(home: Path) -> None:
    """What Postfix's installation makes: a queue that belongs to its user, and a log folder."""
    (home / "log").mkdir()
    (home / "queue").mkdir()
    (home / "queue" / "pid").mkdir()
    for folder in (home / "data", *(home / "queue" / name for name in _QUEUE)):
        folder.mkdir(mode=0o700)
        shutil.chown(folder, _OWNER)
    for name, mode in (("maildrop", 0o730), ("public", 0o710)):
        shutil.chown(home / "queue" / name, group=_GROUP)
        (home / "queue" / name).chmod(mode)
