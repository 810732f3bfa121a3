"""Everyone who judges: embedded voters, large models, LLM judges and writers, people."""
