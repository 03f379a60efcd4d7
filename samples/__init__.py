"""Documents rendered by us, with truth. `python -m samples.make` makes them; nothing else imports this."""
