"""Other programs: Wireshark beside the terminal, a pager or an editor in it.

All are started with a list of arguments, never through a shell.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.app import SuspendNotSupported

from dissect.errors import ToolError
from dissect.escape import visible
from tui import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from textual.app import App

_MAC: Final = "/Applications/Wireshark.app/Contents/MacOS/Wireshark"
_ENDS_AT_ONCE: Final = 1.0
"""Seconds within which a Wireshark that cannot open its window has ended."""
_PAGERS: Final = ("less", "more")
_EDITORS: Final = ("editor", "nano", "vi")
_STAY: Final = frozenset({"less", "most"})
"""Pagers that wait for the user at the end of the text."""
_MOST_READ: Final = 1 << 20
_LOOK: Final = 0.05
"""Seconds between two looks at a program that has the terminal."""
_KEYS: Final = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
"""What keys send to all that share the terminal."""


# ---- what is started ----------------------------------------------------------------------------


def quoted(words: list[str]) -> str:
    """A command as it is typed into a shell; control characters cannot steer the terminal."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    coded = "".join(
        chr(byte) if _is_plain(byte) else f"\\x{byte:02x}" for byte in os.fsencode(word)
    )
    return f"$'{coded}'"


def _is_plain(byte: int) -> bool:
    """True for printable ASCII that means nothing in the shell's ``$'...'``."""
    return b" "[0] <= byte <= b"~"[0] and byte not in b"'\\"


def argument(path: str) -> str:
    """A path that no program takes for an option, or for standard input."""
    return f"./{path}" if path.startswith("-") else path


def tshark(path: str, wanted: str) -> list[str]:
    """The command that prints the same frames."""
    return ["tshark", "-r", argument(path), *(["-Y", wanted] if wanted else [])]


def wireshark(path: str, wanted: str, frame: int | None = None) -> list[str]:
    """The command that opens a capture in Wireshark.

    Args:
        path: where it lies.
        wanted: a display filter.
        frame: the frame to go to.
    """
    there = [] if frame is None else ["-g", str(frame)]
    return ["wireshark", "-r", argument(path), *(["-Y", wanted] if wanted else []), *there]


