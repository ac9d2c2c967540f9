"""One row per thing that someone must do now, for every kind of loop: one inbox, one deadline sweep.

It leans on the ledger's subjects and the organisations' paths. It never decides who must act: rows are
derived from a loop's snapshot by `ground.loop.duties`, and it never forgets that something was overdue.
"""
