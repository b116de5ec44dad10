"""The configuration file, the environment, the command line: the later in this list wins."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.command import TWIN, scan, seamark
from cli.fakes import needs_tshark

pytestmark = needs_tshark


def configured(folder: Path, text: str) -> dict[str, str]:
    """The environment in which ``text`` is the configuration file."""
    path = folder / "seamark" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return {"XDG_CONFIG_HOME": str(folder)}


def test_file_sets_an_option(tmp_path: Path) -> None:
    """``[scan]`` in the file holds defaults for ``seamark scan``."""
    env = configured(tmp_path, '[scan]\nfail_on = "info"\n')
    assert scan(TWIN, env=env).code == 1


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    """``SEAMARK_SCAN_FAIL_ON`` is for one shell."""
    env = configured(tmp_path, '[scan]\nfail_on = "info"\n')
    assert scan(TWIN, env=env | {"SEAMARK_SCAN_FAIL_ON": "low"}).code == 0


def test_command_line_wins_over_both(tmp_path: Path) -> None:
    """What was typed now counts most."""
    env = configured(tmp_path, '[scan]\nfail_on = "low"\n') | {"SEAMARK_SCAN_FAIL_ON": "low"}
    assert scan("--fail-on", "info", TWIN, env=env).code == 1


@pytest.mark.parametrize(("name", "value", "sign"), [
    ("format", '"csv"', "flow,capture,"),
    ("min_severity", '"critical"', "No findings."),
    ("rule", '["masked-banner"]', "No findings."),
    ("ignore", '["split-command"]', "No findings."),
    ("port", "[4025]", "split-command"),
])  # fmt: skip
def test_options_are_called_as_on_the_command_line(
    tmp_path: Path, name: str, value: str, sign: str
) -> None:
    """The file knows each option by its long name, with _ for a hyphen."""
    ran = scan(TWIN, env=configured(tmp_path, f"[scan]\n{name} = {value}\n"))
    assert (ran.code, ran.err) == (0, "")
    assert sign in ran.out


@pytest.mark.parametrize(("name", "value", "sign"), [
    ("FORMAT", "csv", "flow,capture,"),
    ("RULE", "masked-banner lost-recipient", "No findings."),
])  # fmt: skip
def test_environment_calls_them_the_same(name: str, value: str, sign: str) -> None:
    """And so does the environment; several values stand side by side."""
    ran = scan(TWIN, env={f"SEAMARK_SCAN_{name}": value})
    assert (ran.code, ran.err) == (0, "")
    assert sign in ran.out


@pytest.mark.parametrize("text", [
    "[scan", "= 1", "\x00", "scan = 5", '[scan]\nfail_on = "never"\n', "[scan]\nport = [0]\n",
])  # fmt: skip
def test_broken_file_is_wrong_usage(tmp_path: Path, text: str) -> None:
    """A file that means nothing ends the command with a sentence."""
    ran = scan(TWIN, env=configured(tmp_path, text))
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


def test_broken_file_is_named(tmp_path: Path) -> None:
    """The message says which file, and where it breaks."""
    ran = scan(TWIN, env=configured(tmp_path, "[scan]\nfail_on\n"))
    assert str(tmp_path / "seamark" / "config.toml") in ran.err
    assert "line 2" in ran.err


def test_broken_environment_is_wrong_usage() -> None:
    """A value that the option does not take."""
    ran = scan(TWIN, env={"SEAMARK_SCAN_FAIL_ON": "never"})
    assert (ran.code, ran.out) == (2, "")
    assert "--fail-on" in ran.err


def test_capture_into_a_pipe_obeys_the_settings_of_scan(tmp_path: Path) -> None:
    """``seamark CAPTURE`` into a pipe is a scan, so what is set for scan is set for it."""
    env = configured(tmp_path, '[scan]\nfail_on = "info"\n')
    assert seamark(TWIN, env=env).code == 1
