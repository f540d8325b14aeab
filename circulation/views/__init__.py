"""The pages of circulation, one file for each family of pages."""
