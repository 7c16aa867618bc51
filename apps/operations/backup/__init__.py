"""One file with all that a business would miss: the database, the files, and a manifest to check both by.

Not in it: Redis (what is under way, and counters that begin again), sessions, the SECRET_KEY.
"""
