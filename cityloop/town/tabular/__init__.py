"""Files of rows from outside, read row by row: sound rows, and what is wrong with the others; writing them in bulk.

Knows no table of the city: rooms that import (components, cases) build on it.
"""
