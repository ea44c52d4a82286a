# A chart of what comes next; one model after the other.
kraft next --model ngram:2 --prompt 'abracadabra abracadab' --top 4
kraft next --model uniform --model ngram:0 --prompt 'aaa' --top 2
LC_ALL=C kraft next --model ngram:2 --prompt 'abracadabra abracadab' --top 2
# A pool would have to predict every byte of the context to say its length: on demand only.
kraft next --model mix:ngram:1,ngram:2 --prompt 'abracadabra' --top 1
kraft next --model mix:ngram:1,ngram:2 --prompt 'abracadabra' --top 1 --base-bits on
kraft next --model ngram:1 --prompt 'abracadabra' --top 1 --base-bits off
# An empty file is an empty context.
: >empty
kraft next --model ngram:1 --top 1 empty
# The two views of a codec may look back differently far.
head -c 9000 /dev/zero | tr '\0' a >long
kraft next --model lz4 --view both --top 1 long | head -1 | grep -o '[0-9,]* bytes of context[^;]*'
