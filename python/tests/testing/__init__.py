"""Tests of the matchers and of the pytest plugin."""
