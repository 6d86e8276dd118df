"""Looking after the service itself: ratings, what bad ratings lead to, cases near or over their limit."""
