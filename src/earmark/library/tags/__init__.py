"""What was heard, written into the tags of files: by edits of the bytes concerned, so that all others stay as they are.

`formats` reads and edits the tags of a kind of file, `told` says what is certain enough, `plan` what would become of a
file, `writing` does it so that each file is the old or the new one whole, `journal` knows which, and the way back.
"""
