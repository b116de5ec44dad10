"""From a capture to findings: every room of the dissector, in the order in which data flows.

    capture -> source -> segments -> streams -> dialogue -> detect -> analysis -> report
               (tshark)  (frames)    (bytes)    (SMTP)      (findings)  (read model)

Imports point only to the left.  Between rooms travel small immutable values that carry their
evidence: every byte knows the frame that brought it.

**Invariant:** nothing here knows Textual, nothing asks for the time of day, and only
``source`` starts a process or touches a file descriptor.
"""
