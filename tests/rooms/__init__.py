"""Tests of one room of the pipeline at a time."""
