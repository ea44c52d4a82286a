# Shows a command, what it says, and how it ends. The list of all models, which many errors end with, is
# left to models.sh, and that of the samplers that read a common option is cut off: whoever adds one of
# them changes one test, or none.
try() {
  local status
  echo "\$ kraft $*"
  set +e
  kraft "$@" 2>&1 | sed 's/; there are gzip, .*/; there are .../; s/\(an option of ancestral, \).*/\1.../'
  status=${PIPESTATUS[0]}
  set -e
  echo "exit $status"
}
