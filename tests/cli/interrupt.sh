# An interrupt ends sampling with what was drawn so far.
kraft sample --model 'cmd:"sh -c \"cat; sleep 0.01\""' --prompt abc --alphabet chars:ab --length 100000 --quiet --output out &
sleep 2
kill -INT $!
status=0
wait $! || status=$?
echo "exit $status"
[[ -s out && $(wc -c <out) -lt 100000 && $(tr -d ab <out | wc -c) == 0 ]] && echo "some of it is there"

# One that comes before anything was drawn leaves the old file, also inside a command that hangs.
echo old >kept
kraft sample --model 'cmd:"sleep 1000"' --prompt abc --length 5 --quiet --json --output kept &
sleep 1
kill -INT $!
status=0
wait $! || status=$?
echo "exit $status"
cat kept; ls
