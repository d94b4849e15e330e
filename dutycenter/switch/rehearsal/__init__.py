"""Simulated telephones behind a real event socket, for development and drills."""
