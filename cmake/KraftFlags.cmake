# kraft_flags: how our own files are compiled. Linked privately, so that users do not inherit it.

add_library(kraft_flags INTERFACE)
# A page's scripts are longer strings than a compiler must hold; all that we know can.
target_compile_options(kraft_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-overlength-strings)
if(KRAFT_WERROR)
  target_compile_options(kraft_flags INTERFACE -Werror)
endif()

# Sanitizers must cover every object that is linked, so these are options of the whole build.
if(KRAFT_SANITIZE)
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
  add_compile_options(${sanitizers} $<IF:$<IN_LIST:$<TARGET_PROPERTY:NAME>,kraft_library>,-O1,-O0> -fno-omit-frame-pointer)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_link_options(${sanitizers})
endif()

if(KRAFT_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "KRAFT_FUZZ needs clang: apt-get install clang, "
      "and configure with -DCMAKE_CXX_COMPILER=clang++")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# kraft_precompile(<target> [<header>...]): the headers that most files include, and some more. Off by default:
# a missing #include goes unnoticed.
function(kraft_precompile target)
  if(KRAFT_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <chrono> <cmath> <condition_variable> <cstdint> <cstdio> <cstring> <filesystem> <fstream>
      <functional> <limits> <map> <memory> <mutex> <numeric> <optional> <random> <set> <span> <sstream> <string>
      <string_view> <thread> <unordered_map> <utility> <variant> <vector> ${ARGN})
    # With these ccache knows a file that reads them: https://ccache.dev/manual/4.7.5.html#_precompiled_headers
    target_compile_options(${target} PRIVATE
      $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
endfunction()
