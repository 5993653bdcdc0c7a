"""The law of all that the dashboard keeps: an answer follows each of its inputs."""
