# A sample is what was drawn and nothing else; the report goes to standard error.
printf 'the cat sat on the mat. the cat ate the rat. ' >corpus.txt
kraft sample --model ngram:3 --prime corpus.txt --prompt 'the ' --length 30 --seed 1 | od -c | head -3
kraft sample --model ngram:3 --prime corpus.txt --prompt 'the ' --length 30 --seed 1 --echo --quiet
echo
kraft sample --model ngram:3 --model uniform --prime corpus.txt --length 12 --count 2 --quiet
kraft sample --model ngram:3 corpus.txt --length 12 --temperature 0 --quiet | od -c | head -1
kraft sample --model ngram:3 - <corpus.txt --length 12 --temperature 0 --quiet; echo
kraft sample --model ngram:3 corpus.txt --length 0 --quiet | wc -c
printf 'cat \nmat \nrat\\x21\n' >words.txt
kraft sample --model ngram:3 corpus.txt --units words.txt --length 20 --quiet; echo
kraft sample --model uniform --alphabet chars:01 --length 20 --quiet; echo
kraft sample --model uniform --alphabet utf-8 --length 200 --quiet | iconv -f utf-8 -t utf-8 >/dev/null && echo well-formed
