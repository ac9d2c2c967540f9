"""Who works in the city: organisations in a tree, posts in them, who holds each post, and what that allows.

Leans on `persons` for who someone is and on `ledger` to record every change.
Never lets any other room decide on authority: `orgs.authority` alone does.
"""
