"""The demonstration library: Wattle Grove College, made anew for the day it is asked for.

Makes rows and says no verb of the desk; every date is counted from one day, and chance comes from generators of our
own with fixed seeds, so that the same day makes the same school on every machine. Nobody in it exists.
"""
