# A server says where it is, answers, ends when it is asked to, and leaves nothing behind when it is killed.
begin() {
  rm -f address errors
  kraft serve --port 0 "$@" >address 2>errors &
  server=$!
  until [[ -s address ]]; do
    kill -0 "$server" || { cat errors; exit 1; }
    sleep 0.02
  done
}
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$(sed 's/.*://' address)"
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
  tr -d '\r' <&3
}
begin --model uniform --model gz:9
sed 's/:[0-9]*$/:PORT/' address
ask /v1/models/uniform | head -1
ask /v1/models/xz | tail -1
kill -TERM "$server"
wait "$server" && echo "ended by itself"
sed -E 's/ [0-9TZ:-]{20} / TIME /; s/[0-9.]+ s$/SECONDS/' errors

begin --model uniform --quiet
# The shell says so, too, as soon as it notices.
{ kill -KILL "$server"; wait "$server"; } 2>/dev/null || echo "killed"
cat errors
ls

for wrong in "--port 65536" "--model gizp" "--deadline 0" "--api-key-file /dev/null" "--body-limit 1"; do
  kraft serve $wrong 2>&1 | sed 's/; there are .*//' || true
done
