"""Setting the city up: catalogue, units, organisations, people and posts, calendars, loops.

All who hold a post may read how the city is set up; the city engineer of the whole city changes it. Every change is
an action of the room concerned, on the ledger, by the engineer's post.
"""
