"""The history of readings: what has left the hot window of the database, as Parquet, and one way to read both.

A file is written whole, made safe and read back before a row of `Part` names it; only then do the readings leave the
database. So whatever is killed when: a reading stands in the database, in the history, or for a moment in both, where
the database's word counts. What is read is read first there and then here, so that nothing slips through between.
"""
