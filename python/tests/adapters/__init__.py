"""Tests of the adapters against the real frameworks, with scripted models; skipped where one isn't installed."""
