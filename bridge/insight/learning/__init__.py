"""Learning what a company's customers say when they are unhappy, from comments that come with a score."""
