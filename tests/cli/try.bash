# Shows a command, what it says, and how it ends. The list of all models, which many errors end with, is
# left to models.sh: whoever adds a model changes one test.
try() {
  local status
  echo "\$ kraft $*"
  set +e
  kraft "$@" 2>&1 | sed 's/; there are gzip, .*/; there are .../'
  status=${PIPESTATUS[0]}
  set -e
  echo "exit $status"
}
