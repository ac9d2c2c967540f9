"""What every city has before any loop runs: places, people, organisations, time, ledger, worklist."""
