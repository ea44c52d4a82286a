# Help, man page and completion come from one table.
kraft help | head -3
kraft sample --help | head -1
kraft help sample >all; kraft sample --help | cmp - all && echo same
kraft man | sed 's/\\-/-/g' >man; kraft completion bash >completion
head -1 man | grep -c '^.TH KRAFT 1'
for option in $(kraft help sample | grep -oE -- '--[a-z0-9-]+' | sort -u); do
  grep -q -- "$option" man || echo "the man page lacks $option"
  grep -q -- "$option" completion || echo "the completion lacks $option"
done
source completion
COMP_WORDS=(kraft sa) COMP_CWORD=1; _kraft; echo "${COMPREPLY[@]}"
COMP_WORDS=(kraft sample --model z) COMP_CWORD=3; _kraft; echo "${COMPREPLY[@]}"
COMP_WORDS=(kraft sample --temp) COMP_CWORD=2; _kraft; echo "${COMPREPLY[@]}"
COMP_WORDS=(kraft classify --by n) COMP_CWORD=3; _kraft; echo "${COMPREPLY[@]}"
COMP_WORDS=(kraft compress -m xz --as i) COMP_CWORD=5; _kraft; echo "${COMPREPLY[@]}"
# The help of a command whose options are a table, with ranges and defaults.
kraft help compress | sed -n '/^Options:/,$p'
