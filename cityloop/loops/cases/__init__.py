"""Cases: the loop that a report travels from collected to closed.

It leans on the town (catalogue, organisations, units, ledger, worklist) and on the loop engine. It never
decides what may be done: the definition and the engine do; and it never writes except through its actions.
"""
