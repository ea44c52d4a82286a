# Coin flips into a decompressor: what it draws, what it says of itself, and what it refuses.
source "$(dirname "$0")/try.bash"
for ((i = 0; i < 60; ++i)); do printf 'the cat sat on %d mats. the rat ate the cat. ' $((i * i * i)); done >corpus.txt
flips() { try sample --sampler coinflips --prime corpus.txt "$@" | sed -E 's/(zlib|liblzma) [0-9][0-9.]*[0-9]/\1 VERSION/'; }
flips --model gzip:9 --length 60
flips --model gzip:9 --length 60 --temperature 0.5 --count 2 --quiet
# What LZMA's decoder draws depends on what the encoder wrote, and that on liblzma's version.
kraft sample --model xz:6 --sampler coinflips --prime corpus.txt --length 60 --seed 2 2>report | wc -c
sed -E 's/[0-9][0-9.]*/N/g' report
flips --model gzip:9 --length 70 --segment 30 --alphabet all
flips --model gzip:9 --length 30 --json | sed -E 's/"seconds": .*/"seconds": S,/'
flips --model gzip:9 --length 0

# The same bytes on any number of threads, and at once what takes one by one for hours.
for threads in 1 2; do
  kraft sample --model gzip:9 --model xz:6 --sampler coinflips --prime corpus.txt --length 9000 --quiet \
    --threads "$threads" | cksum
done | uniq -c | awk '{print $1}'
kraft sample --model gzip:9 --sampler coinflips --prime corpus.txt --length 5000000 --quiet | wc -c

# Other models have the arithmetic decoder, with filters and alphabets.
flips --model gzip:9,engine=recompress --length 20 --top-k 3
flips --model ngram:3 --length 20

flips --model gzip:9 --top-k 3
flips --model gzip:9 --tail 9
flips --model gzip:9 --whole-bytes
flips --model gzip:9 --alphabet seen
flips --model xz:6 --alphabet utf-8
flips --model gzip:9 --units corpus.txt
flips --model gzip:9 --hole cat
flips --model gzip:9 --temperature 0
flips --model xz:6 --temperature 0.5
flips --model gzip:9 --segment 0
flips --model gzip:9 --segment 16777217
flips --model gzip:9 --segment x
flips --model ngram:3 --segment 9
try sample --model gzip:9 --segment 9
