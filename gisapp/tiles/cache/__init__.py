"""Tiles that were made already, kept until something in them changes: in memory (a process), on disk (a node).

From the inside out: `codings` compresses; `reach` says which tiles a change touches; `board` is what the processes of a
node tell each other; `store` keeps tiles on disk and `memory` in a process; `flight` lets one compute for all who wait;
`cache` puts them together; `keeper` follows the database's changes in the background.
"""
