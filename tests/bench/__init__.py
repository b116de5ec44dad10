"""The benchmark: Seamark against tshark, on one capture, in one run.

In: a generated capture of 250,000 packets.  Out: a table of ratios, with the design's budgets.

``sample`` runs a command and tells our own processes from tshark's, ``jobs`` names the commands,
``subject`` is the capture, ``machine`` what it ran on, ``table`` the result.

**Invariant:** it prints, and never fails because something is slow: times are no test.
"""
