"""Tests of the Python package: `pytest` from the folder above."""
