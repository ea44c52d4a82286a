# What is wrong with a file or a program is one line and exit 1, and nothing is left behind.
source "$(dirname "$0")/try.bash"
: >empty
mkdir folder
try sample --model ngram missing.txt
try sample --model ngram empty
try sample --model ngram folder
try sample --model ngram --prime empty
try sample --model ngram --units empty
try sample --model ngram --prompt x --length 5 --output folder
try sample --model ngram --prompt x --length 5 --output nowhere/file
try score --model gzip empty
try score --model gzip folder
echo | try score --model gzip -
try next --model 'cmd:false' --prompt x
try next --model 'cmd:"sh -c \"echo oh no >&2; exit 3\""' --prompt x
try next --model 'cmd:no-such-program' --prompt x
try next --model 'cmd:"sleep 100",timeout=1,context=0' --prompt x
try next --model 'cmd:"sh -c \"head -c \$(shuf -i 1-9000 -n 1) /dev/zero\""' --prompt x
ln -s nothing link
try sample --model ngram --prompt x --length 5 --output link
(kraft sample --model ngram --prompt x --length 5 --output closed 2>&-) && wc -c <closed
echo "left behind: $(ls)"
# A standard input that was closed is no empty file.
kraft compress --model ngram:1 - -o closed.kraft <&- || echo "exit $?"
[[ ! -e closed.kraft ]] && echo "no file"
