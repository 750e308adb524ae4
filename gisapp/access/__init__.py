"""Who may do what: people and tokens, how they sign in, and the guard that every route passes."""
