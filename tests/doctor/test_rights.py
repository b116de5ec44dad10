"""Who may capture without root: copies of the real programs, with real capabilities and groups."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from dissect.doctor import Status
from dissect.doctor.facts import SCRIPT
from dissect.doctor.rights import rights
from dissect.source.facts import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.doctor import Check

USER: Final = "daemon"
"""A user with a group of the same name, on every system."""

NEEDED: Final = ("setcap", "getcap", "setpriv", "dumpcap")

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may give capabilities"),
    pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"it takes {NEEDED}"),
]


class Machine:
    """A folder of capturing programs, as a user sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, name: str, *, group: str = "root", mode: int = 0o755, raw: bool = False) -> None:
        """Put a copy of a program there."""
        real = shutil.which(name)
        assert real is not None
        path = self.folder / name
        shutil.copyfile(real, path)
        os.chown(path, 0, grp.getgrnam(group).gr_gid)
        path.chmod(mode)
        if raw:
            done = subprocess.run(("setcap", "cap_net_raw,cap_net_admin=eip", path), check=False)
            if done.returncode:
                pytest.skip("this file system keeps no capabilities")

    def sh(self, script: str, *groups: str) -> subprocess.CompletedProcess[str]:
        """What a shell of the user's says, whose login has these groups."""
        gids = [str(grp.getgrnam(name).gr_gid) for name in groups]
        more = f"--groups={','.join(gids)}" if gids else "--clear-groups"
        none = str(pwd.getpwnam("nobody").pw_gid)
        path = f"{self.folder}:/usr/bin:/bin"
        return subprocess.run(
            ("setpriv", f"--reuid={USER}", f"--regid={none}", more, "sh", "-c", script),
            env={"PATH": path}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def rights(self, *groups: str, program: str = "") -> Check:
        """What is said to the user."""
        ran = self.sh(SCRIPT, *groups)
        check = rights(parsed(ran.stdout, 0.0, 1.0), program)
        assert check is not None
        return check

    def captures(self, *groups: str) -> bool:
        """Whether dumpcap really may open an interface."""
        return self.sh(f"{self.folder}/dumpcap -L -i lo", *groups).returncode == 0


@pytest.fixture
def machine() -> Iterator[Machine]:
    """Without a program."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Machine(Path(folder))


def test_dumpcap_for_a_group(machine: Machine) -> None:
    """Whose login has the group may capture, and does."""
    machine.has("dumpcap", group=USER, mode=0o750, raw=True)
    check = machine.rights(USER, program="dumpcap")
    assert check.status is Status.OK
    assert check.what.endswith(f"dumpcap, by the group {USER}")
    assert machine.captures(USER)


def test_a_login_that_is_older_than_its_group(machine: Machine) -> None:
    """The user is in the group, and must log in again before that counts."""
    machine.has("dumpcap", group=USER, mode=0o750, raw=True)
    check = machine.rights(program="dumpcap")
    assert (check.status, "login is older" in check.what) == (Status.WARNING, True)
    assert check.remedy == f"Log in again; for this shell alone: newgrp {USER}"
    assert not machine.captures()


def test_a_user_outside_the_group(machine: Machine) -> None:
    """The exact command, and that it takes a new login."""
    machine.has("dumpcap", group="adm", mode=0o750, raw=True)
    check = machine.rights(program="dumpcap")
    assert check.status is Status.WARNING
    assert check.remedy.startswith(f"sudo usermod -a -G adm {USER}\nThen log in again")
    assert not machine.captures()


def test_dumpcap_without_a_right(machine: Machine) -> None:
    """The grant is that of the system, and then the group."""
    machine.has("dumpcap")
    check = machine.rights(program="dumpcap")
    grant, *_, join, login = check.remedy.splitlines()
    if shutil.which("dpkg-reconfigure"):
        assert grant.startswith("sudo dpkg-reconfigure wireshark-common")
    assert join == f"sudo usermod -a -G wireshark {USER}"
    assert login.startswith("Then log in again")
    assert not machine.captures()


def test_dumpcap_may_and_tcpdump_comes_first(machine: Machine) -> None:
    """What may capture has to be named, because live takes the other one."""
    if shutil.which("tcpdump") is None:
        pytest.skip("tcpdump is not installed")
    machine.has("tcpdump")
    machine.has("dumpcap", raw=True)
    check = machine.rights()
    assert (check.status, check.remedy) == (Status.WARNING, "--program dumpcap")
    assert machine.rights(program="dumpcap").status is Status.OK
    alone = machine.rights(program="tcpdump")
    assert alone.remedy == f"sudo setcap cap_net_raw=ep {machine.folder}/tcpdump"


def test_without_getcap_nothing_is_believed() -> None:
    """What could not be found out is not called ok."""
    said = "".join(
        f"seamark\t{line}\n"
        for line in (
            "system\tLinux", "user\tme", "uid\t1000", "path\tdumpcap /usr/bin/dumpcap",
            "file\t-rwxr-xr-x 1 root root 129632 May  3  2026 /usr/bin/dumpcap",
        )
    )  # fmt: skip
    check = rights(parsed(said, 0.0, 1.0), "")
    assert check is not None
    assert (check.status, "getcap" in check.what) == (Status.WARNING, True)


@pytest.mark.parametrize("told", ["uid\t0", "system\tFreeBSD"])
def test_where_files_do_not_count(told: str) -> None:
    """Root captures anyway, and other systems have other ways."""
    said = f"seamark\t{told}\nseamark\tsystem\tLinux\nseamark\tuid\t1\n"
    assert rights(parsed(said, 0.0, 1.0), "") is None


def test_rights_of_a_service(machine: Machine) -> None:
    """A unit of systemd that gives the capability to all that it starts (capabilities(7))."""
    machine.has("dumpcap")
    caps = ("--inh-caps=+net_raw", "--ambient-caps=+net_raw")
    ran = subprocess.run(
        ("setpriv", f"--reuid={USER}", "--clear-groups", *caps, "sh", "-c", SCRIPT),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode:
        pytest.skip("this machine gives no ambient capabilities")
    check = rights(parsed(ran.stdout, 0.0, 1.0), "")
    assert check is not None
    assert check.status is Status.OK
