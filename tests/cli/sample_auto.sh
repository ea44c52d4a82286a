# --sampler auto: what it stands for, and what is known of other choices.
source "$(dirname "$0")/try.bash"
head -c 20000 "$DATA/mobydick.txt" | tr -d '\r' >book.txt

# A codec chooses between strings that the text has.
try sample --model gzip:9 --model gzip:9,window=13 --prime book.txt --prompt "The whale " --length 60
try sample --model gzip:9 --prime book.txt --prompt "The whale " --length 60 --quiet \
  --sampler spans --span-length 4 --key-length 3 --temperature 3.5
try sample --model gzip:9 --prime book.txt --prompt "The whale " --length 60 --span-length 2 --temperature 2

# What predicts draws by its own distribution, and so does a codec that has no text to speak of.
try sample --model ngram:3 --prime book.txt --prompt "The whale " --length 60
try sample --model gzip:9 --prompt "The whale and the sea, the whale and " --length 20
try sample --model gzip:9 --prompt "The whale and the sea, the whale and " --length 20 --quiet --sampler ancestral

# A hole wants a sampler that sees what follows it.
try sample --model gzip:9 --prime book.txt --prompt "Call ___ Ishmael." --hole ___ --length 6 --echo | sed 's/; [0-9,]* steps a second//'

# Options that no sampler of its choice reads, and options that are known for something.
try sample --model gzip:9 --prime book.txt --length 6 --particles 9
try sample --model ngram:3 --prime book.txt --length 6 --span-length 3
try sample --model gzip:9 --prime book.txt --length 20 --sampler spans --span-length 12
try sample --model gzip:9 --prime book.txt --length 20 --sampler ancestral --temperature 0.3
