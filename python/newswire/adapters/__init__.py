"""Adapters: an agent written with another framework shows up on the bus with one line.

    import newswire.adapters.langchain

    newswire.adapters.langchain.install()

Each module needs its framework, and nothing here is loaded before it is asked for. docs/adapters.md says which
versions are tested and what becomes of each of the framework's hooks.
"""
