"""Files from other systems: read → columns → plan → apply (product.md, C5).

``read`` turns bytes into rows of text, ``columns`` says which of our fields each column is, one module per kind of file
(``patrons``, ``items``, ``loans``) plans in the database what it would do, and ``apply`` is the only door: it looks
at a file, or applies it whole or not at all.
"""
