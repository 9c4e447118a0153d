"""Reference data: the files we ship and the producers' own files, read into dated tables."""
