"""Where live packets come from: a capturing program here or behind ssh, or a stream that is open.

The program is started by one shell script, here and on a remote host alike, which needs nothing
but a POSIX shell and tcpdump or dumpcap.  What the user chose reaches it as positional parameters
and is never part of its text.  It holds on to its standard input: when that is closed, or the
connection is cut, it ends the program, which leaves nothing behind on either side.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import shlex
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from dissect.errors import CaptureError, SeamarkError, UsageError
from dissect.escape import visible
from dissect.source.descriptor import available
from dissect.source.refusals import refusal
from dissect.source.ring import Ring

Privilege = Literal["none", "sudo", "sudo-ask", "doas"]
"""How the capturing program gets its rights: ``sudo-ask`` takes a password, ``sudo`` has none."""

MAIL: Final = (
    "tcp port 25 or tcp port 465 or tcp port 587 or tcp port 2525"
    " or (ip[6:2] & 0x1fff != 0) or ip6[6] = 44"
    " or icmp[icmptype] = icmp-unreach or (icmp6 and ip6[40] = 2)"
)
"""The default filter: mail, fragments behind the first, and what tells of a small path MTU."""

_SCRIPT: Final = r"""
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin; export PATH; LC_ALL=C; export LC_ALL;
i=$1 f=$2 r=$3 w=$4 m= o= u= d= n=0;
set -- ${SSH_CONNECTION-};
if [ $# -eq 4 ]; then
  o=1 f="${f:+($f) and }not (host ${1%%%*} and tcp port $2 and tcp port $4)";
fi;
t=$w v=true;
if [ -z "$t" ]; then
  if command -v tcpdump >/dev/null; then t=tcpdump; else t=dumpcap; fi;
fi;
echo "seamark: program $t" >&2;
case $r in
  sudo) r="sudo -n";;
  doas) r="doas -n";;
  sudo-ask) sudo -S -p "" -v || exit 96; r="sudo -n" v="sudo -n -v";;
  *) r=;;
esac;
command -v $t >/dev/null || { echo "seamark: $t is missing" >&2; exit 127; };
if [ $t = dumpcap ]; then
  g="$r"' dumpcap -q -P -B %PACKED% -i "$i" -f "$f" -w -';
else
  h=$(tcpdump --help 2>&1) b=%LEAST%;
  { read -r x n x </proc/meminfo; } 2>/dev/null && n=$((n/32));
  [ "$n" -le $b ] || b=$n;
  [ $b -le %BUFFER% ] || b=%BUFFER%;
  case $h in *immediate-mode*) m=--immediate-mode;; esac;
  case $h in *"-B size"*) m="$m -B $b";; esac;
  g="$r tcpdump -U $m"' -n -s %SNAP% -i "$i" -w - -- "$f"';
fi;
case $r:$(uname) in ?*:Linux)
  $r kill -0 $$ </dev/null >/dev/null 2>&1 || u="script -qec";
  SHELL=/bin/sh; export SHELL;
  [ -z "$u" ] || $u "$v" /dev/null </dev/null >/dev/null 2>&1 || u=;;
esac;
e() {
  if [ -n "$u" ]; then kill -9 $p; exit; fi;
  kill $p || $r kill $p;
  for n in 1 2 3 4 5; do sleep 1; kill -0 $p || $r kill -0 $p || exit; done;
  kill -9 $p || $r kill -9 $p;
};
q() {
  exec 4>&-;
  n=0;
  trap n=0 USR1;
  while [ $n -lt %LONELY% ]; do sleep 5; kill -0 $$ || exit; n=$((n+1)); done;
  e;
};
export i f;
exec 3<&0 4>&2 5>&1;
if [ -n "$u" ]; then
  $u "$g >&5 2>&4 3<&- 4>&- 5>&-; exit \$?" /dev/null </dev/null >/dev/null 3<&- & p=$!;
else
  eval "exec $g" </dev/null 3<&- 4>&- 5>&- & p=$!;
fi;
exec 5>&-;
{
  while read -r x; do
    case "$x:$t:$(uname):$u" in *count:tcpdump:Linux:) kill -USR1 $p;; esac;
    echo "seamark: clock ${x%% *} $(date +%s.%N)" >&4;
    if [ -n "$d" ]; then kill -USR1 $d; elif [ -n "$o" ]; then q & d=$!; fi;
  done;
  exec 4>&-;
  if [ -n "$d" ]; then kill $d; fi;
  e;
} <&3 >/dev/null 2>&1 & k=$!;
exec 3<&- 4>&-;
{ wait $p; c=$?; } 2>/dev/null;
kill $k 2>/dev/null;
exit $c
"""

BUFFER: Final = 131_072
"""KiB that the kernel may fill while tcpdump is busy, where the machine has 4 GiB or more."""

LEAST: Final = 32_768
"""KiB that it may fill on a small machine: of others a 32nd of the memory, up to ``BUFFER``."""

PACKED: Final = 32
"""MiB for dumpcap; packets take no more of it than their own size, as it has no immediate mode."""

SNAP: Final = 66_000
"""Bytes of a packet that are captured: more than any that is not a jumbo of IPv6.

