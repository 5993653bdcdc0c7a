"""The page Compare: trainings side by side."""
