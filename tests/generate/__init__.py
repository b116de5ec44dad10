"""A deterministic generator of SMTP captures whose damage is known.

In: a number of flows and packets, and a seed.  Out: a capture file, and the truth about it.
The same arguments make the same bytes.

``plan`` says who talks to whom and how it goes, ``speech`` what is said, ``conversations``
speaks it, ``truth`` keeps what a reader has to find, ``capture`` interleaves and writes it.

**Invariant:** nothing here is taken from the code under test beyond the values of its contract.
"""
