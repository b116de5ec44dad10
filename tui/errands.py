"""What the screens send the user's text out with: questions first, then the work, then a word.

Each function here returns at once; what it began goes on beside the keys.  Whatever fails is told
in a panel and changes nothing else.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from dissect.errors import SeamarkError
from dissect.escape import visible
from tui import files, out, programs, saving
from tui.clipboard import clean
from tui.notefile import tidy
from tui.notes import NotesError
from tui.screens.menu import Choice, Menu
from tui.screens.prompt import Prompt
from tui.words import count

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from textual.app import App

    from dissect.analysis.model import FlowSummary
    from tui.host import Host
    from tui.notes import Notes
    from tui.out import Offer, Subject
    from tui.saving import Transcript

    Ask = Callable[[Host, Notes, Sequence[FlowSummary]], Coroutine[Any, Any, None]]

_MOST_PAGED: Final = 1000
"""Dialogues that the pager gets: more than anybody reads, little enough to be quick."""
_NOWHERE: Final = NotesError(
    "Notes need a capture that is a file.", "Save the flows (S), and open what was saved."
)


def _start(app: Host, failed: str, errand: Coroutine[Any, Any, None]) -> None:
    app.run_worker(_guarded(app, failed, errand))


async def _guarded(app: Host, failed: str, errand: Coroutine[Any, Any, None]) -> None:
    try:
        await errand
    except SeamarkError as error:
        app.panel(failed, str(error))


# ---- copy, and write to a file ------------------------------------------------------------------


def take(app: Host, subject: Subject, *, to_file: bool) -> None:
    """Ask what of a screen is to be taken out, and copy it or write it to a file.

    Args:
        app: the app.
        subject: what the screen is about.
        to_file: write it; without, it is copied where there is a clipboard.
    """
    offers = out.offers(subject)
    if not offers:
        app.tell("there is nothing to copy here")
    elif to_file or not app.copier.there:
        _start(app, "Not written", _write(app, offers, asked=to_file))
    else:
        _start(app, "Not copied", _copy(app, offers))


async def _copy(app: Host, offers: Sequence[Offer]) -> None:
    offer = await _chosen(app, "copy", offers)
    if offer is not None:
        app.tell(app.copier.copy(app, await _text(offer)))


async def _write(app: Host, offers: Sequence[Offer], *, asked: bool) -> None:
    title = "write to a file" if asked else "write to a file: this terminal has no clipboard"
    offer = await _chosen(app, title, offers)
    if offer is None:
        return
    text = await _text(offer)
    path = await _ask_path(app, f"write to a file: {offer.title}", offer.name)
    if path is not None:
        files.create(path, f"{text.rstrip(chr(10))}\n")
        app.tell(f"{len(text):,} characters are in {visible(str(path))}")


async def _chosen(app: Host, title: str, offers: Sequence[Offer]) -> Offer | None:
    choices = [Choice(offer.letter, offer.title, clean(offer.about)) for offer in offers]
    letter = await app.push_screen_wait(Menu(title, choices, app.look))
    return next((offer for offer in offers if offer.letter == letter), None)


async def _text(offer: Offer) -> str:
    """The text, in lines that can be shown, whoever made it."""
    made = offer.text()
    return clean(await made if inspect.isawaitable(made) else made)


async def _ask_path(app: Host, title: str, name: str, about: str = "") -> Path | None:
    prompt = Prompt(title, app.look, default=files.free(name), check=files.wrong, about=about)
    words = await app.push_screen_wait(prompt)
    return None if words is None else files.path(words)


# ---- save flows ---------------------------------------------------------------------------------


def save(app: Host, flows: Sequence[int], transcript: Transcript) -> None:
    """Ask for a file, and write flows to it.

    Args:
        app: the app.
        flows: their numbers.
        transcript: makes a dialogue's text.
    """
    if flows:
        _start(app, "Not saved", _save(app, flows, transcript))
    else:
        app.tell("there is no flow to save")


async def _save(app: Host, flows: Sequence[int], transcript: Transcript) -> None:
    store = app.session.store
    name = f"{files.stem(store.summaries[flows[0]].capture)}-flows.pcapng"
    about = "A name that ends in .txt takes the dialogues, .jsonl the flows and findings."
    if app.look.privacy.on:
        about += " Names and addresses are written as they are."
    path = await _ask_path(app, f"save {count(len(flows), 'flow')} to", name, about)
    if path is not None:
        app.tell(f"saving {count(len(flows), 'flow')}")
        source = saving.Source(store, app.wireshark, transcript)
        app.tell(await saving.save(source, flows, path))


# ---- other programs -----------------------------------------------------------------------------


def wireshark(app: Host, subject: Subject) -> None:
    """Open the subject's flows in Wireshark, at its first frame; or say how."""
    if subject.flows:
        _start(app, "Wireshark was not opened", _wireshark(app, subject))
    else:
        app.tell("there is no flow to open")


