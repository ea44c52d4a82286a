# What follows the beginning of a recording is drawn.
# 1,000 samples of 8 bits at 8 kHz with a period of 4, as a WAV file.
le() { for ((i = 0; i < $2; ++i)); do printf "\\x$(printf %02x $(($1 >> 8 * i & 255)))"; done; }
{
  printf RIFF; le 1036 4; printf 'WAVEfmt '; le 16 4; le 1 2; le 1 2; le 8000 4; le 8000 4; le 1 2; le 8 2
  printf data; le 1000 4
  for ((i = 0; i < 250; ++i)); do printf '\x80\xf0\x80\x10'; done
} >period.wav

echo "-- nothing drawn: the same samples"
for encoding in u8 s16 mulaw; do
  kraft sample --model uniform --seconds 0 --encoding $encoding period.wav --quiet -o a.wav
  kraft sample --model gzip --samples 0 a.wav --quiet -o b.wav
  cmp a.wav b.wav && echo identical
done
kraft sample --model uniform --seconds 0 period.wav --quiet -o same.wav
cmp period.wav same.wav && echo identical
kraft sample --model uniform --seconds 0 period.wav --quiet -o same.flac
kraft sample --model uniform --seconds 0 same.flac --quiet -o back.wav
cmp period.wav back.wav && echo identical

echo "-- a model that is certain: the period goes on"
for model in gzip ngram:4; do
  kraft sample --model $model --temperature 0 --context-seconds 0.1 --samples 200 period.wav --quiet -o more.wav
  head -c 1044 period.wav | tail -c +45 | head -c 1000 >given
  tail -c +45 more.wav | head -c 1000 >drawn
  cmp given drawn && echo "as it was, $(wc -c <drawn) samples"
done

echo "-- a gap is filled, and what follows it stays"
for sampler in 'ancestral' 'metropolis --steps 2000' 'smc --particles 8'; do
  # shellcheck disable=SC2086
  kraft sample --model ngram:4 --sampler $sampler --temperature 0.2 --gap 0.0625,0.005 period.wav --quiet -o filled.wav
  cmp period.wav filled.wav && echo "as it was"
done

echo "-- panels, reports"
kraft sample --model gzip --model ngram --samples 100 period.wav --panel panel.png --json --quiet |
  grep drawn_bytes
od -An -c -N4 panel.png
kraft sample --model ngram --candidate frame --encoding s16 --rate 4000 --samples 10 period.wav --json --quiet |
  grep -E '"(model|drawn_bytes)"'
