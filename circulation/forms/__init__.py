"""Forms of people and things: sentences for what cannot be, and the typed text stays."""
