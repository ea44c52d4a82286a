# Parts of a picture are drawn; the rest stays as it is.
# A ramp of 8 x 6 grays, and a constant picture.
{ printf 'P2 8 6 255\n'; for ((i = 0; i < 48; ++i)); do printf '%d ' $((i * 5)); done; } >ramp.pgm
{ printf 'P2 16 12 255\n'; for ((i = 0; i < 192; ++i)); do printf '77 '; done; } >flat.pgm
{ printf 'P3 8 6 255\n'; for ((i = 0; i < 144; ++i)); do printf '%d ' $((i * 7 % 256)); done; } >rgb.ppm

echo "-- nothing drawn: the same picture, also from its own PNG, whatever may be drawn"
kraft sample --model uniform --rows 0 --quiet ramp.pgm -o a.png
kraft sample --model gzip --rows 0 --quiet a.png -o b.png
kraft sample --model png --right-from 8 --quiet b.png -o c.png
kraft sample --model zstd --box 0,0,1,1 --temperature 0 --alphabet chars:'\x00' --quiet c.png -o d.png
cmp a.png b.png && cmp a.png c.png && cmp a.png d.png && echo identical

echo "-- a model that is certain: the picture goes on as it is"
for model in gzip png png,filter=up; do
  for part in '--rows 6' '--right-from 8' '--box 4,4,8,4' '--right-from 8 --rows-context above'; do
    # shellcheck disable=SC2086
    kraft sample --model "$model" --temperature 0 $part flat.pgm --quiet --json -o out.png |
      grep -E '"(drawn_bytes|psnr_db)"' | xargs
  done
done

echo "-- every sampler"
for sampler in ancestral 'beam --horizon 3' 'lookahead --horizon 2 --beam-width 4' \
  'metropolis --steps 200 --burn-in 0 --chains 1' 'smc --particles 4'; do
  # shellcheck disable=SC2086
  kraft sample --model gzip --sampler $sampler --temperature 0 --rows 2 flat.pgm --quiet --json | grep psnr
done

echo "-- a hole in the middle, with what follows in sight"
kraft sample --model gzip --sampler metropolis --steps 300 --temperature 0.1 --box 5,4,6,3 flat.pgm --quiet --json |
  grep -E '"(drawn_bytes|psnr_db)"' | xargs

echo "-- the same on any number of threads"
for threads in 1 2; do
  kraft sample --model gzip --right-from 3 --threads $threads ramp.pgm --quiet -o threads$threads.png
done
cmp threads1.png threads2.png && echo identical

echo "-- masks, whole pixels, panels"
{ printf 'P1 8 6\n'; for ((i = 0; i < 48; ++i)); do printf '%d ' $((i < 40)); done; } >mask.pbm
kraft sample --model ngram:1 --mask mask.pbm --candidate whole rgb.ppm --quiet --json | grep drawn_bytes
for candidate in whole pixel; do
  kraft sample --model ngram:1 --mask mask.pbm --candidate $candidate rgb.ppm --quiet -o $candidate.png
done
cmp whole.png pixel.png && echo identical
kraft sample --model ngram:1 --model uniform --count 2 --rows 1 rgb.ppm --quiet --panel panel.png
file() { od -An -c -N4 "$1"; }
file panel.png
kraft sample --model ngram:1 --rows 1 rgb.ppm --gray --crop 1,1,6,4 --scale 3x2 --json --quiet | grep drawn_bytes
