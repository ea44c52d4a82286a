# The JSON has every sample, and bytes that are no text in base64.
kraft sample --model uniform --prompt 'aab' --length 8 --json --echo --quiet
kraft sample --model uniform --alphabet 'chars:\xff\xfe' --length 4 --count 2 --json --quiet
