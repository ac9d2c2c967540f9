"""Plain Python under everything: loop engine, codes, working time, plate kit. No Django, no I/O."""
