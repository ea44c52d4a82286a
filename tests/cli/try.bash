# Shows a command, what it says, and how it ends.
try() {
  local status=0
  echo "\$ kraft $*"
  kraft "$@" 2>&1 || status=$?
  echo "exit $status"
}
