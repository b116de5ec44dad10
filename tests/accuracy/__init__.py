"""How often each rule is right: what it found in real captures, against what is in them.

In: our captures with their manifest, and the public ones with the list of what a person judged.
Out: a Markdown table for the README.  ``expect`` reads what must be found, ``count`` compares,
``table`` prints.
"""
