# What is wrong with an image, a recording or what is asked of them is one line; nothing is written.
source "$(dirname "$0")/try.bash"
printf 'P2 4 3 255 1 2 3 4 5 6 7 8 9 10 11 12' >image.pgm
printf 'P5 100000 100000 255\n' >huge.pgm
printf 'P5 4 4 255\n123' >short.pgm
printf 'P5 0 4 255\n' >none.pgm
printf 'P5 4 4 99999\n' >deep.pgm
printf '\x89PNG\r\n\x1a\n' >cut.png
printf '\xff\xd8\xff\xe0' >cut.jpg
printf 'RIFF\x24\x10\x00\x00WAVEfmt ' >cut.wav
printf 'hello\n' >text
: >empty.png
try sample --model gzip --rows 1 image.pgm
try sample --model gzip image.pgm -o out.png
try sample --model gzip --rows 4 image.pgm -o out.png
try sample --model gzip --rows -1 image.pgm -o out.png
try sample --model gzip --right-from 5 image.pgm -o out.png
try sample --model gzip --box 1,1,4,1 image.pgm -o out.png
try sample --model gzip --box 1,1,4 image.pgm -o out.png
try sample --model gzip --box 1,1,0,1 image.pgm -o out.png
try sample --model gzip --rows 1 --box 1,1,1,1 image.pgm -o out.png
try sample --model gzip --rows 1 --rows-context above image.pgm -o out.png
try sample --model gzip --right-from 1 --rows-context below image.pgm -o out.png
try sample --model gzip --mask none.pgm image.pgm -o out.png
try sample --model gzip --mask text image.pgm -o out.png
try sample --model gzip --rows 1 --scale 3 image.pgm -o out.png
try sample --model gzip --rows 1 --scale 100000x100000 image.pgm -o out.png
try sample --model gzip --rows 1 --crop 0,0,9,9 image.pgm -o out.png
try sample --model gzip --rows 1 --candidate colour image.pgm -o out.png
try sample --model gzip --rows 1 --candidate frame image.pgm -o out.png
try sample --model gzip --rows 1 --candidate pixel --alphabet seen image.pgm -o out.png
try sample --model gzip --rows 1 --length 5 image.pgm -o out.png
try sample --model gzip --rows 1 --prompt x image.pgm -o out.png
try sample --model gzip --rows 1 --seconds 1 image.pgm -o out.png
try sample --model gzip --rows 1 --count 2 image.pgm -o out.png
try sample --model gzip --rows 1 --as sound image.pgm -o out.png
try sample --model png,width=3 --rows 1 --json --quiet --temperature 0 text
try sample --model webp,depth=16 --rows 1 image.pgm -o out.png
for file in huge.pgm short.pgm none.pgm cut.png cut.jpg empty.png; do
  try sample --model gzip --rows 1 $file -o out.png
done
try sample --model gzip --rows 1 --as image deep.pgm -o out.png
try sample --model gzip --rows 1 --as image text -o out.png
try sample --model gzip --rows 1 image.pgm -o out.jpg
try sample --model gzip --rows 1 image.pgm --panel panel.jpeg
try sample --model gzip --seconds 1 cut.wav --panel panel.gif
try sample --model gzip --seconds 1 cut.wav -o out.mp3
try sample --model gzip --rows 1 text
try sample --model gzip --seconds 1 cut.wav -o out.wav
try sample --model gzip --seconds 1 --as audio text -o out.wav
try sample --model gzip --as text --seconds 1 text
try sample --model gzip --gap 1 --as audio cut.wav -o out.wav
try sample --model gzip --rows 1 --suffix x image.pgm -o out.png
try sample --model gzip --as image --rows 1
try score --model gzip cut.png
try score --model gzip cut.png image.pgm
try score --model gzip cut.wav
try compare --model gzip cut.png
try compare --model gzip cut.wav
echo "left behind: $(ls | xargs)"
