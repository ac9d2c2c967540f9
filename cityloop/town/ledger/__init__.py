"""The record of every step, append-only and tamper-evident.

It leans on nothing but the column types and the plain code of `ground`. It never changes or deletes a
step, never reads a clock of its own, and never holds personal words: only salted digests of them.
"""