async def _wireshark(app: Host, subject: Subject) -> None:
    flow = subject.flows[0]
    wanted = out.of_flows(subject.flows)[flow.capture]
    frame = subject.frames[0] if subject.frames else flow.first_frame
    path = app.wireshark.path(flow.capture) if app.wireshark is not None else flow.capture
    app.tell("opening Wireshark")
    await programs.open_beside(programs.wireshark(path, wanted, frame))


def pager(app: Host, flows: Sequence[int], transcript: Transcript) -> None:
    """Show the dialogues of flows in the pager."""
    if flows:
        _start(app, "The pager did not open", _pager(app, flows[:_MOST_PAGED], transcript))
    else:
        app.tell("there is no flow to read")


async def _pager(app: Host, flows: Sequence[int], transcript: Transcript) -> None:
    details = saving.details(app.session.store, flows)
    texts = [clean(transcript(detail)) async for detail in details]
    await programs.page(cast("App[int]", app), saving.BETWEEN.join(texts))


# ---- notes --------------------------------------------------------------------------------------


def comment(app: Host, flows: Sequence[int]) -> None:
    """Ask for a comment on flows, and keep it."""
    _note(app, flows, _comment)


def edit(app: Host, flows: Sequence[int]) -> None:
    """Let the user write a comment on flows in the editor, and keep it."""
    _note(app, flows, _edit)


def judge(app: Host, flows: Sequence[int]) -> None:
    """Ask for the user's own verdict on flows, and keep it."""
    _note(app, flows, _judge)


def _note(app: Host, flows: Sequence[int], ask: Ask) -> None:
    notes = app.session.notes
    if not flows:
        app.tell("there is no flow to note something on")
    elif notes is None:
        app.panel(_FAILED, str(_NOWHERE))
    else:
        summaries = [app.session.store.summaries[flow] for flow in flows]
        _start(app, _FAILED, ask(app, notes, summaries))


async def _comment(app: Host, notes: Notes, flows: Sequence[FlowSummary]) -> None:
    before, about = _comment_on(notes, flows)
    if "\n" in before:
        app.tell("this note has several lines: I opens it in your editor")
        return
    title = f"comment on {_which(flows)}"
    words = await app.push_screen_wait(Prompt(title, app.look, default=before, about=about))
    if words is not None and (words != before or about):
        _keep(app, notes.set(*flows, comment=words))


async def _edit(app: Host, notes: Notes, flows: Sequence[FlowSummary]) -> None:
    before, about = _comment_on(notes, flows)
    words = tidy(await programs.edit(cast("App[int]", app), before))
    if words != before or (words and about):
        _keep(app, notes.set(*flows, comment=words))
    else:
        app.tell("the note is as it was")


async def _judge(app: Host, notes: Notes, flows: Sequence[FlowSummary]) -> None:
    known = {note.verdict if note else "" for note in map(notes.of, flows)}
    chosen = known.pop() if len(known) == 1 else ""
    menu = Menu(f"your verdict on {_which(flows)}", _JUDGEMENTS, app.look, chosen=chosen or _NONE)
    verdict = await app.push_screen_wait(menu)
    if verdict is not None:
        _keep(app, notes.set(*flows, verdict="" if verdict == _NONE else verdict))


def _keep(app: Host, told: str) -> None:
    app.session.noted()
    app.tell(told)


def _comment_on(notes: Notes, flows: Sequence[FlowSummary]) -> tuple[str, str]:
    """The comment that flows have, and a warning where they have different ones."""
    known = {note.comment if note else "" for note in map(notes.of, flows)}
    if len(known) == 1:
        return known.pop(), ""
    return "", f"It takes the place of {count(len(known - {''}), 'comment')}."


def _which(flows: Sequence[FlowSummary]) -> str:
    return f"flow {flows[0].flow}" if len(flows) == 1 else count(len(flows), "flow")


_FAILED: Final = "Not noted"
_NONE: Final = "none"
_JUDGEMENTS: Final = (
    Choice("d", "damaged", "something on the way has changed or lost mail", "damaged"),
    Choice("h", "harmless", "looks odd, and costs nothing", "harmless"),
    Choice("u", "unclear", "has to be looked at again", "unclear"),
    Choice("r", "reported", "those who can mend it know", "reported"),
    Choice("n", "none", "take the verdict back", _NONE),
)
