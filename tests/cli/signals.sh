# A signal that ends the program leaves no temporary file behind, and no command running.
ulimit -c 0
export ASAN_OPTIONS=handle_segv=0  # the sanitizer would report a signal that we send
cat >hang <<'END'
#!/bin/sh
echo $$ >pid.new
mv pid.new pid
exec sleep 1000
END
chmod +x hang
echo old >out

# Killed, or already collected by whoever collects orphans.
has_ended() { [[ ! -e /proc/$1 || $(cut -d ' ' -f 3 /proc/$1/stat) == Z ]]; }

for signal in HUP INT QUIT TERM USR1 USR2 ALRM VTALRM PROF XCPU XFSZ SEGV; do
  rm -f pid
  kraft compress --model cmd:./hang --needs-model --quiet hang -o out &
  until [[ -e pid ]]; do sleep 0.02; done
  kill -$signal $!
  status=0
  { wait $! || status=$?; } 2>/dev/null
  ((status == 128 + $(kill -l $signal))) || echo "$signal: exit $status"
  until has_ended "$(cat pid)"; do sleep 0.02; done
  echo "$signal: $(ls -A | tr '\n' ' ')"
done
cat out
