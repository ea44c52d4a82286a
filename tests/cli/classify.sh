# Texts and lines to their corpora, by code length; mistakes are one line.
source "$(dirname "$0")/try.bash"
for i in $(seq 400); do echo "the whale number $i was upon the sea, $((i * 7919 % 1000)) of them"; done >whales
for i in $(seq 400); do echo "int x$i = $((i * i % 991)); return x$i + f(x$((i - 1)));"; done >code
echo 'upon the sea, the whale was number 1000' >one
echo 'return x400 + f(x17); int x18 = 5;' >two
for model in gzip ngram:4; do kraft classify --model $model --corpus whales=whales --corpus code=code one two; done
# Of liblzma, whose sizes differ between versions, what they say.
kraft classify --model xz --corpus whales=whales --corpus code=code --json one two | grep winner_by_conditional
cat one two | kraft classify --model ngram:3 --corpus whales=whales --corpus code=code --lines -
kraft classify --corpus whales=whales --corpus code=code --by ncd --json one

# Ties are marked, and broken in the same way whatever the order of the options.
cp whales twin
kraft classify --corpus code=code --corpus b=whales --corpus a=twin one
kraft classify --corpus a=twin --corpus b=whales --corpus code=code one
cat one two | kraft classify --corpus b=whales --corpus code=code --corpus a=twin --lines -
kraft classify --corpus b=whales --corpus a=twin --json one | sed -n '/winner/p;/margin/p;/tied/,/\]/p'

head -c 40000 /dev/zero | tr '\0' a >long
for i in $(seq 9000); do echo $((i * i * 7919 % 1000003)); done >longer
try classify --corpus whales=whales --corpus numbers=longer one
try classify one
try classify --corpus whales=whales one
try classify --corpus whales --corpus code=code one
try classify --corpus a=whales --corpus a=code one
try classify --corpus a=whales --corpus b=nothing one
try classify --corpus a=whales --corpus b=code
try classify --corpus a=whales --corpus b=code nothing
try classify --corpus a=whales --corpus b=code --by length one
try classify --corpus a=- --corpus b=code -
try classify --model gizp --corpus a=whales --corpus b=code one
