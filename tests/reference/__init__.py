"""Slow, obvious NumPy versions of what corelib computes fast."""
