"""The folder of evidence, looked at before a capture writes there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from doctor.test_doctor import checks, doctor
from live.test_evidence import small_disk

from dissect.doctor import Status, keeping
from dissect.live.evidence import Keeping
from dissect.source.folder import Folder

if TYPE_CHECKING:
    from pathlib import Path

    from dissect.doctor import Check

only_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount"
)


def found(place: Path, size: int = 1 << 20) -> dict[str, Check]:
    """The checks by their names."""
    return {check.name: check for check in keeping(str(place), size)}


def test_a_folder_that_will_be_made(tmp_path: Path) -> None:
    """It can be, and is not: nothing is changed."""
    place = tmp_path / "new" / "kept"
    code, told = checks("-i", "lo", "--keep-dir", str(place))
    assert told["keep-dir"]["status"] == "ok"
    assert "makes it" in told["keep-dir"]["what"]
    assert not place.parent.exists()
    assert code in {0, 3}, "what else is missing is not this test's"


def test_a_folder_that_is_there(tmp_path: Path) -> None:
    """What earlier runs have written has its room already."""
    name = "seamark_20231114T221320.500000Z_192.0.2.1-1_192.0.2.2-25_lo.pcapng"
    Folder(tmp_path, 1 << 20, 9).write(name, bytes(2048))
    (tmp_path / "mine").write_bytes(bytes(5000))
    told = found(tmp_path)
    assert {check.status for check in told.values()} == {Status.OK}
    assert "2.0 KiB written, for --keep-size 1.0 MiB" in told["keep-size"].what


@pytest.mark.parametrize("name", ["file", "file/kept"])
def test_a_file_in_its_place(tmp_path: Path, name: str) -> None:
    """As live refuses it."""
    (tmp_path / "file").touch()
    told = found(tmp_path / name)
    assert [check.status for check in told.values()] == [Status.MISSING]
    assert "is no folder" in told["keep-dir"].what


@only_root
def test_a_disk_that_is_too_small(tmp_path: Path) -> None:
    """The size that is proposed fits."""
    place = tmp_path / "small"
    with small_disk(place, "4m"):
        place.chmod(0o700)
        told = found(place, 1 << 30)
        assert told["keep-size"].status is Status.WARNING
        assert told["keep-size"].remedy == "--keep-size 3M"
        assert found(place, 3 << 20)["keep-size"].status is Status.OK


@only_root
def test_a_folder_that_others_may_write_to(tmp_path: Path) -> None:
    """They could take evidence away."""
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    assert found(place)["keep-dir"].status is Status.WARNING


@only_root
@pytest.mark.parametrize("name", ["", "new"])
def test_a_disk_that_takes_nothing(tmp_path: Path, name: str) -> None:
    """Root may not write there either, and another command would not help."""
    place = tmp_path / "small"
    with small_disk(place, "4m"):
        subprocess.run(("mount", "-o", "remount,ro", str(place)), check=True)
        told = found(place / name)
    assert [check.status for check in told.values()] == [Status.MISSING]
    assert "mounted read-only" in told["keep-dir"].remedy


def test_sizes_are_those_of_live() -> None:
    """What is not said is the same for both commands."""
    ran = doctor("--keep-size", "tiny")
    assert (ran.returncode, "is no size" in ran.stderr) == (2, True)
    assert Keeping(folder="x").size == 1 << 30
