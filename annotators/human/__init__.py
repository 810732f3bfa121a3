"""People in Label Studio: the page, publishing, collecting, simulated and replayed annotators."""
