"""Other programs: how they are started, and what is said where they cannot be."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.app import App

from dissect.errors import ToolError
from tui import programs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    """A folder for programs of our own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def script(folder: Path, name: str, body: str) -> Path:
    """A program."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def environ(folder: Path, **more: str) -> dict[str, str]:
    """An environment in which only those programs are found."""
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": "/", **more}


class Suspending(App[int]):
    """An app that gives its terminal away, and counts how often."""

    suspended = 0

    def suspend(self) -> Iterator[None]:  # type: ignore[override]
        """Without a terminal there is nothing to do."""
        return _Counted(self)  # type: ignore[return-value]


class _Counted:
    def __init__(self, app: Suspending) -> None:
        self._app = app

    def __enter__(self) -> None:
        self._app.suspended += 1

    def __exit__(self, *_: object) -> None:
        self._app.suspended += 1


# ---- commands -----------------------------------------------------------------------------------


def test_commands_are_lists_of_arguments() -> None:
    """A path is never taken for an option, and a filter stays one argument."""
    assert programs.wireshark("-a.pcap", "tcp.stream == 1", 7) == [
        "wireshark", "-r", "./-a.pcap", "-Y", "tcp.stream == 1", "-g", "7",
    ]  # fmt: skip
    assert programs.tshark("/x/a.pcap", "") == ["tshark", "-r", "/x/a.pcap"]


@pytest.mark.parametrize(
    "name",
    [
        "a b.pcap",
        "$(touch x)",
        "`x`",
        "a'b\"c",
        "\x1b]0;x\x07",
        "a\nb\\n",
        "\u202egpj",
        "é",
        "\udcff",
    ],
)
def test_a_shell_reads_a_quoted_command_as_it_was(name: str) -> None:
    """Whatever the name is, it is one word, and what is shown of it is printable."""
    shown = programs.quoted(["printf", "%s", name])
    assert shown.isprintable()
    done = subprocess.run(["bash", "-c", shown], capture_output=True, check=True)
    assert done.stdout == os.fsencode(name)


@pytest.mark.parametrize(
    ("named", "command"),
    [
        ({}, ["less"]),
        ({"PAGER": "  "}, ["less"]),
        ({"PAGER": "most -s"}, ["most", "-s"]),
        ({"PAGER": "'my pager' -x"}, ["my pager", "-x"]),
    ],
)
def test_the_pager_is_the_users(bin_: Path, named: dict[str, str], command: list[str]) -> None:
    """PAGER with its arguments, or less."""
    for name in ("less", "most", "my pager"):
        script(bin_, name, "")
    assert programs.pager({"PATH": str(bin_), **named}) == command


def test_the_editor_is_the_users(bin_: Path) -> None:
    """VISUAL, then EDITOR, then what there is."""
    for name in ("vi", "joe", "ed"):
        script(bin_, name, "")
    path = {"PATH": str(bin_)}
    assert programs.editor({**path, "VISUAL": "joe -x", "EDITOR": "ed"}) == ["joe", "-x"]
    assert programs.editor({**path, "EDITOR": "ed"}) == ["ed"]
    assert programs.editor(path) == ["vi"]


@pytest.mark.parametrize("value", ["not-there -x", "'unclosed", "\x1b[2J"])
def test_a_program_that_is_not_there_is_named(bin_: Path, value: str) -> None:
    """With the variable that names it, in words that can be shown."""
    with pytest.raises(ToolError, match="PAGER is") as caught:
        programs.pager({"PATH": str(bin_), "PAGER": value})
    assert caught.value.what.isprintable()


def test_without_any_pager_that_is_said(bin_: Path) -> None:
    """Which to install, or what to set."""
    with pytest.raises(ToolError, match="no less or more"):
        programs.pager({"PATH": str(bin_)})


# ---- Wireshark ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ_", "platform", "there"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
    ],
)
def test_a_display_is_looked_for(environ_: dict[str, str], platform: str, *, there: bool) -> None:
    """X11, Wayland, or a Mac."""
    assert programs.display(environ_, platform) is there


async def test_without_wireshark_the_command_is_told(tmp_path: Path) -> None:
    """It can be typed where there is one."""
    command = programs.wireshark("a b.pcap", "tcp.stream == 1", 7)
    with pytest.raises(ToolError, match="no wireshark") as caught:
        await programs.open_beside(command, {"PATH": str(tmp_path), "DISPLAY": ":0"}, "linux")
    assert caught.value.remedy.endswith("wireshark -r 'a b.pcap' -Y 'tcp.stream == 1' -g 7")


async def test_without_a_display_the_command_is_told(bin_: Path) -> None:
    """As over ssh."""
    script(bin_, "wireshark", "exit 0")
    with pytest.raises(ToolError, match="no display") as caught:
        await programs.open_beside(programs.wireshark("a", "x"), environ(bin_), "linux")
    assert "wireshark -r a -Y x" in caught.value.remedy


async def test_wireshark_lives_on_beside_us(bin_: Path, tmp_path: Path) -> None:
    """In a session of its own, without our terminal."""
    pid = tmp_path / "pid"
    script(bin_, "wireshark", f'echo $$ $(readlink /proc/$$/fd/0) "$@" > {pid}; exec sleep 60')
    command = programs.wireshark("/x/a.pcap", "tcp.stream == 1", 7)
    await programs.open_beside(command, environ(bin_, DISPLAY=":0"), "linux")
    number, *arguments = pid.read_text(encoding="utf-8").split(maxsplit=1)
    try:
        assert arguments == ["/dev/null -r /x/a.pcap -Y tcp.stream == 1 -g 7\n"]
        assert os.getsid(int(number)) == int(number) != os.getsid(0)
    finally:
        os.kill(int(number), signal.SIGTERM)


async def test_a_wireshark_that_ends_at_once_is_told(bin_: Path) -> None:
    """It had no display after all, or could not read the file."""
    script(bin_, "wireshark", "exit 3")
    command = programs.wireshark("a", "x")
    with pytest.raises(ToolError, match="ended at once, with exit code 3"):
        await programs.open_beside(command, environ(bin_, DISPLAY=":0"), "linux")


# ---- in the terminal ----------------------------------------------------------------------------


async def test_the_pager_gets_a_file_that_is_gone_afterwards(bin_: Path, tmp_path: Path) -> None:
    """A private one; less may run nothing, and stays on a short text."""
    seen = tmp_path / "seen"
    script(
        bin_,
        "less",
        f'echo "$1 $LESSSECURE $2" > {seen}; stat -c %a "$2" >> {seen}; cat "$2" >> {seen}',
    )
    app = Suspending()
    async with app.run_test():
        await programs.page(app, "220 hello\n", environ(bin_, PAGER="less"))
    head, mode, text = seen.read_text(encoding="utf-8").splitlines()
    option, secure, path = head.split()
    assert (option, secure, mode, text) == ("-+F", "1", "600", "220 hello")
    assert not os.access(path, os.F_OK)
    assert app.suspended == 2


async def test_the_editor_gives_the_text_back(bin_: Path) -> None:
    """As it is when the editor ends."""
    script(bin_, "ed", 'cat "$1" > "$1.new"; echo "more" >> "$1.new"; mv "$1.new" "$1"')
    app = Suspending()
    async with app.run_test():
        assert await programs.edit(app, "words\n", environ(bin_, EDITOR="ed")) == "words\nmore\n"


async def test_an_editor_that_fails_changes_nothing(bin_: Path) -> None:
    """As :cq in vi."""
    script(bin_, "ed", 'echo other > "$1"; exit 1')
    app = Suspending()
    async with app.run_test():
        with pytest.raises(ToolError, match="exit code 1; nothing is changed"):
            await programs.edit(app, "words", environ(bin_, EDITOR="ed"))


async def test_an_editor_may_take_the_file_away(bin_: Path) -> None:
    """Then there is nothing to keep."""
    script(bin_, "ed", 'rm "$1"')
    app = Suspending()
    async with app.run_test():
        with pytest.raises(ToolError, match="not there any more"):
            await programs.edit(app, "words", environ(bin_, EDITOR="ed"))


async def test_vim_takes_no_orders_from_a_text(bin_: Path, tmp_path: Path) -> None:
    """Modelines are switched off, also where vi is a link to it; other editors get no option."""
    seen = tmp_path / "seen"
    script(bin_, "vim.basic", f'echo "$@" >> {seen}')
    (bin_ / "vi").symlink_to(bin_ / "vim.basic")
    script(bin_, "ed", f'echo "$@" >> {seen}')
    app = Suspending()
    async with app.run_test():
        for name in ("vi", "ed"):
            await programs.edit(app, "x", environ(bin_, EDITOR=name))
    first, second = seen.read_text(encoding="utf-8").splitlines()
    assert first.startswith("--cmd set nomodeline /")
    assert second.startswith("/")


async def test_a_program_that_cannot_be_run_leaves_the_app_as_it_was(bin_: Path) -> None:
    """The terminal is taken back, and the reason told."""
    path = script(bin_, "ed", "")
    path.write_bytes(b"\x7fELF no program")
    app = Suspending()
    async with app.run_test():
        with pytest.raises(ToolError, match="ed cannot be started"):
            await programs.edit(app, "x", {"PATH": str(bin_), "EDITOR": "ed"})
        assert app.suspended == 2
        assert app._batch_count == 0


async def test_without_a_terminal_that_is_said(bin_: Path) -> None:
    """Where Textual cannot give it away."""
    script(bin_, "less", "")
    app: App[int] = App()
    async with app.run_test():
        with pytest.raises(ToolError, match="cannot be given"):
            await programs.page(app, "x", environ(bin_, PAGER="less"))


async def test_the_app_goes_on_while_a_program_has_the_terminal(bin_: Path, tmp_path: Path) -> None:
    """What is read meanwhile is taken in; Ctrl-C is the program's."""
    go = tmp_path / "go"
    script(
        bin_, "less", f"kill -INT $PPID; kill -TSTP $PPID; while [ ! -e {go} ]; do sleep 0.05; done"
    )
    app = Suspending()
    async with app.run_test():
        paging = asyncio.create_task(programs.page(app, "x", environ(bin_, PAGER="less")))
        while not app.suspended:  # noqa: ASYNC110 - it is no event of ours
            await asyncio.sleep(0.01)
        go.touch()
        await paging
    assert app.suspended == 2
    assert signal.getsignal(signal.SIGINT) is not programs._nothing
