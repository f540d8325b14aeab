"""The pages of notices, one file for each family of them."""
