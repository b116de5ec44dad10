"""The dialog that begins a capture: what is filled in is looked at, and errors are shown in it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from tui_fakes import HOSTILE, plain, update
from tui_pilot import SIZES, Driver, running

from dissect.analysis.model import Status
from dissect.errors import CaptureError, SeamarkError
from dissect.pipeline import Settings
from dissect.source.tap import MAIL
from tui.starting import Form, Place, Starter
from tui.watching import Watching

if TYPE_CHECKING:
    from tui.screens.start import StartScreen

LO = Place("lo", "up", "12 in, 12 out", "1.2k in, 1.2k out", "127.0.0.1/8, ::1/128")
ETH = Place("eth0", "up", "1.5k in, 340 out", "2.1M in, 30k out", "192.0.2.10/24")


class Feeds:
    """Begins nothing, and remembers what it was to begin."""

    def __init__(self) -> None:
        self.begun = True
        self.taps: list[Any] = []
        self.filters: list[str] = []
        self.error: SeamarkError | None = None
        self.waits = asyncio.Event()
        self.waits.set()

    async def start(self, taps: Any, *, again: bool) -> None:
        """Wait for as long as it is told to, and fail if it is to fail."""
        assert again
        await self.waits.wait()
        if self.error is not None:
            raise self.error
        self.taps += taps

    async def change(self, bpf: str) -> None:
        """Another filter."""
        self.filters.append(bpf)

    async def cancel(self) -> None:
        """It is not waited for any more."""
        self.error = CaptureError("It was not waited for.")
        self.waits.set()


class Begins(Starter):
    """A starter that knows two interfaces, and none of a host that does not answer."""

    def __init__(self, form: Form | None = None) -> None:
        self.feeds = Feeds()
        wanted = cast(
            "Watching",
            SimpleNamespace(form=form or Form(), again=True, program="", settings=Settings()),
        )
        super().__init__(cast("Any", self.feeds), lambda: wanted)
        self.asked: list[str] = []
        self.known = [ETH, LO]

    async def places(self, where: str) -> list[Place]:
        """Those of any host but one."""
        self.asked.append(where)
        if where == "away":
            raise CaptureError("away does not answer.", "Is it up?")
        return self.known


async def opened(seen: Driver) -> None:
    """Open the dialog, and wait for its list."""
    await seen.press("B")
    await seen.until("12 in, 12 out")


@pytest.mark.parametrize("size", SIZES)
async def test_an_interface_is_chosen_and_begun(size: tuple[int, int]) -> None:
    """With addresses, rates and the default filter in sight; then the dialog goes away."""
    starter = Begins()
    async with running(size=size, starter=starter) as seen:
        await opened(seen)
        assert "this machine" in seen.text
        assert "[none]" in seen.text
        assert "192.0.2.10/24" in seen.text
        assert ("2.1M in, 30k out" in seen.text) is (size[0] > 100)
        assert "tcp port 25 or tcp port 465" in seen.text
        assert all(len(line) == size[0] for line in seen.lines)
        assert "Esc leaves it" in seen.text
        await seen.press("j", "enter")
        await seen.settle()
        assert "begin a capture" not in seen.text
    (tap,) = starter.feeds.taps
    assert (tap.interface, tap.host, tap.bpf, tap.privilege) == ("lo", None, MAIL, "none")
    assert tap.batch


async def test_several_are_marked_with_rights_on_a_host() -> None:
    """Enter behind the host lists its interfaces; what was begun stands there the next time."""
    starter = Begins()
    async with running(starter=starter) as seen:
        await opened(seen)
        await seen.press("tab", *"root@mx:2222", "enter")
        await seen.until("12 in, 12 out")
        assert starter.asked == ["", "root@mx:2222"]
        await seen.press("shift+tab", "shift+tab", "right")
        assert "[sudo -n]" in seen.text
        await seen.press("tab", "tab", "space", "space", "enter")
        await seen.settle()
        assert [tap.interface for tap in starter.feeds.taps] == ["eth0", "lo"]
        assert {str(tap.host) for tap in starter.feeds.taps} == {"root@mx:2222"}
        assert {tap.privilege for tap in starter.feeds.taps} == {"sudo"}
        await opened(seen)
        assert "root@mx:2222" in seen.text
        assert "[sudo -n]" in seen.text


async def test_the_list_is_of_the_host_that_stands_there() -> None:
    """Also where the field was left with Tab; where the host is the same, nobody is asked again."""
    starter = Begins()
    async with running(starter=starter) as seen:
        await opened(seen)
        await seen.press("tab", "tab", "shift+tab", *"mx", "tab")
        await seen.until("12 in, 12 out")
        assert starter.asked == ["", "mx"]


async def test_a_wrong_filter_is_shown_with_its_place() -> None:
    """Nothing is begun, and what was filled in stays."""
    starter = Begins()
    async with running(starter=starter) as seen:
        await opened(seen)
        await seen.press("shift+tab", "ctrl+u", *"tcp port (25", "enter")
        await seen.until("without its )")
        at = next(at for at, line in enumerate(seen.lines) if "^" in line)
        assert seen.lines[at - 1][seen.lines[at].index("^")] == "("
        assert starter.feeds.taps == []
        assert "tcp port (25" in seen.text


@pytest.mark.parametrize("host", ["-oProxyCommand=x", "a b", "root@-x"])
async def test_a_host_that_ssh_could_take_for_something_else_is_refused(host: str) -> None:
    """As on the command line."""
    with pytest.raises(SeamarkError, match="no host to be reached by ssh"):
        await Begins().start(Form(host=host, interfaces=("lo",)))
    with pytest.raises(SeamarkError, match="no host to be reached by ssh"):
        await Starter.places(Begins(), host)


async def test_why_it_cannot_be_captured_is_said_whole() -> None:
    """The command that grants it can be read, and another try can be made."""
    starter = Begins()
    grant = 'sudo setcap cap_net_raw=ep "$(command -v tcpdump || command -v dumpcap)"'
    starter.feeds.error = CaptureError("This user may not capture on this machine.", grant)
    async with running(starter=starter) as seen:
        await opened(seen)
        await seen.press("enter")
        await seen.until("This user may not capture")
        inside = (line.split("│")[1] for line in seen.lines if line.count("│") > 1)
        assert grant in " ".join(" ".join(inside).split())
        starter.feeds.error = None
        await seen.press("enter")
        await seen.settle()
        assert len(starter.feeds.taps) == 1


async def test_a_host_that_does_not_answer_is_told() -> None:
    """The list is empty, and the fields can be mended."""
    async with running(starter=Begins(Form(host="away"))) as seen:
        await seen.press("B")
        await seen.until("away does not answer.")
        assert "Is it up?" in seen.text
        await seen.press("shift+tab", "escape")
        assert "begin a capture" not in seen.text


@pytest.mark.parametrize("host", ["", "away"])
async def test_an_answer_may_come_when_the_dialog_has_gone(host: str) -> None:
    """A listing, or an error, that nobody waits for any more ends nothing."""
    async with running(starter=Begins()) as seen:
        await opened(seen)
        dialog = cast("StartScreen", seen.app.screen)
        await seen.press("escape")
        await seen.settle()
        await dialog.remove_children()
        await dialog._list(host)
        assert "begin a capture" not in seen.text


async def test_a_connection_is_not_waited_for() -> None:
    """The first Esc ends it, the second leaves the dialog."""
    starter = Begins()
    starter.feeds.waits.clear()
    async with running(starter=starter) as seen:
        await opened(seen)
        await seen.press("enter")
        await seen.until("connecting this machine")
        await seen.press("escape")
        await seen.until("It was not waited for.")
        await seen.press("escape")
        assert "begin a capture" not in seen.text
        assert starter.feeds.taps == []


async def test_names_of_interfaces_steer_nothing() -> None:
    """A host can call them, and say, whatever it likes."""
    starter = Begins()
    words = HOSTILE.decode("utf-8", "surrogateescape")

    starter.known = [Place(words, "up", "1 in, 1 out", addresses=words)]
    async with running(starter=starter) as seen:
        await seen.press("B")
        await seen.until("1 in, 1 out")
        assert "\x1b" not in seen.text
        await seen.press("enter")
        await seen.until("is no name of an interface")
        assert "\x1b" not in seen.text
        assert seen.app._exception is None


async def test_the_filter_of_what_is_captured_is_changed() -> None:
    """A wrong one is refused with its place; without a live capture there is nothing to change."""
    starter = Begins(Form(bpf="tcp port 25"))
    async with running(update([plain(0)], Status.LIVE), starter=starter) as seen:
        await seen.press("F")
        await seen.until("capture filter")
        await seen.press(*" or )", "enter")
        await seen.until("without its (")
        await seen.press("backspace", *"tcp port 26", "enter")
        await seen.until("the filter is another one")
        assert starter.feeds.filters == ["tcp port 25 or tcp port 26"]
        assert starter.form.bpf == "tcp port 25 or tcp port 26"


async def test_it_opens_by_itself_where_nothing_is_shown() -> None:
    """And says how to go on when it was left."""
    starter = Begins()
    starter.feeds.begun = False
    idle = update([], Status.IDLE)
    async with running(idle, starter=starter) as seen:
        await seen.until("begin a capture")
        await seen.press("escape")
        assert "B begins a capture" in seen.text
        assert "nothing is captured" in seen.lines[0]
