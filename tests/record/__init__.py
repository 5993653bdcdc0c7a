"""What every page sends, kept before a change and compared after it, value by value.

``python -m tests.record save FOLDER`` opens each page in each tab, presses its presets and moves
its controls; ``python -m tests.record compare OLD NEW`` tells values that differ from words that
do.
"""
