# How the source of llama.cpp is compiled: its own project includes this file (CMAKE_PROJECT_llama.cpp_INCLUDE).
#
# llama.cpp asks for -O3 everywhere. That makes the loops of the CPU backend fast, and those of ggml; the rest
# of it prepares them, and most of the rest is never called from here: a hundred architectures, samplers,
# grammars, chat templates, quantisation. They are compiled in half of the time, and with fewer readings of
# the same headers. Without fast-math, and where no FMA is asked for, the numbers are the same at any level.
cmake_language(DEFER CALL kraft_compile_llama)

function(kraft_compile_llama)
  target_compile_options(llama PRIVATE -O1)
  # What runs for each batch of tokens.
  set(hot llama-batch llama-context llama-graph llama-kv-cache llama-kv-cache-iswa)
  list(TRANSFORM hot PREPEND ${CMAKE_SOURCE_DIR}/src/)
  list(TRANSFORM hot APPEND .cpp)
  set_source_files_properties(${hot} TARGET_DIRECTORY llama PROPERTIES
    COMPILE_OPTIONS -O2 SKIP_PRECOMPILE_HEADERS ON)  # which were read at another level
  set_target_properties(llama PROPERTIES UNITY_BUILD_BATCH_SIZE 34)
  target_precompile_headers(llama PRIVATE
    <algorithm> <array> <cmath> <functional> <map> <memory> <regex> <set> <sstream> <string>
    <unordered_map> <unordered_set> <vector>)
  set(cold ggml-backend-meta ggml-opt gguf)
  list(TRANSFORM cold PREPEND ${CMAKE_SOURCE_DIR}/ggml/src/)
  list(TRANSFORM cold APPEND .cpp)
  set_source_files_properties(${cold} TARGET_DIRECTORY ggml-base PROPERTIES COMPILE_OPTIONS -O1)
endfunction()
