"""Split protocols, one file each; a file's name is the protocol's name."""
