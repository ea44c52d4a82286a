# kraft_flags: how our own files are compiled. Linked privately, so that users do not inherit it.

add_library(kraft_flags INTERFACE)
target_compile_options(kraft_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
if(KRAFT_WERROR)
  target_compile_options(kraft_flags INTERFACE -Werror)
endif()

# Sanitizers must cover every object that is linked, so these are options of the whole build.
if(KRAFT_SANITIZE)
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
  add_compile_options(${sanitizers} -O1 -fno-omit-frame-pointer)
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
