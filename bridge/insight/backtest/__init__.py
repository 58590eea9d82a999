"""History played through the rules: what they would have told, and what came of the cases."""
