"""Many sessions at once, without a browser: what they see, and what they cost the server."""
