"""Setting a city up: one page of TOML, checked as a whole, then written in one go.

Leans on `units`, `calendar`, `orgs`, `persons` and `catalog`, whose actions do the writing.
It keeps no rows of its own. Never writes half a city, and never touches one that is there.
"""
