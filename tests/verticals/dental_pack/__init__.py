"""A seventh industry, kept here as proof: copied to apps/verticals/dental, it works. See test_seventh.py."""
