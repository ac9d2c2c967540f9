"""Pure decisions about shapes, codes and names of units: no database, no files."""
