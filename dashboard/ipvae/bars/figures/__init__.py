"""Figures of the Moving bars page.

Directions are in degrees, counter-clockwise from rightward; frames count from the stimulus' onset.
"""
