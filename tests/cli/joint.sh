# Samplers that draw spans jointly: continuations, holes, reports, traces.
source "$(dirname "$0")/try.bash"
for ((i = 0; i < 6; ++i)); do printf 'the cat sat on the mat. the rat ate the cat. '; done >corpus.txt
quick=(--steps 300 --burn-in 100 --chains 2 --span 12)
metropolis() { kraft sample --model gzip:9 --sampler metropolis "${quick[@]}" --prime corpus.txt "$@"; }
smc() { kraft sample --model gzip:9 --sampler smc --particles 20 --span 12 --prime corpus.txt "$@"; }

echo "-- the same on any number of threads"
for threads in 1 2 3; do
  metropolis --prompt 'the ' --length 30 --threads $threads --quiet --proposal ngram:2 | sha256sum
done | uniq | wc -l

echo "-- the model's own bits in the report are those of the chain"
metropolis --prompt 'the ' --length 12 --json --quiet >draw.json
grep -E '^  "bits"|^      "bits"' draw.json | tr -dc '0-9.\n' | uniq | wc -l
grep -cE '"(acceptance_rate|r_hat|bulk_effective|tail_effective|bits_trace)"' draw.json
smc --prompt 'the ' --length 24 --json --quiet | grep -cE '"(effective_particles|log2_sum|resamplings)"'

echo "-- particles that another model proposes, on any number of threads"
for threads in 1 2; do
  smc --prompt 'the ' --length 24 --threads $threads --quiet --proposal gzip:9,view=decoder | sha256sum
done | uniq | wc -l
smc --prompt 'the ' --length 24 --json --quiet --proposal gzip:9,view=decoder >draw.json
grep -E '^  "bits"|^      "bits"' draw.json | grep -c .
smc --prompt 'the cat ' --suffix ' the mat. the rat' --length 6 --temperature 0.2 --quiet --echo \
  --proposal gzip:9,view=decoder
echo

echo "-- a hole: what stands around it decides"
metropolis --prompt 'the cat ___ the mat. the rat' --hole ___ --length 6 --temperature 0.2 --quiet --echo
echo
metropolis --prompt 'the cat ' --suffix ' the mat. the rat' --length 6 --temperature 0.2 --quiet --echo
echo
smc --prompt 'the cat ' --suffix ' the mat. the rat' --length 6 --temperature 0.2 --quiet --echo
echo
printf ' the mat. the rat' >suffix.txt
metropolis --prompt 'the cat ' --suffix-file suffix.txt --length 6 --temperature 0.2 --quiet
echo
metropolis --prompt 'the ' --anneal --temperature 3 --length 12 --quiet
echo

echo "-- a trace of every span"
metropolis --prompt 'the ' --length 20 --trace trace.svg --quiet | wc -c
grep -c '<polyline' trace.svg
tail -n 1 trace.svg

echo "-- combined models are models"
for model in 'product:gzip:9^0.5,ngram:3' 'mix:"gzip:9,window=12"@2,ngram:3'; do
  kraft sample --model "$model" --prime corpus.txt --prompt 'the ' --length 20 --temperature 0.3 --quiet
  echo
  kraft score --model "$model" --positions 0 corpus.txt | tail -2 | head -1 | tr -s ' '
done

echo "-- mistakes"
try sample --sampler ancestral --model gzip --suffix x
try sample --sampler smc --model gzip --trace t.svg
try sample --sampler beam --model gzip --proposal ngram
try sample --sampler smc --model gzip --proposal ngram --temperature 0
try sample --sampler metropolis --model gzip --top-k 5
try sample --sampler smc --model gzip --steps 5
try sample --sampler metropolis --model gzip --hole X --suffix x
try sample --sampler metropolis --model gzip --hole X --prompt 'no mark'
try sample --sampler metropolis --model gzip --hole X --prompt 'X and X'
try sample --sampler metropolis --model gzip --suffix x --length 61
try sample --sampler metropolis --model gzip --proposal gizp | sed "s/; there are .*//"
try sample --sampler metropolis --model gzip --suffix-first -1
try sample --model 'product:gzip,fast' | sed "s/; there are .*//"
try sample --model 'product:zstd:3,window=12'
try sample --model 'product:gzip^0'
try sample --model 'mix:gzip@,ngram'
try sample --model product
