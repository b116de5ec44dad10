"""A mail network in miniature: a sender, one or two middleboxes that rewrite SMTP, and a real Exim.

Three network namespaces in a row, built with nothing but the standard library, `ip`, `ethtool`,
`tcpdump` and `exim4`. `python -m lab record` (in `tests/`) records the captures in `captures/`.
"""
