# The preset draws what the algorithm gives when zlib itself compresses every candidate: the expected
# output comes from a direct transcription of it onto zlib streams that are copied for each byte.
tr -d '\r' <"$DATA/mobydick.txt" >corpus.txt
kraft sample --preset gzipt --prime corpus.txt --prompt 'Captain Ahab ' --length 200 --temperature 0 --quiet