In immediate mode libpcap gives each packet a slot of this size (``pcap-linux.c``,
``setup_mmapped``), on ``any``, on loopback and wherever the card merges segments: ``LEAST`` is 500
packets, and ``BUFFER`` is 2,000.  Without immediate mode tcpdump hands packets on after up to a
second, so that it is kept.
"""

LONELY: Final = 24
"""Times five seconds without a question, from which on a remote program ends: a path that was
cut tells neither side, and a capture that nobody reads would go on for hours."""

SCRIPT: Final = (
    " ".join(line.strip() for line in _SCRIPT.strip().splitlines())
    .replace("%BUFFER%", str(BUFFER))
    .replace("%LEAST%", str(LEAST))
    .replace("%PACKED%", str(PACKED))
    .replace("%SNAP%", str(SNAP))
    .replace("%LONELY%", str(LONELY))
)
"""Takes an interface, a filter, a privilege and a program (empty for any).

Each line on its standard input is a number, and asks what time it is; behind the number ``count``
asks the program for its counters as well.  The end of it ends the program.

Who may run a program as root may often not end it.  Then it runs on a terminal of its own, which
script(1) makes: when that is closed, the kernel hangs up what runs in its foreground, whoever it
belongs to.  The shell in front of it leads the session, because doas holds that signal back.
It is one line, so that a csh on the other side passes it on, too.
"""

WORD: Final = re.compile(r"[A-Za-z0-9_.:@%+~-]{1,64}")
"""What names of interfaces are made of."""

HOST: Final = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_.+\\-]{1,64})@)?"
    r"(?:\[(?P<six>[0-9A-Fa-f:.%A-Za-z]{2,64})\]|(?P<name>[A-Za-z0-9_.-]{1,253}))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)

PIPE: Final = 1 << 20
"""Bytes that the kernel keeps for us while we are busy."""

SSH: Final = (
    "ssh", "-T", "-x", "-a", "-e", "none", "-o", "ConnectTimeout=15",
    "-o", "ClearAllForwardings=yes", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3",
)  # fmt: skip


class Host(NamedTuple):
    """A remote host, as ssh takes it."""

    name: str
    user: str = ""
    port: int = 0

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        user = f"{self.user}@" if self.user else ""
        return user + name + (f":{self.port}" if self.port else "")


def host(word: str) -> Host:
    """What ``[USER@]HOST[:PORT]`` says.

    Raises:
        UsageError: for what is none, or what ssh or a shell could take for something else.
    """
    found = HOST.fullmatch(word)
    name = (found["six"] or found["name"]) if found else ""
    user = (found["user"] or "") if found else ""
    port = int(found["port"] or 0) if found else 0
    if not found or name.startswith("-") or user.startswith("-") or port > 65535:  # noqa: PLR2004
        raise UsageError(
            f"{visible(word)} is no host to be reached by ssh.", "Write it as [USER@]HOST[:PORT]."
        )
    return Host(name, user, port)


def interface(word: str) -> str:
    """An interface's name, if it can be one.

    Raises:
        UsageError: if it cannot.
    """
    if not WORD.fullmatch(word) or word.startswith("-"):
        raise UsageError(f"{visible(word)} is no name of an interface.", "ip -br link lists them.")
    return word


def shell(
    script: str, words: Sequence[str] = (), there: Host | None = None, *, batch: bool = False
) -> list[str]:
    """The words that run a script in a POSIX shell, here or through ssh.

    Args:
        script: one line.
        words: its positional parameters.
        there: the remote host; None for this machine.
        batch: fail at once where ssh would ask something.
    """
    if there is None:
        return ["/bin/sh", "-c", script, "seamark", *words]
    user = ["-l", there.user] if there.user else []
    port = ["-p", str(there.port)] if there.port else []
    asks = ["-o", "BatchMode=yes"] if batch else []
    command = shlex.join(["sh", "-c", script, "seamark", *words])
    return [*SSH, *asks, *user, *port, "--", there.name, command]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """Where to capture, and how."""

    interface: str
    bpf: str = MAIL
    host: Host | None = None
    """None for this machine."""
    privilege: Privilege = "none"
    program: Literal["", "tcpdump", "dumpcap"] = ""
    batch: bool = False
    """Fail at once where ssh would ask something."""

    def __str__(self) -> str:
        return f"{self.host}:{self.interface}" if self.host else self.interface

    def command(self) -> list[str]:
        """The words that start it."""
        words = (self.interface, self.bpf, self.privilege, self.program)
        return shell(SCRIPT, words, self.host, batch=self.batch)


class Line(NamedTuple):
    """A stream of packets that is open: descriptors, which can be handed to another process."""

    name: str
    out: int = -1
    """The capture."""
    errors: int = -1
    """What the programs behind it say."""
    lifeline: int = -1
    """Ends them when it is closed."""
    follow: str = ""
    """A file that grows, or the ring of such files, to be read where there is no descriptor."""
    tap: Tap | None = None
    """What opens it again when it has ended by itself; None where nothing may."""
    here: bool = False
    """Whether it is this machine that captures, whose clock is ours."""
    process: int = -1
    """The ssh that holds it, as pidfd_open(2) has it; where there is none, ssh's own patience
    ends it."""
    host: str = ""
    """The remote host, which its errors may name."""

    @property
    def descriptors(self) -> frozenset[int]:
        """Those that are open."""
        return frozenset({self.out, self.errors, self.lifeline, self.process}) - {-1}

    def close(self) -> None:
        """Close this process's descriptors."""
        for descriptor in self.descriptors:
            os.close(descriptor)


