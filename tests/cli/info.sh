# What .kraft files say of themselves, those of earlier versions, too.
tests=$(dirname "$(dirname "$0")")
golden=$tests/coding/golden
samples=$tests/portable/golden
short() { sed -E 's/kraft [0-9.]+/VERSION/; s/ +/ /g'; }
cp $golden/sample.txt.ngram-5.kraft before.kraft
cp $golden/sample.txt.blend.kraft blend.kraft

echo "-- portable is what codes by integers alone"
kraft compress --model ngram:5 --quiet $samples/sample.txt -o now.kraft
kraft compress --model gzip:9 --quiet $samples/sample.txt -o gzip.kraft
kraft compress --model 'cmd:"gzip -9"' --needs-model --quiet -o cmd.kraft <<<ab
kraft info now.kraft before.kraft blend.kraft | short
for file in now before gzip cmd; do kraft info --json $file.kraft | grep -E '"(model|portable)"'; done

echo "-- what was written before is read"
for file in before blend; do kraft decompress $file.kraft -o back --force && cmp back $samples/sample.txt && echo identical; done
kraft decompress before.kraft -o back --force --model ngram#1:5 && cmp back $samples/sample.txt && echo identical
kraft decompress before.kraft -o back --force --model ngram:5 || echo "exit $?"
