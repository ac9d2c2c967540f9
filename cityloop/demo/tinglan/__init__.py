"""Tinglan (汀澜市), a town that does not exist: drawn, named and kept busy by a generator, the same on every machine.

Its codes begin with 99, which no division of China has, and it lies where there is open sea.
"""
