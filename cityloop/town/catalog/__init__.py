"""What the city deals with: matters, their limits and questions, and who is responsible for them where.

Leans on `orgs` (responsible organisations), `ground.kit` (manifests, routing) and `ledger` (each publication).
Never changes what was published: a case pins the digest of a version and can always be judged by it.
"""
