"""Runs: trainings that live in folders and in processes of their own."""
