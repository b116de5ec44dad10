"""From a key to the clipboard, a file, another program or a note: what is asked, done and said."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from textual.app import App
from tui_fakes import case, update

from dissect.errors import CaptureError
from tui import errands, out, programs
from tui.clipboard import Clipboard
from tui.files import create
from tui.look import look
from tui.notes import Notes
from tui.screens.menu import Menu
from tui.screens.prompt import Prompt
from tui.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from textual.pilot import Pilot

    from dissect.analysis.model import FlowDetail, FlowSummary


class Reader:
    """Reads packets again; what it is asked it does, or not."""

    def __init__(self) -> None:
        self.saved: list[int] = []

    def path(self, capture: str) -> str:
        """Where a capture lies."""
        return f"/captures/{capture}"

    async def save(self, flows: Iterable[FlowSummary], path: Path) -> int:
        """Write something."""
        if path.name.startswith("bad"):
            raise CaptureError("tshark failed.", "Look at the disk.")
        self.saved = [flow.flow for flow in flows]
        create(path, "packets")
        return 172


class Host(App[int]):
    """An app with a capture in it, that remembers what it was told."""

    def __init__(self, notes: Notes | None, term: str) -> None:
        super().__init__()
        self.look = look(ascii_only=False)
        self.session = Session(notes)
        self.session.feed(update(case()))
        while self.session.work(1.0):
            pass
        self.wireshark: Any = Reader()
        self.copier = Clipboard({"TERM": term})
        self.told: list[str] = []
        self.panels: list[str] = []

    def tell(self, words: str) -> None:
        """Remember it."""
        self.told.append(words)

    def panel(self, title: str, error: str) -> None:
        """Remember it."""
        self.panels.append(f"{title}: {error}")


class Driver:
    """The host, its keys, and where its files go."""

    def __init__(self, app: Host, pilot: Pilot[int], folder: Path) -> None:
        self.app = app
        self.folder = folder
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until what they began is over or asks something."""
        for key in keys:
            await self._pilot.press(key)
            await self.settle()

    async def type(self, words: str) -> None:
        """Put words in the place of what stands in the prompt, and take them."""
        assert isinstance(self.app.screen, Prompt)
        self.app.screen.line.value = words
        await self.press("enter")

    async def settle(self) -> None:
        """Wait until nothing is under way but questions."""
        for _ in range(200):
            await self._pilot.pause(0.005)
            if isinstance(self.app.screen, Menu | Prompt) or not list(self.app.workers):
                break
        await self._pilot.pause()

    @property
    def told(self) -> str:
        """What was said last."""
        return self.app.told[-1] if self.app.told else ""

    def subject(self, *flows: int, **more: Any) -> out.Subject:
        """Some flows."""
        store = self.app.session.store
        chosen = tuple(store.summaries[flow] for flow in flows)
        return out.Subject(look=self.app.look, flows=chosen, place=self.app.wireshark.path, **more)


@asynccontextmanager
async def hosting(
    folder: Path, *, noted: bool = True, term: str = "xterm"
) -> AsyncIterator[Driver]:
    """A host in a folder of its own."""
    (folder / "founding-behind.pcap").touch()
    names = [str(folder / "founding-behind.pcap")]
    state = {"XDG_STATE_HOME": str(folder / "state")}
    app = Host(Notes(names, state) if noted else None, term)
    async with app.run_test() as pilot:
        yield Driver(app, pilot, folder)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, where files are proposed."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def transcript(detail: FlowDetail) -> str:
    """A dialogue, with something in it that has not passed the sanitiser."""
    return f"flow {detail.summary.flow}\n220 \x1b[2Jhello"


# ---- copy and write -----------------------------------------------------------------------------


async def test_copying_asks_what_and_tells_how_much(here: Path) -> None:
    """y, a letter: the text is on its way to the terminal's clipboard."""
    async with hosting(here) as seen:
        errands.take(seen.app, seen.subject(0, 2), to_file=False)
        await seen.settle()
        await seen.press("f")
        assert seen.app.clipboard == "tcp.stream in {0, 2}"
        assert seen.told.startswith("copied 20 characters")


async def test_leaving_the_menu_copies_nothing(here: Path) -> None:
    """Escape is not an answer."""
    async with hosting(here) as seen:
        errands.take(seen.app, seen.subject(0), to_file=False)
        await seen.settle()
        await seen.press("escape")
        assert seen.app.clipboard == ""
        assert seen.app.told == []


async def test_a_text_that_has_to_be_asked_for_comes_later_and_safe(here: Path) -> None:
    """The bytes of a frame are read again; whoever made the text, it is cleaned."""

    async def dump() -> str:
        return "0000  1b 5b\x1b[2J"

    async with hosting(here) as seen:
        errands.take(seen.app, seen.subject(0, frames=(7,), dump=dump), to_file=False)
        await seen.settle()
        await seen.press("h")
        assert seen.app.clipboard == "0000  1b 5b␛[2J"


