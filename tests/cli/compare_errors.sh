# Every mistake is one line, before any work.
source "$(dirname "$0")/try.bash"
for i in $(seq 90); do echo "$i times the same line, or nearly the same line"; done >book
printf 'P5 8 8 255\n%064d' 0 >tiny.pgm
try compare
try compare --model gzip
try compare --model gizp book
try compare --model gzip --model gzip book
try compare --model gzip --sampler ancestrl book
try compare --model gzip --sampler ancestral,temprature=2 book
try compare --model gzip --sampler ancestral,horizon=2 book
try compare --model gzip --temperatures 0.5,,1 book
try compare --model gzip --temperatures 0.5,-1 book
try compare --model gzip --temperatures 0.5 --sampler ancestral,temperature=0.7 book
try compare --model gzip --judge nobody --context 100 book
try compare --model gzip --features nobody --context 100 book
try compare --model gzip --features gzip --context 100 book
try compare --model gzip --features bytelm --patch 8x4 --rows 2 tiny.pgm
try compare --model gzip --windows -1 book
try compare --model gzip --positions 0 book
try compare --model gzip --patch 5 tiny.pgm
try compare --model gzip --patch 8x4 --rows 4 tiny.pgm
try compare --model gzip tiny.pgm
try compare --model gzip book
try compare --model gzip --patch 8x1 tiny.pgm
try compare --model gzip --resume - book
try compare --model gzip --columns few book
try compare --model gzip --json --csv book
try compare --model gzip nothing
try compare --model gzip - -
kraft compare --model ngram:1 --judge uniform --windows 1 --context 100 --length 9 book --resume cells >/dev/null
try compare --model ngram:1 --judge uniform --windows 2 --context 100 --length 9 book --resume cells | sed 's/kraft 0[^,]*/kraft VERSION/g; s/; judge [^;]*//g'
try compare --model ngram:1 --judge uniform --windows 1 --context 100 --length 9 book --resume book
try compare --model ngram:1 --judge uniform --windows 1 --context 100 --length 9 book --resume nowhere/cells
# What is no file of results is refused at once, however much of it there is.
mkfifo pipe; truncate -s 64G huge; truncate -s 64G huge.pgm; printf P5 | dd of=huge.pgm conv=notrunc status=none
for other in /dev/zero /dev/null . pipe huge huge.pgm; do
  try compare --model ngram:1 --judge uniform --windows 1 --context 100 --length 9 book --resume "$other"
done
sed -i '1s/seed 1/seed 7/' cells
try compare --model ngram:1 --judge uniform --windows 1 --context 100 --length 9 book --resume cells
