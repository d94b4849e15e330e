"""The conversation engine: pure, advances until it must wait."""
