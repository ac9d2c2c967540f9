"""What people are told: a log of notices, and e-mail to those who left an address.

Leans on `persons` for addresses, on `orgs` for who holds a post, on Django's e-mail back end to send.
Never tells the same event to the same recipient twice, and never sends anything about imported or replayed history.
"""
