"""What the tests build their traffic with: segments, transcripts, mischief, and capture files.

In: transcripts, bytes, hypothesis' choices.  Out: ``Segment``, as ``dissect.segments`` yields it.

``wire`` makes one TCP conversation, ``script`` reads it from a transcript, ``talk`` from turns,
``mangle`` cuts it otherwise, ``strategies`` invents it, ``pcap`` writes it for tshark to read.

**Invariant:** nothing here uses the code under test beyond the values of its contract.
"""
