"""Pages of the house: the library itself, who signs in, and who did what."""
