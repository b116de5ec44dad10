"""What others say of captures that we did not make, against what the dissector says.

``shared`` reads each public capture once, ``wireshark`` asks tshark what its own SMTP dissector
read, ``mails`` puts our rows in the form in which Zeek and Suricata tell of mail.  Where two
readings differ, ``disagreements`` and ``kinds`` say who is right and why.  ``public`` compares
the findings with ``public.toml``; ``python -m oracles`` prints those that are not in it yet.
"""
