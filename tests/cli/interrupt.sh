# An interrupt ends sampling with what was drawn so far.
# A command that compresses forty messages, and hangs at the next until it is ended.
cat >forty <<'SCRIPT'
#!/bin/sh
echo >>calls
[ "$(wc -l <calls)" -le 40 ] || exec sleep 100000
exec cat
SCRIPT
chmod +x forty
kraft sample --model 'cmd:./forty,timeout=86400' --prompt abc --alphabet chars:ab --length 100000 --threads 1 \
  --quiet --output out &
until [[ -f calls && $(wc -l <calls) -gt 40 ]]; do sleep 0.01; done
kill -INT $!
status=0
wait $! || status=$?
echo "exit $status"
[[ -s out && $(wc -c <out) -lt 100000 && $(tr -d ab <out | wc -c) == 0 ]] && echo "some of it is there"
rm out calls forty

# One that comes before anything was drawn leaves the old file, also inside a command that hangs.
echo old >kept
kraft sample --model 'cmd:"sh -c \"echo >begun; exec sleep 100000\"",timeout=86400' --prompt abc --length 5 \
  --quiet --json --output kept &
until [[ -f begun ]]; do sleep 0.01; done
kill -INT $!
status=0
wait $! || status=$?
echo "exit $status"
cat kept; ls
