"""Make the database fit: its preparation, the layers' tables, views and grants. Only the owner's connection comes here."""
