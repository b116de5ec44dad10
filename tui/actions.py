"""All that can be done, in one table: keys, footer, help and command palette are made from it.

Every action has a key that arrives through PuTTY, tmux and screen: letters, digits, F-keys,
arrows, Enter, Escape, Space, Home, End, PageUp and PageDown.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from textual.binding import Binding

from tui.keys import written

FLOWS: Final = "flows"
LADDER: Final = "ladder"
SEAM: Final = "seam"
PACKET: Final = "packet"
COMPARE: Final = "compare"
FINDINGS: Final = "findings"
PEERS: Final = "peers"
PAIRS: Final = "pairs"
PAIR: Final = "pair"
COLUMNS: Final = "columns"
HELP: Final = "help"
FAILURE: Final = "failure"

_WORK: Final = (FLOWS, LADDER, SEAM, PACKET, COMPARE, FINDINGS, PEERS)
"""The screens that show the capture."""
_SHOWN: Final = (*_WORK, PAIRS, PAIR)
"""The same, and those that show two captures."""
_LISTS: Final = (*_SHOWN, COLUMNS, HELP, FAILURE)
"""The screens in which something can be moved."""
_OF_FLOWS: Final = (FLOWS, LADDER)
"""The screens on which an action takes the flows that are chosen."""
_WITH_PANE: Final = (FLOWS, LADDER, COMPARE, FINDINGS, PEERS, PAIRS, PAIR)
"""The screens whose pane can be hidden."""
_INNER: Final = (LADDER, SEAM, PACKET, COMPARE, FINDINGS, PEERS, PAIR, COLUMNS, HELP)
"""The screens that have one before them."""


class Action(NamedTuple):
    """One thing that can be done."""

    id: str
    keys: str
    """Textual key names, the first is the one that is shown."""
    title: str
    where: tuple[str, ...]
    call: str
    """The screen's action."""
    hint: str = ""
    """``keys|label`` in the footer, which leaves out actions without."""
    help: str = ""
    counted: bool = False
    """Whether a number typed before the key says how often."""

    @property
    def key_words(self) -> str:
        """All keys as people write them."""
        return "  ".join(written(key) for key in self.keys.split(",") if key)


