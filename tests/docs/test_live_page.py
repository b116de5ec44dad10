"""docs/live.md and its unit file: what they tell to type is understood, and names what there is."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import click
import pytest
from docs.make import README, ROOT
from docs.unit import ENVIRONMENT, SERVICE, UNIT, settings

from dissect.analysis.model import SourceState
from dissect.config import tables
from dissect.live.words import clock_in_short
from dissect.source.clock import By, Offset
from tui.__main__ import seamark
from tui.look import UNICODE
from tui.sources import sources

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = ROOT / "docs" / "live.md"
PAGE: Final = FILE.read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
INLINE: Final = re.findall(r"`(seamark [^`]+)`", PAGE)
DROP_IN: Final = "".join(re.findall(r"^```ini\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


def commands() -> list[str]:
    """What stands behind ``seamark`` in each line that starts it."""
    lines = [line for block in BLOCKS for line in block.splitlines()]
    started = [re.search(r"(?:^|^sudo |')seamark (-{0,2}\w[^'#]*)", line) for line in lines]
    inline = [words.removeprefix("seamark ") for words in INLINE if "..." not in words]
    return [*(found[1].strip() for found in started if found), *inline]


@pytest.mark.parametrize("words", commands())
def test_commands_are_understood(words: str) -> None:
    """Each command that the page says to type has these options and takes these values."""
    said = shlex.split(words)
    grows = "--follow" in said
    name = said.pop(0) if said[0] in seamark.commands else "live" if grows else "open"
    with contextlib.suppress(click.exceptions.Exit):  # --help
        above = click.Context(seamark, **seamark.context_settings)
        seamark.commands[name].make_context(name, said, parent=above)


def test_commands_are_found() -> None:
    """The test above is about something: every way of capturing is told with its command."""
    told = "\n".join(commands())
    assert len(commands()) > 12
    for each in ("--ssh inside -i eth0 --ssh outside -i eth1", "--privilege doas", "--keep-dir",
                 "--program dumpcap", "doctor --ssh", "live -D", "--follow",
                 "--format jsonl"):  # fmt: skip
        assert each in told


@pytest.mark.parametrize(
    "text", [PAGE, UNIT.read_text(encoding="utf-8")], ids=["live.md", "seamark.service"]
)
def test_variables_set_something(text: str) -> None:
    """Each stands for an option of the command."""
    known = {tables.variable("live", name) for name in tables.options(seamark.commands["live"])}
    named = set(re.findall(r"SEAMARK_[A-Z_]+", text))
    assert named
    assert named <= known


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)]+)\)", PAGE))
def test_links_lead_somewhere(link: str) -> None:
    """To files that are there."""
    assert (FILE.parent / link.partition("#")[0]).exists()


def test_the_page_and_the_unit_are_found() -> None:
    """From the README, and the unit from the page."""
    assert "](docs/live.md)" in README.read_text(encoding="utf-8")
    assert f"]({UNIT.name})" in PAGE


def test_the_page_is_for_everybody() -> None:
    """No path and no address of the machine that it was written on."""
    assert re.findall(r"/(?:work|root|home|tmp)/\S*|localhost:\d+", PAGE + UNIT.read_text()) == []


def test_tables_are_straight() -> None:
    """Each row has as many cells as its head."""
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


# ---- the unit -----------------------------------------------------------------------------------


def test_what_is_kept_is_where_it_may_write() -> None:
    """The only folder that the service can write to is the one of its evidence."""
    assert ENVIRONMENT["SEAMARK_LIVE_KEEP_DIR"] == f"/var/lib/{SERVICE['StateDirectory'][0]}"
    assert SERVICE["ProtectSystem"] == ["strict"]
    assert "ReadWritePaths" not in SERVICE


def test_hardening_leaves_the_capture_alone() -> None:
    """One capability, and the sockets and devices that packets come through."""
    assert SERVICE["AmbientCapabilities"] == SERVICE["CapabilityBoundingSet"] == ["CAP_NET_RAW"]
    families = SERVICE["RestrictAddressFamilies"][0].split()
    assert {"AF_PACKET", "AF_NETLINK", "AF_UNIX"} <= {*families}
    assert not {"PrivateNetwork", "IPAddressDeny"} & {*SERVICE}


def test_exit_codes_are_known_to_it() -> None:
    """A finding is no failure, and wrong usage is not tried again."""
    assert SERVICE["SuccessExitStatus"] == ["1"]
    assert SERVICE["RestartPreventExitStatus"] == ["2"]
    assert SERVICE["KillMode"] == ["mixed"], "SIGTERM is for Seamark; tshark still decodes"


def test_the_change_for_ssh_fits() -> None:
    """What the page says to change for a remote host is in the unit, or set by it."""
    changed = settings(DROP_IN, "Service")
    assert {*changed} - {"User"} <= {*SERVICE}
    assert changed["AmbientCapabilities"] == [""], "it captures elsewhere"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
@pytest.mark.parametrize("more", ["", DROP_IN], ids=["here", "over ssh"])
def test_systemd_takes_it(tmp_path: Path, more: str) -> None:
    """No word of it is unknown to systemd, alone or with the change for a remote host."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/usr/local/bin/seamark", sys.executable)
    unit.write_text(text)
    (tmp_path / f"{UNIT.name}.d").mkdir()
    (tmp_path / f"{UNIT.name}.d" / "override.conf").write_text(more)
    ran = subprocess.run(
        ("systemd-analyze", "--man=no", "verify", str(unit)),
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    ours = [line for line in ran.stderr.splitlines() if "seamark" in line]
    assert (ran.returncode, ours) == (0, [])


def test_the_line_of_a_source_is_the_screens() -> None:
    """What the page shows is what the header of the screen would say."""
    state = SourceState(
        name="root@mx:eth0", state="connected", seen=91_204, decoded=91_180, left_out=0,
        waiting=24, lost=0, dropped=0, lag=0.1,
        clock=clock_in_short(Offset(-1.204, 0.01, By.SSH)),
    )  # fmt: skip
    (line,) = sources([state], 100, UNICODE)
    assert "".join(piece.text for piece in line).rstrip() in PAGE
