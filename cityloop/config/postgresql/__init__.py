"""PostgreSQL as Django knows it, with connections of the pool looked at instead of tried by a question."""
