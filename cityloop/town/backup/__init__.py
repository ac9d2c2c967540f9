"""A city kept in one file, and brought back from it: on the same machine, on another, on the other database.

Knows no room by name: it reads and writes every table there is, as a whole. It keeps no rows of its own.
Never keeps a key, and never brings a city back over one that is there.
"""
