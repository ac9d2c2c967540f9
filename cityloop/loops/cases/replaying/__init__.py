"""Replaying a city's past through the whole loop: a simulation, and said to be one.

Only into a database made as a replay. The source's own times stand first and last, exactly; what lies between
is the policy's, and the actors are demo posts that obey the separation of the tracks.
"""
