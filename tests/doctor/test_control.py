"""A login that several captures share, as ssh's own files have it, against a real sshd."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from doctor.test_doctor import there
from live.conftest import sshd

from dissect.doctor import Status
from dissect.doctor.control import control
from dissect.source.tap import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.conftest import Sshd

    from dissect.doctor import Check

__all__ = ["sshd"]


@pytest.fixture(autouse=True)
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ssh that is found is the one that knows the server."""
    if "sshd" in request.fixturenames:
        server: Sshd = request.getfixturevalue("sshd")
        monkeypatch.setenv("PATH", server.env["PATH"])


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name leaves room for that of a socket."""
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as folder:
        yield Path(folder)


def settings(sshd: Sshd, **said: object) -> None:
    """Write them into the client's file."""
    with (sshd.folder / "client.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"  {name} {value}\n" for name, value in said.items())


def shared(sshd: Sshd) -> Check:
    """What is said of the login."""
    check = control(Host("127.0.0.1", "root", sshd.port))
    assert check is not None
    return check


def login(sshd: Sshd) -> int:
    """What ssh itself makes of it: its exit code."""
    where = ("-p", str(sshd.port), "root@127.0.0.1", "true")
    return subprocess.run(
        ("ssh", "-o", "BatchMode=yes", *where), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
    ).returncode  # fmt: skip


def close(sshd: Sshd) -> None:
    """End the login that is shared."""
    where = ("-p", str(sshd.port), "root@127.0.0.1")
    subprocess.run(("ssh", "-O", "exit", *where), check=True, capture_output=True)


def test_nothing_is_shared(sshd: Sshd) -> None:
    """That is no fault, and how it is done is told."""
    code, found = there(sshd)
    assert (code, found["shared-login"]["status"]) == (0, "ok")
    assert "ControlMaster auto, ControlPath" in found["shared-login"]["remedy"]


def test_a_login_is_shared(sshd: Sshd, short: Path) -> None:
    """What is made for the first serves the second, and is seen."""
    settings(sshd, ControlMaster="auto", ControlPath=short / "s-%C", ControlPersist=30)
    check = shared(sshd)
    assert (check.status, "one login serves all captures" in check.what) == (Status.OK, True)
    assert login(sshd) == 0
    try:
        assert shared(sshd).what.startswith("open at")
    finally:
        close(sshd)


def test_a_folder_that_is_not_there(sshd: Sshd, short: Path) -> None:
    """Ssh would end behind the login; the command that makes the folder mends it."""
    settings(sshd, ControlMaster="auto", ControlPath=short / "no" / "s")
    assert login(sshd) == 255
    check = shared(sshd)
    assert check.status is Status.MISSING
    subprocess.run(("sh", "-c", check.remedy), check=True)
    assert login(sshd) == 0
    assert shared(sshd).status is Status.OK


@pytest.mark.skipif(sys.platform != "linux", reason="the bound is another one elsewhere")
@pytest.mark.parametrize(("size", "fits"), [(90, True), (91, False)])
def test_a_name_that_is_too_long(sshd: Sshd, short: Path, size: int, *, fits: bool) -> None:
    """The bound is that of ssh itself, to the byte."""
    room = size - len(os.fsencode(short)) - 1
    settings(sshd, ControlMaster="auto", ControlPath=short / ("x" * room))
    assert (login(sshd) == 0) is fits
    check = shared(sshd)
    assert (check.status is Status.OK) is fits
    assert fits or "ControlPath ~/.ssh/%C" in check.remedy


def test_a_folder_of_others(sshd: Sshd, short: Path) -> None:
    """Whoever may write there could wait for our captures (ssh_config(5))."""
    (short / "open").mkdir()
    (short / "open").chmod(0o777)
    settings(sshd, ControlMaster="auto", ControlPath=short / "open" / "s")
    check = shared(sshd)
    assert (check.status, check.remedy[:10]) == (Status.WARNING, "chmod go-w")


def test_a_master_without_a_place(sshd: Sshd) -> None:
    """It shares nothing."""
    settings(sshd, ControlMaster="auto")
    assert shared(sshd).status is Status.WARNING


def test_a_place_without_a_master(sshd: Sshd, short: Path) -> None:
    """A login is shared where somebody has opened it by hand, and none is made."""
    settings(sshd, ControlPath=short / "no" / "s")
    assert login(sshd) == 0
    assert shared(sshd).what.endswith("none is open")


def test_without_ssh(monkeypatch: pytest.MonkeyPatch, short: Path) -> None:
    """Nothing can be said; that ssh is missing, the next check tells."""
    monkeypatch.setenv("PATH", str(short))
    assert control(Host("mx")) is None
