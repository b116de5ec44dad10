"""The Textual interface: flows, ladder, seam close-up and findings.

In: ``Update`` values of the read model, from a feed that runs in a process of its own.
Out: a terminal.  **Invariant:** packet text reaches a widget only through ``tui.line``, whose
pieces come from the one sanitiser; no widget holds more than what is on screen.
"""
