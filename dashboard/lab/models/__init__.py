"""The page Models: every trained network, one of them in full, and the way in for others."""
