# What is wrong is one line, and no file is written or changed.
source "$(dirname "$0")/try.bash"
for ((i = 0; i < 30; ++i)); do echo "line $i of a text that says what line $i says"; done >text
kraft compress -m ngram:2 text --quiet
head -c 150 text.kraft >cut.kraft
{ head -c 200 text.kraft; printf '\xff'; tail -c +202 text.kraft; } >bad.kraft
{ cat text.kraft; echo; } >long.kraft
printf '\x8bkraft\x1a\n\x02' >next.kraft
{ cat text; } >other.kraft
: >empty.kraft
try compress text
try compress --model ngram:99 text
try compress --model ngram:2 text
try compress --model ngram:2 missing
try compress --model ngram:2 text --block 0 -o x
try compress --model ngram:2 text --block 2GiB -o x
try compress --model ngram:2 text --block many -o x
try compress --model ngram:2 text --as music -o x
try compress --model ngram:2 text --as image -o x
try compress --model ngram:2 text --output ''
try compress --model ngram:2 text --output nowhere/x
try compress --model ngram:2 . -o x
try compress --model cmd:false text -o x
try compress --model cmd:false --needs-model text -o x
try compress --model zstd:1,dither=64 text -o x
try decompress missing.kraft
try decompress text
try decompress text.kraft
try decompress text.kraft --test -o x
for file in cut bad long next other empty; do
  try decompress $file.kraft -o x
  kraft info $file.kraft >/dev/null 2>info.txt || cat info.txt
done
rm info.txt
try decompress text.kraft --model ngram:3 -o x
try decompress text.kraft --model ngram:2 --threads -1 -o x
try info
echo old >x
try decompress bad.kraft -o x
cat x
echo "left behind: $(ls | xargs)"
