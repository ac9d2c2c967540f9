"""The N: one folder of data per domain."""
