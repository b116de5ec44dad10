"""Which program a user without root may capture with, and the commands that let them."""

from __future__ import annotations

import re
import shlex
from typing import Final, NamedTuple

from dissect.doctor.check import Check, ok, warning
from dissect.source.facts import Facts

CAPTURES: Final = ("tcpdump", "dumpcap")
"""As live takes them: the first that is there."""

FILE: Final = re.compile(r"[-l]([-rwxsStT]{9})\S* +\d+ +(\S+) +(\S+) ")
"""A line of ``ls -l``: rights, owner, group."""

RAW: Final = re.compile(r"cap_net_raw[a-z_,]*[=+]([eip]+)(?: |$)")
"""How getcap tells of the capability, in either of its notations (capabilities(7))."""

NET_RAW: Final = 13
"""Its number, in ``linux/capability.h``."""

GROUP: Final = "wireshark"
"""Who may run dumpcap, as Debian and Fedora have it."""

EXECUTE: Final = "xs"
"""What stands for the right to run a file."""

LOGIN: Final = "Then log in again: a login keeps the groups that it has begun with."


class _Program(NamedTuple):
    """A capturing program, as far as its file tells."""

    name: str
    path: str
    rights: str
    """Nine letters."""
    owner: str
    group: str
    capabilities: str | None
    """None where nobody could tell."""

    @property
    def captures(self) -> bool:
        """Whether it has the right by itself, whoever starts it."""
        found = RAW.search((self.capabilities or "").removeprefix(self.path))
        setuid = self.owner == "root" and self.rights[2] == "s"
        return setuid or (found is not None and set("ep") <= set(found[1]))

    @property
    def for_all(self) -> bool:
        """Whether every user may start it."""
        return self.rights[8] in EXECUTE


def rights(found: Facts, program: str) -> Check | None:
    """What the files of the programs and the groups of the user say; None where they do not count.

    Args:
        found: of a machine.
        program: that will capture; empty for the first that is there.
    """
    user = found.one("user")
    if found.one("system") != "Linux" or found.one("uid") == "0":
        return None
    if int(found.one("ambient") or "0", 16) >> NET_RAW & 1:
        return ok("rights", f"{user} has cap_net_raw in all that is started")
    there = [each for name in CAPTURES if (each := _program(found, name))]
    wanted = [each for each in there if each.name == program] if program else there
    if not wanted:
        return None
    able = [each for each in wanted if each.captures]
    login = set(found.one("groups").split())
    for each in able:
        if each.for_all or each.group in login:
            return _may(each, user, first=each is wanted[0])
    if able:
        return _group(able[0], user, new=able[0].group in found.one("listed").split(), found=found)
    return _nothing(wanted, user, debian=bool(found.one("debian")))


def _may(program: _Program, user: str, *, first: bool) -> Check:
    """There is a program that captures; it may not be the one that is taken."""
    by = "" if program.for_all else f", by the group {program.group}"
    words = f"{user} may capture with {program.path}{by}"
    if first:
        return ok("rights", words)
    return warning("rights", f"{words}; tcpdump, which is taken first, may not.",
                   f"--program {program.name}")  # fmt: skip


def _group(program: _Program, user: str, *, new: bool, found: Facts) -> Check:
    """It is for a group to which this login does not belong."""
    if new:
        what = f"{user} has been put into the group {program.group}, and this login is older."
        shared = "log in again; a shared login of ssh is closed by: ssh -O exit HOST"
        here = f"Log in again; for this shell alone: newgrp {program.group}"
        return warning("rights", what, shared.capitalize() if found.one("connection") else here)
    what = f"Only the group {program.group} may run {program.path}, and {user} is not in it."
    return warning("rights", what, f"{_join(program.group, user)}\n{LOGIN}")


def _nothing(wanted: list[_Program], user: str, *, debian: bool) -> Check:
    """No program has the right by itself."""
    program = wanted[-1]
    if any(each.capabilities is None for each in wanted):
        what = "Without getcap it is not known which program may capture without root."
        return warning("rights", what, "sudo apt-get install libcap2-bin")
    what = f"{user} may not capture: {program.path} has no right to by itself."
    path = shlex.quote(program.path)
    if program.name != "dumpcap":
        return warning("rights", what, f"sudo setcap cap_net_raw=ep {path}")
    if debian:
        grant = "sudo dpkg-reconfigure wireshark-common      # Yes"
    else:
        grant = f"sudo groupadd -f -r {GROUP}\nsudo chgrp {GROUP} {path}\nsudo chmod 750 {path}\n"
        grant += f"sudo setcap cap_net_raw,cap_net_admin=eip {path}"
    return warning("rights", what, f"{grant}\n{_join(GROUP, user)}\n{LOGIN}")


def _join(group: str, user: str) -> str:
    return f"sudo usermod -a -G {shlex.quote(group)} {shlex.quote(user)}"


def _program(found: Facts, name: str) -> _Program | None:
    """What the machine says of the file of a program."""
    at = [words.partition(" ") for words in found.every("path")]
    files = [FILE.match(line) for line in found.every("file")]
    path, file = next(
        ((path, file) for (of, _, path), file in zip(at, files, strict=False) if of == name),
        ("", None),
    )
    if file is None:
        return None
    said = (words.partition(" ") for words in found.every("capabilities"))
    capabilities = next((told for of, _, told in said if of == name), None)
    return _Program(name, path, file[1], file[2], file[3], capabilities)