def connect(tap: Tap, password: bytes = b"", *, cancelled: int = -1) -> Line:
    """Start capturing; what ssh asks, it asks on the terminal.  Returns when packets may come.

    Args:
        tap: where.
        password: for ``sudo-ask``.
        cancelled: a descriptor that ends it when it can be read.

    Raises:
        SeamarkError: if nothing can be captured, with the reason.
    """
    command = tap.command()
    try:
        process = subprocess.Popen(  # noqa: S603 - a list; what the user chose was looked at
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise refusal(tap, 127, f"{command[0]}: not found ({error.strerror})") from None
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    pipes = (process.stdout, process.stderr, process.stdin)
    out, errors, lifeline = (os.dup(pipe.fileno()) for pipe in pipes)
    there = tap.host.name if tap.host else ""
    held = _held(process.pid) if there else -1
    line = Line(str(tap), out, errors, lifeline, here=not there, process=held, host=there)
    for pipe in pipes:
        pipe.close()
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(line.out, fcntl.F_SETPIPE_SZ, PIPE)  # Linux; others keep theirs
    try:
        if password:
            os.write(line.lifeline, password + b"\n")
        _await(tap, line, process, cancelled)
    except BaseException:
        line.close()
        process.terminate()
        process.wait()
        raise
    return line


def _held(process: int) -> int:
    """A descriptor of a process, which can be handed to another one; -1 where there are none."""
    opens: Callable[[int], int] | None = getattr(os, "pidfd_open", None)  # Linux 5.3
    if opens is not None:
        with contextlib.suppress(OSError):
            return opens(process)
    return -1


def end(process: int) -> None:
    """End a process that will not end by itself, as far as there is a descriptor of it.

    A program on this side of a connection would wait for the other side, which is not there.
    """
    if process >= 0:
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(process, signal.SIGTERM)


def following(path: str) -> Line:
    """A line for captures that another program writes.

    Args:
        path: a file, what the files of a ring begin with, or their directory.

    Raises:
        SeamarkError: if it cannot be followed.
    """
    Ring(path).first()
    return Line(path, follow=os.path.abspath(path))  # noqa: PTH100 - links stay as they are


def _await(tap: Tap, line: Line, process: subprocess.Popen[bytes], cancelled: int) -> None:
    """Wait for the first bytes of the capture.

    Raises:
        SeamarkError: if it ends before.
    """
    said = b""
    waiting = {line.out, line.errors, cancelled} - {-1}
    while True:
        ready, _, _ = select.select(waiting, [], [])
        if cancelled in ready:
            raise CaptureError("It was not waited for.")
        if line.errors in ready:
            data = os.read(line.errors, 1 << 16)
            said += data
            waiting -= set() if data else {line.errors}
        if line.out in ready:
            if not available(line.out):
                raise _failed(tap, line, process, said)
            return


def _failed(tap: Tap, line: Line, process: subprocess.Popen[bytes], said: bytes) -> SeamarkError:
    """Why nothing came."""
    code = process.wait()
    while data := os.read(line.errors, 1 << 16):
        said += data
    return refusal(tap, code, said.decode("utf-8", "replace"))


def words(lines: Sequence[Line]) -> list[str]:
    """Lines as words, for another process that inherits their descriptors."""
    return [json.dumps({**line._asdict(), "tap": written(line.tap)}) for line in lines]


def line(word: str) -> Line:
    """The line that a word of ``words`` stands for."""
    said = json.loads(word)
    return Line(**{**said, "tap": read(said["tap"]) if said["tap"] else None})


def written(tap: Tap | None) -> dict[str, Any] | None:
    """A tap as JSON has it."""
    return None if tap is None else asdict(tap)


def read(said: dict[str, Any]) -> Tap:
    """What ``written`` has made a word of."""
    there = said["host"]
    return Tap(**{**said, "host": Host(*there) if there else None})


def lasting(line: Line, tap: Tap) -> Line:
    """A line that is opened again when it ends by itself: nobody is asked anything then.

    Args:
        line: as ``connect`` gave it.
        tap: what it was connected to; one that took a password is left to end.
    """
    if tap.privilege == "sudo-ask":
        return line
    return line._replace(tap=replace(tap, batch=True))
