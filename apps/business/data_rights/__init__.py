"""A contact's rights in what is held of them: all of it in one file, and its erasure everywhere."""
