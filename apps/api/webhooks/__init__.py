"""Telling other systems what happens: who wants to know (endpoints), the outbox, and carrying it out (dispatch)."""
