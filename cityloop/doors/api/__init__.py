"""The JSON door: what a program may do, with the same actions and the same authority as the pages."""
