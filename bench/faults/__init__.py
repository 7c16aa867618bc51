"""Two web processes, one Redis, one database, and what may happen to them: the trials behind `bench/trials.py`."""
