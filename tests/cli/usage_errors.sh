# Every mistake in a request is one line and exit 2.
source "$(dirname "$0")/try.bash"
try
try sampel
try sample
try sample --modle gzip
try sample --model
try sample --model gizp
try sample --model gzip:12
try sample --model zstd:-8
try sample --model gzip,windw=9
try sample --model gzip:
try sample --model xz,lc=4,lp=3
try sample --model ngram --length -5
try sample --model ngram --length 99999999999999
try sample --model ngram --length ten
try sample --model ngram --count 0
try sample --model ngram --seed -1
try sample --model ngram --threads -1
try sample --model ngram --temperature -0.5
try sample --model ngram --temperature nan
try sample --model ngram --top-p 1.5
try sample --model ngram --top-k -1
try sample --model ngram --sampler beem
try sample --model ngram --horizon 4
try sample --model ngram --preset gzip --prime book.txt
try sample --model ngram --preset gzipt --prime book.txt --horizon 4
try sample --model ngram --alphabet some
try sample --model ngram --alphabet 'chars:\q'
try sample --model ngram --alphabet printable --units words.txt
try sample --model ngram --prime-first 5
try sample --model ngram one two
try sample --preset gzipt book.txt
try sample --model ngram --tail 5 book.txt
try sample --model ngram --output '' book.txt
try sample --model ngram --units - -
try sample --model ngram --prime - -
try next --model ngram --top 300
try next --model ngram --top 5 --json
try next
try score --model gzip
try score book.txt
try score --model gzip --chunk -1 book.txt
try score --model gzip --positions some book.txt
try score --model gzip --positions -1 book.txt
try score --model gzip --chunk 5 --lines book.txt
try score --model gzip --as music book.txt
try score --model gzip --prime - -
try score --model gzip --threads 1 --threads 2 book.txt
try next --model ngram --base-bits perhaps
try next --model ngram --top=
try next --model ngram --json=yes
try next -m
try next -x
try next -mngram --top 0
try models --json --json nothing
try models nothing
try help nothing
try completion tcsh
