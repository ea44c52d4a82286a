# Every file comes back as it was, from files and from pipes.
for ((i = 0; i < 60; ++i)); do echo "line $i of a text that says what line $i says"; done >text
{ printf 'P5 16 12 255\n'; for ((i = 0; i < 192; ++i)); do printf "\\x$(printf %02x $((i / 16 * 9 + i % 16)))"; done; } >ramp.pgm
: >empty
# The header has the libraries' versions in it.
without_sizes() { sed -E 's/ in [0-9,]+ \(.*\)/ in so many/'; }
back() { kraft decompress "$1" -o back && cmp "$2" back && echo "$2 is back"; }

echo "-- files"
kraft compress --model ngram:3 text 2>&1 | without_sizes
kraft decompress text.kraft --test
mv text.kraft copy.kraft
kraft decompress copy.kraft
cmp text copy && echo identical
kraft compress -m gzip:9 empty 2>&1 | without_sizes
back empty.kraft empty

echo "-- pipes"
kraft compress --model ngram:3 --quiet <text >piped.kraft
kraft compress --model ngram:3 --quiet - -o - <text | cmp - piped.kraft && echo identical
kraft decompress <piped.kraft | cmp - text && echo identical
cat text | kraft compress --model ngram:3 --quiet | kraft decompress - | cmp - text && echo identical

echo "-- blocks and threads"
kraft compress -m ngram:2 --block 1000 --threads 1 text -o one.kraft --quiet
kraft compress -m ngram:2 --block 1000 --threads 2 text -o two.kraft --quiet
cmp one.kraft two.kraft && echo identical
back one.kraft text
kraft info copy.kraft one.kraft --json | grep -E '"(model|bytes|blocks|block_bytes|medium)"'

echo "-- samples: the model is told their shape, unless it has no use for it"
kraft compress -m png,filter=up ramp.pgm 2>&1 | without_sizes
back ramp.pgm.kraft ramp.pgm
kraft compress -m png,filter=up --as bytes ramp.pgm --force 2>&1 | without_sizes
kraft compress -m ngram:1 ramp.pgm --block 50 --force --quiet
kraft info ramp.pgm.kraft | sed -E 's/kraft [0-9.]+/VERSION/; s/ +/ /g; s/ [0-9]+ [0-9.]+ %/ .. % /'
back ramp.pgm.kraft ramp.pgm

echo "-- a command must be named by who runs it"
kraft compress -m 'cmd:"gzip -9"' --needs-model -o cmd.kraft --quiet <<<ab
kraft decompress cmd.kraft -o back || echo "exit $?"
kraft decompress cmd.kraft --model 'cmd:"gzip -9"'
cat cmd
