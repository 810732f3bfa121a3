"""What a row of each table is, the emotion vocabulary, untrusted replies, configuration and errors."""
