# Every mistake is one line, before any work.
source "$(dirname "$0")/try.bash"
export KRAFT_WEIGHTS=/nowhere KRAFT_DATA=$DATA
try reproduce
try reproduce table3
try reproduce tabel1
try reproduce table1 --limit none
try reproduce table1 --limit 2047
try reproduce table1 --plot picture.svg
try reproduce table2 --audio speech.wav
try reproduce fig3 --chunks 2
try reproduce fig4 --medium random
try reproduce table1 --text nothing
try reproduce table1 --model gizp
try reproduce table1 --chunks -1
try reproduce views --chunks 0
try reproduce views --model ngram:3
try reproduce views --model gzip:9,view=decoder
try reproduce league --chunks 2
try reproduce league --plot picture.svg
try reproduce league --html picture.svg
try reproduce views --view decoder
try reproduce table1 --text one two
mkdir empty; echo little >little
try reproduce league --text little --view decoder 2>&1 | grep -v without
KRAFT_DATA=$PWD/empty try reproduce league 2>&1 | grep -v without | sed "s,$PWD,HERE,"
try reproduce table1 --images empty 2>&1 | grep -v without
try reproduce table1 --text little 2>&1 | grep -v without
KRAFT_DATA=$PWD/empty try reproduce table1 2>&1 | grep -v without | sed "s,$PWD,HERE,"
