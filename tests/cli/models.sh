# The table of models, and the parameters of one.
kraft models | sed 's/ [0-9][0-9.]*\(-dev\)\?$//'  # without the libraries' versions
kraft models uniform ngram
kraft models --json | grep -c '"summary"'
