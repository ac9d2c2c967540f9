"""Photos that residents and crews send: checked, stripped of metadata, kept once by content.

Leans on Pillow to decode and on Django storage to keep.
Never serves what it has not decoded and written anew itself, and never takes a hash as a key to read with.
"""
