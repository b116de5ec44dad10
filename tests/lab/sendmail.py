"""A real Sendmail in the server's namespace, run from where `./run` has unpacked it.

Debian lets only one mail server be installed, so that the package is unpacked into a folder and
nothing of it is installed. Its configuration is written here, for a program that takes mail for
one domain into a queue of its own, and does nothing else.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lab.process import TESTS, running
from lab.server import DOMAIN, HOST, Account, Quote, Receipt, Server, certificate, listens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lab.network import Network

PACKAGE = TESTS.parent / ".venv" / "sendmail"
"""Where `./run` unpacks the package."""

_PROGRAM = PACKAGE / "usr" / "libexec" / "sendmail" / "sendmail"

_CONFIGURATION = """\
# A Sendmail that accepts mail for one domain and keeps it in a queue of its own.
V10/Berkeley
Dj{host}
O QueueDirectory={home}/queue
O DeliveryMode=queueonly
O PidFile={home}/pid
O DaemonPortOptions=Name=MTA, Family=inet, Port=25, Modifiers=A
O OperatorChars=.:%@!^/[]+
O SmtpGreetingMessage=$j Sendmail; $b

# Nothing is looked up.
O ServiceSwitchFile={home}/services
O DontProbeInterfaces=true
O Timeout.ident=0

# A certificate in a temporary folder is as good as any.
O DontBlameSendmail=TrustStickyBit
O CACertPath={home}
O CACertFile={home}/certificate.pem
O ServerCertFile={home}/certificate.pem
O ServerKeyFile={home}/key.pem

# The log holds all that is said, and by whom.
O LogLevel=15
Klog syslog

HReceived: from $s by $j with $r id $i; $b

Scheck_relay
R$*	$: $(log connect port $&{{client_port}} $)

Scheck_mail
R$*	$: $(log mail port $&{{client_port}} $)

Scheck_rcpt
R$*@{domain}>	$@ ok
R$*	$#error $@ 5.7.1 $: 550 relaying denied

Sparse=0
R$*	$#local $: $1

Mlocal, P=/bin/false, F=l, A=false
"""
"""A rule's two sides are kept apart by a tab."""

_QUIRKS: dict[str, str] = {}
"""What Sendmail can be made to do; further lines for its configuration."""

_CAME = re.compile(r"^NOQUEUE: connect port +(\d+)$")
_BEGUN = re.compile(r"^(\w+): mail port +(\d+)$")
_QUEUED = re.compile(r"^(\w+): to=<([^>]*)>.* stat=queued$")
_QUOTED = re.compile(r'^(\w+): --- 500 5\.5\.1 Command unrecognized: "(.*)"$')

_NAMED = f'echo {HOST} >/proc/sys/kernel/hostname; exec "$@"'
"""Sendmail waits a minute for a host without a dot in its name to get a better one."""


def missing() -> str:
    """Why Sendmail cannot run here, in one sentence; empty where it can."""
    if not _PROGRAM.exists():
        return "the lab needs a Sendmail, which ./run test fetches where there is apt"
    absent = [command for command in ("openssl", "unshare") if shutil.which(command) is None]
    return f"the lab needs {' and '.join(absent)}, for Sendmail" if absent else ""


@contextlib.contextmanager
def server(net: Network, quirks: Collection[str] = ()) -> Iterator[Server]:
    """Sendmail on port 25 of the server's namespace, for a `with` block.

    Args:
        net: where.
        quirks: of `_QUIRKS`.
    """
    with tempfile.TemporaryDirectory(prefix="seamark-lab-") as name:
        home = Path(name)
        configuration = _install(home, "\n".join(_QUIRKS[quirk] for quirk in quirks))
        diary = home / "log"
        command = net.inside(
            net.server,
            *("unshare", "--uts", "sh", "-c", _NAMED, "sh"),
            # With this debugging flag the log goes to where -D says, and not to the system's.
            *(str(_PROGRAM), "-C", str(configuration), "-D", str(diary), "-d89.8", "-bD"),
        )
        with running(command, home / "errors", lambda: listens(net)) as pid:
            yield Server(pid, diary)


def account(log: str) -> Account:
    """What Sendmail's log says; it has a name for each transaction, and tells its client's port."""
    lines = log.splitlines()
    begun = {found[1]: int(found[2]) for found in map(_BEGUN.search, lines) if found}
    queued = [(found[1], found[2]) for found in map(_QUEUED.search, lines) if found]
    receipts = (
        Receipt(port, frozenset(to for name, to in queued if name == identity))
        for identity, port in begun.items()
    )
    quoted = (found for found in map(_QUOTED.search, lines) if found and found[1] in begun)
    return Account(
        tuple(dict.fromkeys(int(found[1]) for found in map(_CAME.search, lines) if found)),
        tuple(receipt for receipt in receipts if receipt.recipients),
        hasty=(),
        quoted=tuple(Quote(begun[found[1]], found[2]) for found in quoted),
    )


def _install(home: Path, options: str) -> Path:
    configuration = home / "sendmail.cf"
    text = _CONFIGURATION.format(home=home, host=HOST, domain=DOMAIN) + options
    configuration.write_text(text, encoding="utf-8")
    (home / "services").write_text("hosts files\n", encoding="utf-8")
    (home / "queue").mkdir(mode=0o700)
    certificate(home)
    return configuration
