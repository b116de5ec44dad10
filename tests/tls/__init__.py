"""Conversations inside TLS: recorded by ``record``, and read with their key logs."""
