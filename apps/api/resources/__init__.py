"""What the API offers of every business; an industry's own is in the `api` of its folder."""
