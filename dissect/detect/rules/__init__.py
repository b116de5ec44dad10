"""One rule a file.  Each module's docstring is the rule's text, under the fixed headings."""
