# A chart of what comes next; one model after the other.
kraft next --model ngram:2 --prompt 'abracadabra abracadab' --top 4
kraft next --model uniform --model ngram:0 --prompt 'aaa' --top 2
LC_ALL=C kraft next --model ngram:2 --prompt 'abracadabra abracadab' --top 2
