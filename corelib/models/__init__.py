"""The families of networks, one folder a room; rooms never import each other."""