ACTIONS: Final = (
    # What is under the cursor.
    Action("open-flow", "enter", "open", (FLOWS,), "open", "Enter|open",
           help="Open the flow's ladder."),
    Action("open-seam", "enter", "open", (LADDER,), "open", "Enter|open",
           help="Look closely at the row's seam, or unfold its message data."),
    Action("open-finding", "enter", "evidence", (FINDINGS,), "open", "Enter|evidence",
           help="Go to the evidence, or fold the group."),
    Action("open-node", "enter", "fold or unfold", (PACKET,), "open", "Enter|fold",
           help="Fold or unfold the line of Wireshark's tree."),
    Action("open-side", "enter", "open", (COMPARE,), "open", "Enter|open",
           help="Open the ladder of the side that has the keys, at this row."),
    Action("open-peer", "enter", "its flows", (PEERS,), "open", "Enter|its flows",
           help="List the flows of this client."),
    Action("open-pair", "enter", "both sides", (PAIRS,), "open", "Enter|both sides",
           help="Lay what the inside has of the flow beside what the outside has."),
    Action("bytes", "enter", "bytes", (PAIR,), "open", "Enter|bytes",
           help="Show the row's bytes of both sides in hex, or its words again."),
    Action("toggle-column", "enter,space", "show or hide", (COLUMNS,), "open", "Space|show/hide",
           help="Show or hide the column."),
    Action("open-page", "enter", "back", (HELP,), "back",
           help="Go back."),
    Action("dismiss", "enter,escape,q", "go on", (FAILURE,), "back", "Enter|go on",
           help="Close the panel; what was read is still there."),
    # Going to what matters.
    Action("next-damaged", "n", "next damaged", (FLOWS, PEERS), "finding(1)", "n/p|damaged",
           help="Go to the next flow with a finding at or above medium, or the next such client.",
           counted=True),
    Action("previous-damaged", "p", "previous damaged", (FLOWS, PEERS), "finding(-1)",
           help="Go to the previous such one.", counted=True),
    Action("next-finding", "n", "next finding", (LADDER, FINDINGS), "finding(1)", "n/p|finding",
           help="Go to the next finding; after a flow's last one to the next damaged flow.",
           counted=True),
    Action("previous-finding", "p", "previous finding", (LADDER, FINDINGS), "finding(-1)",
           help="Go to the previous finding.", counted=True),
    Action("next-seam", "n,right,l", "next seam", (SEAM,), "seam(1)", "n/p|seam",
           help="Go to the next seam of the row, then of the flow.", counted=True),
    Action("previous-seam", "p,left,h", "previous seam", (SEAM,), "seam(-1)",
           help="Go to the previous seam.", counted=True),
    Action("next-frame", "n", "next frame", (PACKET,), "frame_step(1)", "n/p|frame",
           help="Go to the flow's next frame.", counted=True),
    Action("previous-frame", "p", "previous frame", (PACKET,), "frame_step(-1)",
           help="Go to the flow's previous frame.", counted=True),
    Action("next-difference", "n", "next difference", (COMPARE, PAIR), "difference(1)",
           "n/p|difference",
           help="Go to the next row in which the two flows differ.", counted=True),
    Action("previous-difference", "p", "previous difference", (COMPARE, PAIR), "difference(-1)",
           help="Go to the previous such row.", counted=True),
    Action("next-changed", "n", "next that differs", (PAIRS,), "difference(1)", "n/p|differs",
           help="Go to the next flow that is not the same on both sides.", counted=True),
    Action("previous-changed", "p", "previous that differs", (PAIRS,), "difference(-1)",
           help="Go to the previous such one.", counted=True),
    Action("frame", "number_sign", "go to a frame", (FLOWS, LADDER, PACKET), "frame",
           help="Go to a frame by its number; in the list, to the flow that holds it."),
    # What is listed, and how.
    Action("filter", "slash,f3", "filter", (FLOWS,), "filter", "/|filter",
           help="List only the flows that a filter wants; plain words are looked for everywhere. "
                "Esc lists all again."),
    Action("damaged", "f,f4", "damaged only", (FLOWS,), "damaged", "f|damaged only",
           help="List only damaged flows, or all again."),
    Action("source", "C", "next source", (FLOWS,), "source",
           help="List only the flows of the first source (an interface, a host, a capture), then "
                "of the next, then all again."),
    Action("sort", "s", "sort by", (FLOWS,), "sort_menu", "s|sort",
           help="Choose any column to sort by."),
    Action("sort-right", "greater_than_sign", "sort by next column", (FLOWS, PEERS), "sort(1)",
           help="Sort by the column to the right."),
    Action("sort-left", "less_than_sign", "sort by previous column", (FLOWS, PEERS), "sort(-1)",
           help="Sort by the column to the left."),
    Action("reverse", "z,f5", "reverse", (FLOWS, PEERS), "reverse",
           help="Turn the order round."),
    Action("group", "b,f8", "group", (FLOWS,), "group", "b|group",
           help="Group the flows by client, by server or by verdict, or not at all."),
    Action("group-findings", "b,f8", "group", (FINDINGS,), "group", "b|group",
           help="Group the findings by rule, by client or by verdict."),
    Action("fold-group", "left,h", "fold", (FLOWS,), "fold(False)",
           help="Hide the flows of the group."),
    Action("unfold-group", "right,l", "unfold", (FLOWS,), "fold(True)",
           help="Show the flows of the group."),
    Action("columns", "c", "columns", (FLOWS,), "columns", "c|columns",
           help="Choose columns, move them, and give them a width."),
    Action("column-later", "greater_than_sign,J", "move right", (COLUMNS,), "shift(1)",
           hint="< >|move", help="Move the column to the right.", counted=True),
    Action("column-earlier", "less_than_sign,K", "move left", (COLUMNS,), "shift(-1)",
           help="Move the column to the left.", counted=True),
    Action("column-wider", "plus,right,l", "wider", (COLUMNS,), "resize(1)", "+ -|width",
           help="Make the column wider.", counted=True),
    Action("column-narrower", "minus,left,h", "narrower", (COLUMNS,), "resize(-1)",
           help="Make the column narrower.", counted=True),
    Action("column-automatic", "a", "automatic width", (COLUMNS,), "automatic", "a|automatic",
           help="Let the column take the width that is there."),
    Action("columns-default", "r", "as they came", (COLUMNS,), "defaults", "r|reset",
           help="All columns as they were before anything was chosen."),
    Action("follow", "a", "follow", (FLOWS, LADDER), "follow",
           help="Keep the cursor on the last line as new ones come; moving ends it."),
    Action("pause", "H", "pause", _WORK, "pause",
           help="Let the view stand still while a live capture goes on; again, to go on."),
    Action("start", "B", "begin a capture", _WORK, "start",
           help="Begin to capture at an interface, here or on a host behind ssh, beside what is "
                "shown; after an end, again."),
    Action("capture-filter", "F", "capture filter", _WORK, "capture_filter",
           help="Change what all live sources capture; what passes meanwhile is marked as a gap."),
    Action("stop", "E", "end the capture", _WORK, "stop",
           help="End a live capture; what was seen stays on the screen."),
    # Marks, and what actions take.
    Action("mark", "m", "mark", _OF_FLOWS, "mark",
           help="Mark what actions take: the flow under the cursor, or all that @ chose; again, "
                "to take the marks off."),
    Action("mark-down", "space", "mark and go down", (FLOWS,), "mark_down",
           help="Mark the flow under the cursor, or not any more, and go to the next.",
           counted=True),
    Action("unmark", "U", "no marks", _OF_FLOWS, "unmark",
           help="Take all marks off."),
    Action("target", "at", "what actions take", _OF_FLOWS, "target",
           help="Let mark, save, copy and note take the flow under the cursor, @marked, @shown "
                "or @all flows."),
    # The ladder and what is beside it.
    Action("next-flow", "space", "next flow", (LADDER,), "flow(1)", "Space|next flow",
           help="Go to the next flow of the list.", counted=True),
    Action("previous-flow", "b,backspace", "previous flow", (LADDER,), "flow(-1)",
           help="Go to the previous flow of the list.", counted=True),
    Action("partner", "r", "answer", (LADDER,), "partner", "r|answer",
           help="Go from a command to its reply, or back."),
    Action("unfold-message", "e", "unfold message data", (LADDER,), "unfold", "e|unfold",
           help="Show the headers and lines of message data, byte by byte where it matters."),
    Action("times", "t,f6", "times", (LADDER,), "times", "t|times",
           help="Times since the flow began, since the row before, or of day."),
    Action("scroll-right", "right,l", "scroll right", (LADDER,), "scroll(8)",
           help="See the rest of long lines."),
    Action("scroll-left", "left,h", "scroll left", (LADDER,), "scroll(-8)",
           help="Back to the beginning of long lines."),
    Action("compare", "c", "compare", (LADDER,), "compare", "c|compare",
           help="Lay this flow beside the marked one, or one that fared otherwise."),
    Action("packet", "f", "packet", (LADDER, SEAM), "packet", "f|packet",
           help="Wireshark's tree and the bytes of the row's frame."),
    Action("side-right", "right,l", "right side", (COMPARE,), "side('right')",
           help="Give the keys to the right side."),
    Action("side-left", "left,h", "left side", (COMPARE,), "side('left')",
           help="Give the keys to the left side."),
    Action("next-partner", "space", "next flow", (COMPARE,), "partner(1)", "Space|other flow",
           help="Lay the next flow beside it.", counted=True),
    Action("previous-partner", "b,backspace", "previous flow", (COMPARE,), "partner(-1)",
           help="Lay the previous flow beside it.", counted=True),
    Action("next-pair", "space", "next flow", (PAIR,), "pair(1)", "Space|next flow",
           help="Go to the next flow of the list.", counted=True),
    Action("previous-pair", "b,backspace", "previous flow", (PAIR,), "pair(-1)",
           help="Go to the previous flow of the list.", counted=True),
    Action("unfold", "right,l", "unfold", (FINDINGS, PACKET), "fold(True)",
           help="Show what is beneath."),
    Action("fold", "left,h", "fold", (FINDINGS, PACKET), "fold(False)",
           help="Hide what is beneath."),
    # Getting things out.
    Action("copy", "y", "copy", _SHOWN, "copy(False)", "y|copy",
           help="Copy to the clipboard: a value, a Wireshark filter, a dialogue, a frame."),
    Action("write", "Y", "write to a file", _SHOWN, "copy(True)",
           help="Write the same to a file, for terminals without a clipboard."),
    Action("save", "S", "save flows", _OF_FLOWS, "save", "S|save",
           help="Write the packets of the flow under the cursor, or of all that @ chose, to a "
                "capture file (.txt: the dialogues, .jsonl: flows and findings)."),
    Action("wireshark", "W", "open in Wireshark", (FLOWS, LADDER, SEAM, PACKET), "wireshark",
           help="Open the flow in Wireshark, or say how."),
    Action("pager", "vertical_line", "pager", _OF_FLOWS, "pager",
           help="Read the dialogue in the pager."),
    Action("note", "i", "note", _OF_FLOWS, "note", "i|note",
           help="Write a comment on the flow; it is kept beside the capture."),
    Action("edit-note", "I", "note in the editor", _OF_FLOWS, "edit_note",
           help="Write the comment in your editor."),
    Action("judge", "V", "verdict of your own", _OF_FLOWS, "judge",
           help="Say what you make of the flow: damaged, harmless, unclear, reported."),
    # The other screens, and how all is shown.
    Action("pane", "w,f7", "pane", _WITH_PANE, "pane", "w|pane",
           help="Show or hide the pane with the details."),
    Action("other", "o,tab", "other pane", (*_WITH_PANE, PACKET), "other",
           help="Move the keys to the pane, to scroll it, or back."),
    Action("findings", "v,f2", "findings", (FLOWS, LADDER, SEAM, PACKET, COMPARE, PEERS),
           "findings", "v|findings", help="All findings, and the verdicts."),
    Action("peers", "P", "peers", (FLOWS, LADDER, FINDINGS), "peers", "P|peers",
           help="All clients: what they asked for over time, and what was delivered."),
    Action("privacy", "x", "privacy", _SHOWN, "privacy",
           help="Hide addresses and names on the screen, or show them again."),
    Action("theme", "T", "theme", _SHOWN, "theme",
           help="Choose the colours."),
    Action("repaint", "R,ctrl+l", "repaint", _SHOWN, "repaint",
           help="Paint the whole screen again."),
    Action("suspend", "Z,ctrl+z", "suspend", _SHOWN, "suspend",
           help="Back to the shell; fg returns."),
    # Moving.
    Action("down", "down,j", "down", _LISTS, "move('down')",
           help="One line down; with a number before it, so many."),
    Action("up", "up,k", "up", _LISTS, "move('up')",
           help="One line up."),
    Action("page-down", "pagedown,ctrl+f", "page down", _LISTS, "move('page_down')",
           help="One page down."),
    Action("page-up", "pageup,ctrl+b", "page up", _LISTS, "move('page_up')",
           help="One page up."),
    Action("half-down", "d,ctrl+d", "half a page down", _LISTS, "move('half_down')",
           help="Half a page down."),
    Action("half-up", "u,ctrl+u", "half a page up", _LISTS, "move('half_up')",
           help="Half a page up."),
    Action("home", "home,g", "first", _LISTS, "move('home')",
           help="To the first line."),
    Action("end", "end,G", "last", _LISTS, "move('end')",
           help="To the last line; with a number before it, to that line."),
    Action("help", "question_mark,f1", "help", (*_SHOWN, COLUMNS), "help", "?|help",
           help="Keys, the filter language, glyphs, and what Seamark cannot see."),
    Action("palette", "colon,f9", "commands", _SHOWN, "palette", ":|commands",
           help="Find an action by its name."),
    Action("quit", "q,escape", "back", _INNER, "back", "q|back",
           help="Back to the screen before."),
    Action("clear", "escape", "clear", (FLOWS,), "clear",
           help="Forget the filter and list all flows."),
    Action("leave", "q,f10", "quit", (FLOWS, PAIRS), "leave", "q|quit",
           help="Quit."),
)  # fmt: skip


def actions(where: str) -> tuple[Action, ...]:
    """The actions of a screen."""
    return tuple(action for action in ACTIONS if where in action.where)


def bindings(where: str) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """A screen's key bindings."""
    return [
        Binding(action.keys, _call(action), action.title, id=f"{where}.{action.id}", show=False)
        for action in actions(where)
    ]


def _call(action: Action) -> str:
    return f"repeat({action.call!r})" if action.counted else action.call
