"""Speech engines: each hears the words in stretches of speech, and is one file found by its name."""