def pager(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The user's pager, or one that is there.

    Raises:
        ToolError: if there is none.
    """
    return _chosen(environ, ("PAGER",), _PAGERS)


def editor(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The user's editor, or one that is there.

    Raises:
        ToolError: if there is none.
    """
    return _chosen(environ, ("VISUAL", "EDITOR"), _EDITORS)


def _chosen(
    environ: Mapping[str, str], variables: tuple[str, ...], usual: tuple[str, ...]
) -> list[str]:
    for variable in variables:
        if environ.get(variable, "").strip():
            return _found(variable, environ[variable], environ)
    for name in usual:
        if shutil.which(name, path=environ.get("PATH")):
            return [name]
    names = " or ".join(usual)
    raise ToolError(f"There is no {names}.", f"Install one, or set {variables[-1]}.")


def _found(variable: str, value: str, environ: Mapping[str, str]) -> list[str]:
    """The words of a variable, where they name a program."""
    try:
        words = shlex.split(value)
    except ValueError:
        words = []
    if words and shutil.which(words[0], path=environ.get("PATH")):
        return words
    raise ToolError(f"{variable} is {visible(value)}, and there is no such program.")


# ---- beside the terminal ------------------------------------------------------------------------


def display(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a program with windows can be seen."""
    return platform == "darwin" or any(map(environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


async def open_beside(
    command: list[str], environ: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> None:
    """Start a program with windows, which lives on when this one ends.

    Raises:
        ToolError: if it is not there, or ends at once; the remedy is the command to type.
    """
    by_hand = f"Where there is Wireshark: {quoted(command)}"
    program = _program(command[0], environ, platform)
    if program is None:
        raise ToolError(f"There is no {command[0]} here.", by_hand)
    if not display(environ, platform):
        raise ToolError("There is no display here that a window could open on.", by_hand)
    process = _detached([program, *command[1:]], environ, by_hand)
    if await asyncio.to_thread(_ended, process):
        raise ToolError(f"{command[0]} ended at once, with {_how(process.returncode)}.", by_hand)


def _program(name: str, environ: Mapping[str, str], platform: str) -> str | None:
    there = shutil.which(name, path=environ.get("PATH"))
    if there is None and platform == "darwin" and name == "wireshark":
        return shutil.which(_MAC)
    return there


def _detached(
    command: list[str], environ: Mapping[str, str], by_hand: str
) -> subprocess.Popen[bytes]:
    """A process in a session of its own, with nothing of this terminal."""
    try:
        return subprocess.Popen(  # noqa: S603 - a list of arguments, and a program that was found
            command, env=dict(environ), start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise ToolError(f"{command[0]} cannot be started: {error.strerror}.", by_hand) from error


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it fails within a moment; one that lives on is left alone."""
    try:
        return process.wait(_ENDS_AT_ONCE) != 0
    except subprocess.TimeoutExpired:
        # It is waited for in a thread, so that it does not stay as a zombie when it ends.
        threading.Thread(target=process.wait, daemon=True).start()
        return False


# ---- in the terminal ----------------------------------------------------------------------------


async def page(app: App[int], text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Show a text in the pager, and come back.

    Raises:
        ToolError: if there is no pager, or the terminal cannot be given away.
        CaptureError: if there is no room for the text.
    """
    command = pager(environ)
    name = Path(command[0]).name
    if name == "less":
        command = [*command, "-+F"]  # a short text stays on the screen, whatever LESS says
    secure = {**environ, "LESSSECURE": "1"}
    with files.passing(text, "dialogue.txt") as path:
        await _run(app, [*command, str(path)], secure, wait=name not in _STAY)


async def edit(app: App[int], text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Let the user change a text in the editor; returns it as it is then.

    Raises:
        ToolError: if there is no editor, it fails, or the terminal cannot be given away.
        CaptureError: if there is no room for the text.
    """
    command = _without_modelines(editor(environ), environ)
    with files.passing(text, "note.txt") as path:
        code = await _run(app, [*command, str(path)], environ, wait=False)
        if code:
            raise ToolError(f"{Path(command[0]).name} ended with {_how(code)}; nothing is changed.")
        return _read(path)


def _without_modelines(command: list[str], environ: Mapping[str, str]) -> list[str]:
    """The same command; vim takes no orders from a text that may be somebody else's."""
    found = shutil.which(command[0], path=environ.get("PATH"))
    name = Path(found).resolve().name if found else ""
    if name.startswith(("vim", "nvim", "gvim")):
        return [*command, "--cmd", "set nomodeline"]
    return command


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_READ).decode("utf-8", "replace")
    except OSError as error:
        raise ToolError(f"The text is not there any more: {error.strerror}.") from error


async def _run(app: App[int], command: list[str], environ: Mapping[str, str], *, wait: bool) -> int:
    """Run a program in the terminal while the app goes on reading, and paints nothing."""
    try:
        with app.batch_update(), app.suspend(), _deaf():
            ended = await _exit_code(command, environ)
            if wait and isinstance(ended, int):
                await asyncio.to_thread(_until_enter)
    except SuspendNotSupported:
        raise ToolError("The terminal cannot be given to another program here.") from None
    if isinstance(ended, OSError):
        raise ToolError(f"{command[0]} cannot be started: {ended.strerror}.") from ended
    return ended


async def _exit_code(command: list[str], environ: Mapping[str, str]) -> int | OSError:
    """How it ended, or why it did not begin: raised, that would leave the app suspended."""
    try:
        process = subprocess.Popen(command, env=dict(environ))  # noqa: ASYNC220, S603 - the user's own
    except OSError as error:
        return error
    while process.returncode is None:
        await asyncio.sleep(_LOOK)
        process.returncode = _state(process.pid)
    return process.returncode


def _state(pid: int) -> int | None:
    """How a program ended, None while it runs; where it was stopped, this one stops too.

    Ctrl-Z is for both: the shell takes the terminal back when it sees this process stop, and goes
    on with both of them.  But a pager may take no notice of it, so the program stops first.
    """
    found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
    if not found:
        return None
    if os.WIFSTOPPED(status):
        os.kill(os.getpid(), signal.SIGSTOP)
        return None
    return os.waitstatus_to_exitcode(status)


def _until_enter() -> None:
    """Leave what was printed on the screen until it was read."""
    sys.stdout.write("\n-- Enter goes back to Seamark --")
    sys.stdout.flush()
    sys.stdin.readline()


@contextmanager
def _deaf() -> Iterator[None]:
    """Leave Ctrl-C and its like to the program that has the terminal.

    A handler of ours, not SIG_IGN: a new program would inherit that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, _nothing) for each in _KEYS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _nothing(*_: object) -> None:
    """What a signal does that is meant for another program."""


def _how(code: int | None) -> str:
    """How a program ended."""
    if code is not None and code < 0:
        return f"signal {-code}"
    return f"exit code {code}"
