"""From a dialogue to findings.

In: dialogue events of one flow.  Out: ``Finding``.  One rule is one file in ``rules``; the
registry lists them, the policy ranks them, the engine runs them and isolates one that crashes.

**Invariant:** rules see events and the flow's ``Context``, never bytes of a stream, never tshark.
"""
