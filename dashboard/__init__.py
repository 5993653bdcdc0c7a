"""The app's own parts: what pages are arranged from."""
