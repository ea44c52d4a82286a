# Coin flips into a decompressor: what it draws, what it says of itself, and what it refuses.
source "$(dirname "$0")/try.bash" 2>/dev/null || source "$TRY"
