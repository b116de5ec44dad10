"""Notes on flows: found again, never lost, and never trusted."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tui_fakes import HOSTILE, founding, plain

from tui import files, notefile
from tui.notes import Note, Notes, NotesError

if TYPE_CHECKING:
    from dissect.analysis.model import FlowSummary

ONE = founding(0).summary
TWO = plain(1).summary
NOW = 1_800_000_000.0


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        """The time."""
        self.now += 1
        return self.now


class Place:
    """A folder with a capture, a state directory, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "captures"
        self.state = folder / "state"
        self.folder.mkdir()
        self.capture = self.folder / "a.pcap"
        self.capture.touch()
        self.sidecar = self.folder / "a.pcap.seamark.json"
        self.clock = Clock()
        self.environ = {"XDG_STATE_HOME": str(self.state)}

    def notes(self, *captures: str) -> Notes:
        """The notes as a Seamark finds them that is started now."""
        return Notes(captures or (str(self.capture),), self.environ, self.clock)

    def read(self) -> dict[str, Any]:
        """What lies beside the capture."""
        found: dict[str, Any] = json.loads(self.sidecar.read_text(encoding="utf-8"))
        return found

    def write(self, *entries: Any, **more: Any) -> None:
        """Put a file beside the capture."""
        whole = {"version": 1, "notes": list(entries), **more}
        self.sidecar.write_text(json.dumps(whole), encoding="utf-8")

    @property
    def in_state(self) -> list[Path]:
        """What lies in the state directory."""
        return sorted(self.state.rglob("*.json"))

    def close(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let nothing be written beside the capture; root may, whatever a mode says."""
        put = files.replace

        def refuse(target: Path, data: bytes) -> os.stat_result:
            if target.parent == self.folder:
                raise PermissionError(13, "Permission denied")
            return put(target, data)

        monkeypatch.setattr(files, "replace", refuse)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place for notes."""
    return Place(tmp_path)


def entry(flow: FlowSummary, **more: Any) -> dict[str, Any]:
    """A note on a flow, as it lies in a file."""
    client, server, start = notefile.key(flow)
    fields = {
        "client": client, "server": server, "start_us": start, "verdict": "", "comment": "theirs",
        "changed": NOW,
    }  # fmt: skip
    return {**fields, **more}


def said(notes: Notes, flow: FlowSummary) -> str:
    """A note in a line."""
    note = notes.of(flow)
    return "" if note is None else note.line


# ---- keeping and finding again ------------------------------------------------------------------


def test_a_note_is_kept_beside_the_capture_at_once(place: Place) -> None:
    """One file, for the user alone, that another Seamark finds."""
    notes = place.notes()
    assert notes.set(ONE, comment="asked them", verdict="reported") == (
        "kept in a.pcap.seamark.json"
    )
    assert stat.S_IMODE(place.sidecar.stat().st_mode) == 0o600
    assert sorted(path.name for path in place.folder.iterdir()) == ["a.pcap", "a.pcap.seamark.json"]
    again = place.notes()
    assert again.of(ONE) == Note("asked them", "reported", place.read()["notes"][0]["changed"])
    assert again.of(TWO) is None
    assert place.in_state == []


def test_verdict_and_comment_change_alone(place: Place) -> None:
    """What is not told stays; empty words take it back."""
    notes = place.notes()
    notes.set(ONE, comment="words")
    notes.set(ONE, verdict="damaged")
    assert said(notes, ONE) == "damaged / words"
    notes.set(ONE, comment="")
    assert said(notes, ONE) == "damaged"
    notes.set(ONE, verdict="")
    assert notes.of(ONE) is None
    assert place.notes().of(ONE) is None


def test_a_flow_is_found_again_under_another_number(place: Place) -> None:
    """In a filtered or a merged capture it has the same ends and the same beginning."""
    place.notes().set(ONE, comment="this one")
    notes = place.notes()
    assert said(notes, replace(ONE, flow=77, tcp_stream=5, capture="b.pcap")) == "this one"
    assert said(notes, replace(ONE, start=ONE.start + 0.001)) == ""


def test_many_flows_are_noted_in_one_go(place: Place) -> None:
    """As when an action takes all that are marked."""
    notes = place.notes()
    notes.set(ONE, TWO, verdict="harmless")
    assert [said(place.notes(), flow) for flow in (ONE, TWO)] == ["harmless", "harmless"]
    assert list(notes.search("HARM", (ONE, TWO, plain(2).summary))) == [0, 1]


def test_each_capture_has_its_own_file(place: Place) -> None:
    """Notes go beside the capture that the flow is from."""
    other = place.folder / "b.pcap"
    names = (str(place.capture), str(other))
    notes = place.notes(*names)
    notes.set(replace(ONE, capture=names[0]), comment="in a")
    notes.set(replace(ONE, capture=names[1]), comment="in b")
    again = place.notes(*names)
    assert said(again, replace(ONE, capture=names[0])) == "in a"
    assert said(again, replace(ONE, capture=names[1])) == "in b"
    assert len(list(place.folder.glob("*.seamark.json"))) == 2


def test_lines_of_a_comment_are_kept(place: Place) -> None:
    """Those are ours; what cannot be shown is left out."""
    place.notes().set(ONE, comment="first \r\n\x1b[2Jsecond\u202e\n\n")
    assert place.read()["notes"][0]["comment"] == "first\n[2Jsecond"
    assert said(place.notes(), ONE) == "first / [2Jsecond"


def test_a_comment_has_a_longest_length(place: Place) -> None:
    """4,000 characters."""
    notes = place.notes()
    notes.set(ONE, comment="x" * 5000)
    assert len(said(notes, ONE)) == 4000


# ---- where nothing can be written ---------------------------------------------------------------


def test_in_a_folder_for_reading_the_state_directory_takes_them(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are found there again, under a name that tells nothing of the capture."""
    place.close(monkeypatch)
    told = place.notes().set(ONE, comment="words")
    assert str(place.state) in told
    (kept,) = place.in_state
    assert "a.pcap" not in kept.name
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert said(place.notes(), ONE) == "words"


def test_of_two_places_the_newer_note_counts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever place it is in, note by note."""
    place.notes().set(ONE, TWO, comment="old, beside")
    with monkeypatch.context() as closed:
        place.close(closed)
        place.notes().set(ONE, comment="new, in state")
    assert said(place.notes(), ONE) == "new, in state"
    assert said(place.notes(), TWO) == "old, beside"
    place.notes().set(TWO, comment="newest, beside")
    assert said(place.notes(), ONE) == "new, in state"
    assert said(place.notes(), TWO) == "newest, beside"


def test_where_nothing_can_be_written_that_is_said(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was there before still is."""
    notes = place.notes()
    notes.set(ONE, comment="before")
    place.close(monkeypatch)
    place.state.write_text("no folder", encoding="utf-8")
    with pytest.raises(NotesError, match="cannot be kept"):
        notes.set(ONE, comment="after")
    assert said(notes, ONE) == "before"


def test_standard_input_has_no_place_for_notes(place: Place) -> None:
    """It has no name to find them by."""
    notes = place.notes("-")
    assert notes.of(ONE) is None
    with pytest.raises(NotesError, match="a capture that is a file"):
        notes.set(ONE, comment="words")


# ---- two at once --------------------------------------------------------------------------------


def test_two_seamarks_lose_nothing_of_each_other(place: Place) -> None:
    """Each reads what the other has written before it writes."""
    first, second = place.notes(), place.notes()
    first.set(ONE, comment="first's")
    second.set(TWO, comment="second's")
    assert said(second, ONE) == "first's"
    assert [said(place.notes(), flow) for flow in (ONE, TWO)] == ["first's", "second's"]


def test_a_note_that_was_taken_back_does_not_come_again(place: Place) -> None:
    """The other Seamark still knows it, and does not bring it back."""
    first, second = place.notes(), place.notes()
    first.set(ONE, comment="mistaken")
    second.set(TWO, comment="knows the first one now")
    first.set(ONE, comment="")
    second.set(TWO, comment="changed")
    assert said(place.notes(), ONE) == ""


def test_a_held_lock_is_not_waited_for_for_ever(place: Place) -> None:
    """Another process may hold it; the note is kept all the same."""
    with notefile.locked(place.folder):
        place.notes().set(ONE, comment="kept")
    assert said(place.notes(), ONE) == "kept"


# ---- files of strangers -------------------------------------------------------------------------


def test_what_a_later_version_adds_is_kept(place: Place) -> None:
    """Unknown keys of the file and of a note, and notes of an unknown form."""
    place.write(entry(ONE, colour="red"), {"about": "a frame"}, team="mail")
    place.notes().set(ONE, TWO, comment="ours")
    found = place.read()
    assert found["team"] == "mail"
    assert {"about": "a frame"} in found["notes"]
    assert [each["colour"] for each in found["notes"] if "colour" in each] == ["red"]


def test_a_newer_versions_file_is_read_and_not_written(place: Place) -> None:
    """Who knows what would be lost."""
    place.write(entry(ONE), version=2)
    before = place.sidecar.read_bytes()
    notes = place.notes()
    assert said(notes, ONE) == "theirs"
    with pytest.raises(NotesError, match="newer Seamark"):
        notes.set(ONE, comment="ours")
    assert place.sidecar.read_bytes() == before


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b'{"notes": 7}', b"\x00\xff\xfe", b"[" * 100_000,
        b'{"notes": [' + b"9" * 5000 + b"]}",
    ],
)  # fmt: skip
def test_a_damaged_file_is_moved_aside_and_never_overwritten(place: Place, data: bytes) -> None:
    """It is told of at once, and keeps its bytes under another name."""
    place.sidecar.write_bytes(data)
    (place.folder / "a.pcap.seamark.json.damaged").write_text("an earlier one", encoding="utf-8")
    notes = place.notes()
    assert "holds no notes" in notes.problems[0]
    assert notes.of(ONE) is None
    told = notes.set(ONE, comment="ours")
    assert "a.pcap.seamark.json-2.damaged" in told
    assert (place.folder / "a.pcap.seamark.json-2.damaged").read_bytes() == data
    assert said(place.notes(), ONE) == "ours"
    assert place.notes().problems == ()


def test_a_symbolic_link_is_not_followed(place: Place, tmp_path: Path) -> None:
    """Neither to read it nor to write it."""
    target = tmp_path / "secret.json"
    target.write_text(json.dumps({"notes": [entry(ONE)]}), encoding="utf-8")
    place.sidecar.symlink_to(target)
    before = target.read_bytes()
    notes = place.notes()
    assert notes.of(ONE) is None
    assert "symbolic link" in notes.problems[0]
    notes.set(ONE, comment="ours")
    assert target.read_bytes() == before
    assert not place.sidecar.is_symlink()


def test_a_pipe_does_not_hang(place: Place) -> None:
    """What is no file is not read."""
    os.mkfifo(place.sidecar)
    notes = place.notes()
    assert "no file" in notes.problems[0]
    notes.set(ONE, comment="ours")
    assert said(place.notes(), ONE) == "ours"


@pytest.mark.parametrize(
    "more",
    [
        {"client": 7}, {"client": "x" * 500}, {"start_us": "1"}, {"start_us": True},
        {"comment": None}, {"verdict": []}, {"changed": "now"}, {"changed": float("nan")},
    ],
)  # fmt: skip
def test_a_note_of_another_form_is_left_alone(place: Place, more: dict[str, Any]) -> None:
    """It is not shown, and not lost."""
    place.write(entry(ONE, **more), entry(TWO))
    notes = place.notes()
    assert notes.of(ONE) is None
    assert said(notes, TWO) == "theirs"
    notes.set(TWO, comment="ours")
    assert len(place.read()["notes"]) == 2


@pytest.mark.parametrize("changed", [1e300, float("inf"), -(10**400), 10**400])
def test_a_strangers_clock_does_not_win_for_ever(place: Place, changed: float) -> None:
    """A note from the future can be changed like any other."""
    place.write(entry(ONE, changed=changed))
    notes = place.notes()
    notes.set(ONE, comment="ours")
    assert said(place.notes(), ONE) == "ours"


def test_hostile_words_come_as_words(place: Place) -> None:
    """A comment that somebody put beside a capture cannot steer a terminal or an editor."""
    words = HOSTILE.decode("utf-8", "surrogateescape")
    place.write(entry(ONE, comment=words * 100, verdict=words))
    note = place.notes().of(ONE)
    assert note is not None
    assert note.line.isprintable()
    assert len(note.comment) <= 4000
    assert len(note.verdict) <= 40


def test_too_much_is_not_taken_in(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a long file nor many notes; the limits are made small here."""
    place.write(entry(ONE), entry(TWO))
    monkeypatch.setattr(notefile, "MOST_NOTES", 1)
    assert "too long" in place.notes().problems[0]
    monkeypatch.undo()
    monkeypatch.setattr(notefile, "MOST_BYTES", 100)
    assert "too long" in place.notes().problems[0]
    monkeypatch.undo()
    assert place.notes().problems == ()


def test_a_file_that_cannot_be_read_is_not_overwritten(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague's notes may lie there; ours go into the state directory."""
    place.write(entry(ONE))
    before = place.sidecar.read_bytes()
    opened = os.open

    def refuse(path: Any, *rest: Any) -> int:
        if path == place.sidecar:
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest)

    monkeypatch.setattr(os, "open", refuse)
    notes = place.notes()
    assert "cannot be read: Permission denied" in notes.problems[0]
    notes.set(TWO, comment="ours")
    assert place.sidecar.read_bytes() == before
    assert len(place.in_state) == 1
