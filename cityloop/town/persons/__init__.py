"""People: accounts to sign in with, persons behind them, and the personal words they leave.

Leans on `ledger` (an erasure is recorded there) and on the master keys of the installation.
Never shows personal data unmasked without recording who looked and why, and never lets it leave the room in the clear.
"""
