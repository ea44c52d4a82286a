# Compressed sizes, and predictions where there is no codec.
for i in 1 2 3 4 5 6 7 8 9; do echo "$i times the same line, or nearly the same line"; done >file
kraft score --model uniform --model ngram:2 --model deflate:0 file --positions 0
kraft score --model uniform --model ngram:2 file --positions all
kraft score --model deflate:0 --chunk 100 file --positions 0 --json
kraft score --model uniform - --positions 4 <file
