# --max-copy N: no quotation is longer, whatever draws; the report and JSON say what that did.
source "$(dirname "$0")/try.bash"
head -c 20000 "$DATA/mobydick.txt" | tr -d '\r' >book.txt
longest() { grep -oE '"longest_copy_bytes": [0-9]+' | tr -dc '0-9\n'; }
for how in "--model ngram:5" "--model gzip:9" "--model gzip:9 --sampler lookahead --horizon 3 --beam-width 8" \
  "--model ngram:4 --sampler beam --horizon 3 --beam-width 8" "--model ngram:3 --sampler smc --particles 8" \
  "--model ngram:3 --sampler metropolis --steps 300 --burn-in 100 --chains 2" "--model ngram:5 --sampler coinflips"; do
  # shellcheck disable=SC2086
  kraft sample $how --prime book.txt --prompt "The whale " --length 100 --temperature 0.5 --json --quiet \
    --max-copy 8 >limited.json
  limited=$(longest <limited.json)
  echo "$how: $([ "$limited" -le 8 ] && echo "at most 8" || echo "$limited")"
done
grep -A 5 '"copy_limit"' limited.json | tr -d '0-9.'

echo "-- a decompressor chooses between parses, not bytes"
for how in "--model gzip:9 --temperature 0.5" "--model xz:6"; do
  # shellcheck disable=SC2086
  kraft sample $how --sampler coinflips --prime book.txt --length 1000 --json --quiet --max-copy 8 >limited.json
  limited=$(longest <limited.json)
  echo "$how: $([ "$limited" -le 8 ] && echo "at most 8" || echo "$limited")"
done
try sample --model ngram --max-copy -1
