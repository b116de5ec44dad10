"""A mail network in miniature: a sender, middleboxes that damage SMTP, and a real mail server.

Three network namespaces in a row, built with nothing but the standard library, `ip`, `ethtool`,
`tcpdump`, and `exim4`, a Postfix or a Sendmail. `python -m lab record` (in `tests/`) records the
captures in `captures/`.
"""
