# Compressed sizes, and predictions where there is no codec.
for i in 1 2 3 4 5 6 7 8 9; do echo "$i times the same line, or nearly the same line"; done >file
kraft score --model uniform --model ngram:2 --model deflate:0 file --positions 0
kraft score --model uniform --model ngram:2 file --positions all
kraft score --model deflate:0 --chunk 100 file --positions 0 --json
kraft score --model uniform - --positions 4 <file
kraft score --model uniform - --positions 1 <file
# Given a context: what a text adds to it, for a file, for lines, for chunks.
head -c 300 file >prime
printf 'one line\r\n\nand another line, or nearly the same\n' >text
kraft score --model gzip --model ngram:2 --model uniform --prime prime text --positions all
kraft score --model ngram:2 --prime prime --lines text --positions all
kraft score --model ngram:2 --prime prime --chunk 20 text --positions all
kraft score --model ngram:2 --prime prime text --positions 1 --json
