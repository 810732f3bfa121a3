"""The stages, pure: table in, table out; and the views."""
