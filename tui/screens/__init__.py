"""The screens: flows, ladder, seam, findings, help, and the panel for failures."""
