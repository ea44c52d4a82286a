# 256 increments and probabilities; one object for one model, an array for several.
kraft next --model uniform --json | tr -d ' \n' | cut -c 1-120
kraft next --model uniform --json | grep -c '8.0'
kraft next --model uniform --model ngram:0 --prompt x --json | head -c 6 | tr -d ' \n'; echo
printf '' | kraft next --model gzip:9 --json - | grep -E 'context_bytes|base_bits|granularity|model'
kraft next --model mix:ngram:1,ngram:2 --prompt abra --json | grep base_bits
