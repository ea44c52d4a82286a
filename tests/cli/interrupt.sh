# An interrupt ends sampling with what was drawn so far.
kraft sample --model 'cmd:"sh -c \"cat; sleep 0.01\""' --prompt abc --alphabet chars:ab --length 100000 --quiet --output out &
sleep 2
kill -INT $!
status=0
wait $! || status=$?
echo "exit $status"
[[ -s out && $(wc -c <out) -lt 100000 && $(tr -d ab <out | wc -c) == 0 ]] && echo "some of it is there"
ls
