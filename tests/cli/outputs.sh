# No output is written over an input, or over another output; all are opened before the work, and one that
# fails loses no other.
source "$(dirname "$0")/try.bash"
printf 'one two three four one two three four\n%.0s' {1..40} >text
printf 'P5 4 4 255\n0123456789abcdef' >image.pgm
printf 'P5 4 4 255\n\0\0\0\0\0\0\0\0\0\0\0\0\377\377\377\377' >mask.png
{
  printf 'RIFF\x34\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\x10\0\0\0'
  printf '0123456789abcdef'
} >sound.wav
cp image.pgm image.png
ln -s text link.svg
ln text again
before=$(sha256sum text image.png mask.png sound.wav)

echo "-- over an input"
try sample --model ngram:2 text -o text --length 5
try sample --model ngram:2 text -o ./again --length 5
try sample --model ngram:2 --prime text -o link.svg --length 5
try sample --model ngram:2 --prime text --units text --sampler metropolis --trace link.svg --length 5
try sample --model ngram:2 - -o text --length 5 <text
try sample --model ngram:1 image.png --rows 1 -o image.png
try sample --model ngram:1 image.png --rows 1 --panel image.png
try sample --model ngram:1 image.pgm --mask mask.png -o mask.png
try sample --model ngram:1 sound.wav --samples 1 -o sound.wav
try compare --model gzip text --html link.svg
try compare --model gzip text --resume cells --html ./cells
try reproduce fig2 --text text --plot link.svg
try reproduce fig3 --images . --output .
try compress --model ngram:1 text -o again
kraft compress --model ngram:1 text -o text.kraft --quiet
try decompress text.kraft -o text.kraft
[[ $before == "$(sha256sum text image.png mask.png sound.wav)" ]] && echo "all as they were"

echo "-- over another output"
try sample --model ngram:1 image.pgm --rows 1 -o new.png --panel ./new.png --force
try sample --model ngram:2 text --sampler metropolis -o text --trace link.svg --force
try sample --model ngram:1 image.pgm --rows 1 -o - --panel -

echo "-- with --force"
kraft sample --model ngram:1 image.png --rows 1 -o image.png --force --quiet
head -c 4 image.png | tail -c 3; echo
kraft sample --model uniform --alphabet chars:x --prime again -o again --length 3 --force --quiet
cat again; echo

echo "-- before the work"
mkdir folder
for place in folder nowhere/file; do
  try sample --model cmd:false --prime text --length 5 --sampler metropolis --trace $place
  try sample --model cmd:false image.pgm --rows 1 -o ok.png --panel $place
  try sample --model cmd:false sound.wav --samples 1 -o $place.wav --panel ok.png
  try compare --model cmd:false text --html $place
  try reproduce fig4 --model cmd:false --text text --plot $place
done
try reproduce fig3 --model cmd:false --output image.pgm
try sample --model cmd:false --prime text --length 5 --sampler metropolis --trace trace.png
try compare --model cmd:false text --html page.pdf
try reproduce fig4 --model cmd:false --text text --plot plot.png

echo "-- one that fails loses no other"
kraft sample --model ngram:1 image.pgm --rows 1 -o /dev/full --panel panel.png --json --quiet 2>error >json || echo "exit $?"
cat error; head -c 4 panel.png | tail -c 3; echo; grep -c seed json
kraft sample --model ngram:1 --prime text --length 3 --sampler metropolis -o /dev/full --trace kept.svg --quiet 2>error || echo "exit $?"
cat error; grep -c '<svg' kept.svg
kraft sample --model ngram:1 image.pgm --rows 1 -o kept.png --json --quiet 2>error >/dev/full || echo "exit $?"
cat error; head -c 4 kept.png | tail -c 3; echo

echo "-- a mask says what is wrong by its name"
cp mask.png dark.png
printf 'P5 4 2 255\n01234567' >small.pgm
try sample --model ngram:1 image.pgm --mask small.pgm -o out.png
try sample --model ngram:1 image.pgm --mask text -o out.png
echo "left behind: $(ls -A | xargs)"
