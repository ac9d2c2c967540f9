"""Bringing a city's past in: rows of an open-data file become cases, and nothing is invented on the way.

Leans on a map that says what each column means. It never writes a step the source does not tell of: `collect`
when a request was created, `close_by_source` when it was closed.
"""
