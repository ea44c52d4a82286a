# Tables, JSON and CSV of a small comparison; the same on any number of threads, and from a file.
for i in $(seq 90); do echo "$i times the same line, or nearly the same line, $((i * i % 7)) of them"; done >book
compare() {
  kraft compare --model gzip --model ngram:2 --sampler ancestral --sampler ancestral,temperature=0.3 \
    --judge ngram:3 --windows 3 --context 400 --length 40 --positions 5 book "$@"
}
compare --columns lasting | cut -c1-120
compare --json --threads 1 >json; sed -n '1,20p' json | cut -c1-100; grep -c '"index"' json

# Costs aside, threads change nothing.
steady() { grep -vE ',(bytes_per_second|candidates_per_second|peak_memory_bytes),'; }
compare --csv --threads 1 | steady >one
compare --csv --threads 3 | steady >three
cmp one three && tr -d '\r' <one | awk -F, '/^book,gzip,ancestral,/ {
  printf "%s %s %.4f %.4f %.4f %.4f %d\n", $4, $5, $6, $7, $8, $9, $10 }'

# What is in the file is not computed again.
compare --csv --resume cells.jsonl | steady | cmp - one && echo as before
wc -l <cells.jsonl
compare --csv --resume cells.jsonl | steady | cmp - one && echo all from the file
wc -l <cells.jsonl

# But what has changed there is: a digit, a name, an end that was cut off in a crash. (Before the cells
# stand what they are of: settings, input and models.)
first='"figures":{"\([a-z_0-9]*\)":'
sed "12{s/${first}9/\"figures\":{\"\1\":8/;t;s/$first[0-8]/\"figures\":{\"\1\":9/}; 4s/gzip/gzap/" cells.jsonl >edited.jsonl
compare --csv --resume edited.jsonl 2>said | steady | cmp - one && cat said && wc -l <edited.jsonl
head -n 20 cells.jsonl >cut.jsonl; sed -n 21p cells.jsonl | head -c 50 >>cut.jsonl
compare --csv --resume cut.jsonl 2>said | steady | cmp - one && cat said && wc -l <cut.jsonl
# A file of an earlier version has no checksums.
sed 's/,"xxh3":"[0-9a-f]*"}$/}/' cells.jsonl >old.jsonl
compare --csv --resume old.jsonl 2>said | steady | cmp - one && cat said && wc -l <old.jsonl

# For the evaluation harness: a folder for each model.
kraft compare --from cells.jsonl --lm-eval harness >/dev/null && ls harness && ls harness/* | sed 's/[0-9]/N/g'
grep -h -o '"bits_per_byte,none": [0-9].[0-9]' harness/*/*.json
touch file; kraft compare --from cells.jsonl --lm-eval file 2>&1
