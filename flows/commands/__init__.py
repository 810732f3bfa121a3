"""The osmo commands, one group a file."""
