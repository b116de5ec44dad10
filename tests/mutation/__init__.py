"""Real conversations, damaged at one byte after the other: every damage is found where it is.

In: the segments of clean captures.  ``conversation`` reads them without the code under test,
``wire`` changes their segments, ``mutants`` says what a middlebox would do, ``oracle`` what must
be found then.
"""