async def test_what_fails_is_told_in_a_panel(here: Path) -> None:
    """A frame that cannot be read again; a text that is too long."""

    async def dump() -> str:
        raise CaptureError("The capture is gone.", "Look for it.")

    async with hosting(here) as seen:
        errands.take(seen.app, seen.subject(0, frames=(7,), dump=dump), to_file=False)
        await seen.settle()
        await seen.press("h")
        errands.take(seen.app, seen.subject(0, value=b"x" * 70_000), to_file=False)
        await seen.settle()
        await seen.press("v")
        same = "Y writes a file with the same."
        assert seen.app.panels == [
            "Not copied: The capture is gone.\n  Look for it.",
            f"Not copied: 70,000 bytes are too long for the clipboard.\n  {same}",
        ]


async def test_a_text_is_written_to_a_new_file(here: Path) -> None:
    """Y, a letter, a name: mode 0600, and what is proposed next is free."""
    async with hosting(here) as seen:
        for name in ("founding-behind-flow0-filter.txt", "founding-behind-flow0-filter-2.txt"):
            errands.take(seen.app, seen.subject(0), to_file=True)
            await seen.settle()
            await seen.press("f", "enter")
            assert seen.told == f"15 characters are in {name}"
            assert (here / name).read_text(encoding="utf-8") == "tcp.stream == 0\n"
            assert (here / name).stat().st_mode & 0o777 == 0o600


async def test_a_name_that_is_taken_is_refused_in_the_prompt(here: Path) -> None:
    """Nothing is overwritten, and the prompt stays."""
    async with hosting(here) as seen:
        errands.take(seen.app, seen.subject(0), to_file=True)
        await seen.settle()
        await seen.press("f")
        await seen.type("founding-behind.pcap")
        assert isinstance(seen.app.screen, Prompt)
        assert (here / "founding-behind.pcap").read_bytes() == b""
        await seen.type("other.txt")
        assert (here / "other.txt").exists()


async def test_without_a_clipboard_a_file_is_offered(here: Path) -> None:
    """On a console y leads where Y does."""
    async with hosting(here, term="linux") as seen:
        errands.take(seen.app, seen.subject(0), to_file=False)
        await seen.settle()
        await seen.press("f", "enter")
        assert (here / "founding-behind-flow0-filter.txt").exists()


# ---- save ---------------------------------------------------------------------------------------


async def test_packets_are_saved(here: Path) -> None:
    """Under the name that is proposed."""
    async with hosting(here) as seen:
        errands.save(seen.app, (0, 2), transcript)
        await seen.settle()
        await seen.press("enter")
        assert seen.app.wireshark.saved == [0, 2]
        assert seen.told == "172 packets of 2 flows in founding-behind-flows.pcapng"


async def test_dialogues_are_saved_as_text(here: Path) -> None:
    """One after the other, cleaned."""
    async with hosting(here) as seen:
        errands.save(seen.app, (0, 1), transcript)
        await seen.settle()
        await seen.type("d.TXT")
        assert seen.told == "2 dialogues in d.TXT"
        lines = (here / "d.TXT").read_text(encoding="utf-8").splitlines()
        assert lines == ["flow 0", "220 ␛[2Jhello", "", "-" * 76, "", "flow 1", "220 ␛[2Jhello"]


async def test_flows_and_findings_are_saved_as_json_lines(here: Path) -> None:
    """As scan prints them."""
    async with hosting(here) as seen:
        errands.save(seen.app, (0, 1), transcript)
        await seen.settle()
        await seen.type("f.jsonl")
        assert seen.told == "2 flows and 5 findings in f.jsonl"
        lines = (here / "f.jsonl").read_text(encoding="utf-8").splitlines()
        types = [json.loads(line)["type"] for line in lines]
        assert types == ["flow", *["finding"] * 5, "flow"]


async def test_saving_can_fail(here: Path) -> None:
    """In a panel; without a way to read the capture again the other forms are named."""
    async with hosting(here) as seen:
        errands.save(seen.app, (0,), transcript)
        await seen.settle()
        await seen.type("bad.pcapng")
        seen.app.wireshark = None
        errands.save(seen.app, (0,), transcript)
        await seen.settle()
        await seen.type("good.pcapng")
        assert seen.app.panels[0] == "Not saved: tshark failed.\n  Look at the disk."
        assert ".txt saves the dialogues" in seen.app.panels[1]


