"""The page Claims: what was published, what we found, and where to see it for oneself."""
