"""Newswire, the event bus of AI-agent runtimes."""
