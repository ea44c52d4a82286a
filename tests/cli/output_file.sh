# An output file appears whole, keeps its permissions, and a failed command leaves the old one.
echo old >out
chmod 640 out
kraft sample --model uniform --alphabet chars:x --length 5 --output out --quiet
cat out; echo; stat -c %a out
kraft sample --model cmd:false --prompt a --length 5 --output out --quiet || echo "exit $?"
cat out; echo
ln -s out link
kraft sample --model uniform --alphabet chars:y --length 5 --output link --quiet
cat out; echo; readlink link
kraft sample --model uniform --alphabet chars:z --length 3 --output /dev/null --quiet
ls
