"""Verdicts, then the findings of all flows; the cursor is bound to what it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import told, words
from tui.line import Line, Piece, Role, fit
from tui.look import SEVERITY_ROLES, SEVERITY_WORDS, Look
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from dissect.analysis.model import Verdict
    from tui.evidence import Entry, Group, Ref
    from tui.session import Session


class FindingsList(LineView):
    """Groups and their findings.

    Args:
        session: whose findings.
        look: how they are drawn.
    """

    def __init__(self, session: Session, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._session = session
        self._look = look
        self._bound: tuple[str, Ref | None] | None = None

    @property
    def _verdicts(self) -> tuple[Verdict, ...]:
        return self._session.store.verdicts

    @property
    def verdict(self) -> Verdict | None:
        """The verdict under the cursor."""
        return self._verdicts[self.cursor] if self.cursor < len(self._verdicts) else None

    @property
    def entry(self) -> Entry | None:
        """The finding or the rule under the cursor."""
        at = self.cursor - len(self._verdicts)
        evidence = self._session.evidence
        return evidence[at] if 0 <= at < len(evidence) else None

    def count(self) -> int:
        """Number of lines."""
        return len(self._verdicts) + len(self._session.evidence)

    def draw(self, at: int) -> Line:
        """A verdict, a group's head, or a finding."""
        verdicts = self._verdicts
        if at < len(verdicts):
            said = told.verdict_words(verdicts[at], self.cells - 11, self._look)
            return (Piece("  verdict  ", Role.ACCENT), Piece(said, Role.TITLE))
        entry = self._session.evidence[at - len(verdicts)]
        return self._head(entry.group) if entry.ref is None else self._finding(entry.ref)

    def go(self, at: int) -> None:
        """Put the cursor on a line, and remember what it is."""
        super().go(at)
        self._bind()

    def sync(self) -> None:
        """Follow what is under the cursor to its new place."""
        at = self._session.evidence.index(*self._bound) if self._bound else None
        at = None if at is None else at + len(self._verdicts)
        shift = 0 if at is None else at - self.cursor
        top = self.scroll_offset.y
        if at is not None:
            self.cursor = at
        super().sync()
        if shift and top:
            self.scroll_to(y=max(top + shift, 0), animate=False)
        self.show_line(self.cursor)
        self._bind()

    def fold(self, *, unfold: bool) -> None:
        """Show or hide the findings of the rule under the cursor."""
        entry = self.entry
        if entry is None:
            return
        entry.group.open = unfold
        self._bound = (entry.group.name, entry.ref if unfold else None)
        self.sync()
        self.go(self.cursor)

    def regroup(self) -> None:
        """Group by the next thing; the cursor stays on its finding."""
        evidence, entry = self._session.evidence, self.entry
        evidence.group(evidence.by.next)
        if entry is None:
            return
        ref = entry.ref or entry.group.refs[0]
        group = next((each for each in evidence.groups if ref in each.refs), None)
        self._bound = None if group is None else (group.name, ref)
        self.sync()
        self.go(self.cursor)

    def step(self, step: int) -> None:
        """Go to the next finding, over heads and into folded rules."""
        at = self.cursor + step
        while 0 <= at < self.count():
            if self._is_stop(at - len(self._verdicts)):
                self.go(at)
                return
            at += step

    def _is_stop(self, at: int) -> bool:
        if at < 0:
            return False
        entry = self._session.evidence[at]
        return entry.ref is not None or not entry.group.open

    def _bind(self) -> None:
        entry = self.entry
        self._bound = None if entry is None else (entry.group.name, entry.ref)

    def _head(self, group: Group) -> Line:
        look = self._look
        role = SEVERITY_ROLES[group.severity]
        fold = look.opened if group.open else look.closed
        return (
            Piece(f"{fold} ", Role.DIM),
            Piece(f"{look.glyph(group.severity)} {SEVERITY_WORDS[group.severity]:<4} ", role),
            Piece(look.words(group.name), Role.TITLE),
            Piece(f"  {words.count(len(group.refs), 'finding')}", Role.DIM),
        )

    def _finding(self, ref: Ref) -> Line:
        look = self._look
        found = self._session.evidence.finding(ref)
        if found is None:
            return (Piece(f"    {ref.flow:>5}", Role.DIM),)
        where = f"    flow {ref.flow:<5} {fit(words.frames(found.frames, 2), 9, look.cut)} "
        said = fit(look.words(found.message), max(self.cells - len(where), 1), look.cut)
        return (Piece(where, Role.DIM), Piece(said.rstrip()))
