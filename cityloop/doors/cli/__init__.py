"""The command line: one module a verb, read only when it is called."""
