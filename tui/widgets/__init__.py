"""Widgets that draw lines; none of them holds what it shows."""
