# Results that several runs have kept, as one; and what cannot be one.
source "$(dirname "$0")/try.bash"
for i in $(seq 90); do echo "$i times the same line, or nearly the same line, $((i * i % 7)) of them"; done >book
settings=(--sampler ancestral --judge ngram:3 --context 400 --length 40 --positions 5)
kraft compare --model gzip "${settings[@]}" --windows 3 book --resume a >/dev/null
kraft compare --model ngram:2 "${settings[@]}" --windows 3 book --resume b >/dev/null
kraft compare --model gzip --model ngram:2 "${settings[@]}" --windows 3 book --columns lasting >both
rm book
kraft compare --from a --from b --columns lasting | cmp - both && echo as from one run
try compare --from a --from b --reference xz
try compare --from a --model gzip
try compare --from a book
try compare --from nothing
try compare --from a --from both
sed '2s/"cell":/"call":/' b >c
try compare --from a --from c
for i in $(seq 90); do echo "$i times the same line, or nearly the same line, $((i * i % 7)) of them"; done >book
kraft compare --model gzip "${settings[@]}" --windows 3 --seed 2 book --resume d >/dev/null
try compare --from a --from d | sed 's/kraft 0[^,]*/kraft VERSION/g; s/; judge [^;,]*//g'

# A budget that is spent at once: as many windows as every model gets.
kraft compare --model gzip --model ngram:2 "${settings[@]}" --windows 9 --budget 1e-9 book --csv |
  awk -F, '$4 == "bits_per_byte" { print $2, $10 }'
try compare --model gzip --budget 0 book
