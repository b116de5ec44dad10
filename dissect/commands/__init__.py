"""The commands of their own: one module each, registered by name in ``tui.__main__``.

In: what the user typed.  Out: lines on standard output, files, and an exit code.

**Invariant:** a command puts rooms together and decides nothing about mail; it never reaches the
screens.
"""
