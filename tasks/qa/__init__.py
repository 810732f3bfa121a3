"""Quality assessment: rules and findings."""