async def test_nothing_chosen_is_said(here: Path) -> None:
    """No question without a flow."""
    async with hosting(here) as seen:
        errands.save(seen.app, (), transcript)
        errands.pager(seen.app, (), transcript)
        errands.comment(seen.app, ())
        errands.take(seen.app, seen.subject(), to_file=False)
        errands.wireshark(seen.app, seen.subject())
        await seen.settle()
        assert len(seen.app.told) == 5
        assert all("nothing" in words or "no flow" in words for words in seen.app.told)


# ---- other programs -----------------------------------------------------------------------------


async def test_wireshark_opens_the_flows_at_the_frame(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The capture by its place, the flows by their streams."""
    commands: list[list[str]] = []

    async def note(command: list[str]) -> None:
        commands.append(command)

    monkeypatch.setattr(programs, "open_beside", note)
    async with hosting(here) as seen:
        errands.wireshark(seen.app, seen.subject(0, 2, frames=(12, 14)))
        await seen.settle()
        errands.wireshark(seen.app, seen.subject(1))
        await seen.settle()
    path = "/captures/founding-behind.pcap"
    assert commands == [
        ["wireshark", "-r", path, "-Y", "tcp.stream in {0, 2}", "-g", "12"],
        ["wireshark", "-r", path, "-Y", "tcp.stream == 1", "-g", "1"],
    ]


async def test_the_pager_gets_the_dialogues(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cleaned, one after the other."""
    texts: list[str] = []

    async def note(_app: object, text: str) -> None:
        texts.append(text)

    monkeypatch.setattr(programs, "page", note)
    async with hosting(here) as seen:
        errands.pager(seen.app, (0, 1), transcript)
        await seen.settle()
    assert texts == [f"flow 0\n220 ␛[2Jhello\n{'-' * 76}\n\nflow 1\n220 ␛[2Jhello"]


# ---- notes --------------------------------------------------------------------------------------


async def test_a_comment_and_a_verdict_are_kept(here: Path) -> None:
    """i, words; V, a letter: both are seen at once and lie beside the capture."""
    async with hosting(here) as seen:
        errands.comment(seen.app, (0,))
        await seen.settle()
        await seen.type("asked them")
        assert seen.told == "kept in founding-behind.pcap.seamark.json"
        errands.judge(seen.app, (0,))
        await seen.settle()
        await seen.press("r")
        assert "reported" in seen.app.session.note(0)
        assert "asked them" in seen.app.session.note(0)
        errands.judge(seen.app, (0,))
        await seen.settle()
        await seen.press("n")
        errands.comment(seen.app, (0,))
        await seen.settle()
        await seen.type("")
        assert seen.app.session.note(0) == ""
    assert (here / "founding-behind.pcap.seamark.json").exists()


async def test_many_flows_are_noted_at_once_and_what_is_lost_is_told(here: Path) -> None:
    """The prompt says whose comments it replaces."""
    async with hosting(here) as seen:
        for flow in (0, 1):
            errands.comment(seen.app, (flow,))
            await seen.settle()
            await seen.type(f"about {flow}")
        errands.comment(seen.app, (0, 1, 2))
        await seen.settle()
        assert isinstance(seen.app.screen, Prompt)
        assert "the place of 2 comments" in seen.app.screen._about
        await seen.type("about all")
        assert [seen.app.session.note(flow) for flow in (0, 1, 2)] == ["about all"] * 3


async def test_several_lines_are_for_the_editor(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prompt has one line and would lose the others."""

    async def editor(_app: object, before: str) -> str:
        return f"{before}\nsecond line\n"

    monkeypatch.setattr(programs, "edit", editor)
    async with hosting(here) as seen:
        errands.comment(seen.app, (0,))
        await seen.settle()
        await seen.type("first line")
        errands.edit(seen.app, (0,))
        await seen.settle()
        notes = seen.app.session.notes
        note = notes.of(seen.app.session.store.summaries[0]) if notes is not None else None
        assert note is not None
        assert note.comment == "first line\nsecond line"
        errands.comment(seen.app, (0,))
        await seen.settle()
        assert "several lines" in seen.told


async def test_an_editor_that_changes_nothing_keeps_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file for an empty note."""

    async def editor(_app: object, before: str) -> str:
        return before

    monkeypatch.setattr(programs, "edit", editor)
    async with hosting(here) as seen:
        errands.edit(seen.app, (0,))
        await seen.settle()
        assert seen.told == "the note is as it was"
    assert not (here / "founding-behind.pcap.seamark.json").exists()


async def test_notes_without_a_place_are_refused(here: Path) -> None:
    """A capture on standard input has none."""
    async with hosting(here, noted=False) as seen:
        errands.judge(seen.app, (0,))
        await seen.settle()
        assert seen.app.panels[0].startswith("Not noted: Notes need a capture that is a file.")
