"""What stands in the city: lamps, covers, hydrants, trees; each with its identity code, state, place and unit.

Leans on `units` (where), `ledger` (history) and the manifests of `ground.kit` (types and their attributes). Lies below
the organisations: it keeps their ids as plain numbers, and asks for them by a port.
"""
