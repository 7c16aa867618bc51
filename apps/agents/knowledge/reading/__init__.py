"""Reading a file that somebody uploaded, whatever is in it: in a process of its own that may neither stay nor grow.

`python -m apps.agents.knowledge.reading KIND` reads the file from its standard input and writes the document as JSON,
or why there is none. Nothing here knows Django.
"""
