# The paper's experiments on little of the real data, by codecs; the same on any number of threads,
# and from a file.
export KRAFT_WEIGHTS=/nowhere KRAFT_DATA=$DATA
table1() { kraft reproduce table1 --limit 8KiB "$@" 2>/dev/null; }
# Without the rates of libraries whose bytes differ between versions; our own columns stand at even places
# where the paper has figures beside them.
steady() {
  sed -E 's/^ours runs on .*;/ours runs on LIBRARIES;/' | awk '
    /^(xz|zstd|brotli|png|flac|webp|jxl):/ {
      step = NF == 9 ? 2 : 1
      for (i = 2; i <= NF; i += step) $i = "-"
    }
    { print }'
}
kraft reproduce table1 --limit 8KiB --json --threads 1 2>notes >one; head -n 1 notes | cut -c1-40
sed -n '1,12p' one
table1 --json --threads 3 --resume cells | cmp - one && echo the same
table1 --json --resume cells | cmp - one && echo from the file
table1 --resume cells | steady

kraft reproduce fig2 --limit 64KiB --plot fig2.svg 2>/dev/null | grep -v ^xz
kraft reproduce fig4 --limit 64KiB --medium audio --plot fig4.svg 2>/dev/null |
  sed -E 's/^( *[0-9,]+ +[0-9.]+) .*/\1/'
head -c 4 fig2.svg; grep -c circle fig4.svg; ls
kraft reproduce table2 --limit 128KiB 2>/dev/null
# Other data: one's own, of any format; a folder is what is in it.
mkdir pictures; kraft sample --model uniform "$DATA/astronaut.png" --scale 128x64 --rows 0 --gray --output pictures/small.png 2>/dev/null
seq 3000 >numbers
kraft reproduce table1 --text numbers --images pictures --limit 8KiB 2>/dev/null | grep '^ours,'
kraft reproduce views --images pictures --limit 2KiB --chunks 2 --plot views.svg 2>/dev/null | sed -E 's/[0-9.]+ \+- [0-9.]+/N +- N/g; s/ +/ /g'
grep -c polygon views.svg
