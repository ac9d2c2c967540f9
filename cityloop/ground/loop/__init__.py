"""The loop engine: definitions as data, one pure step function, a static verifier."""
