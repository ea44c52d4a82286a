# The table of models, and the parameters of one.
# Without the libraries' versions, and as if llama.cpp were there in every build.
kraft models | sed 's/ [0-9][0-9.]*\(-dev\)\?$//' |
  sed 's/none        built without llama.cpp$/own         llama.cpp/'
kraft models uniform ngram
kraft models gizp 2>&1 || true
kraft models --json | grep -c '"summary"'
