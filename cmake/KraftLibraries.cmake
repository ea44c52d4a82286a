# The libraries that kraft itself links to. The build reads this file, and so does the installed
# package configuration: a static libkraft.a hands its needs on to whoever links it.
#
# Sets KRAFT_LIBRARIES, the targets to link; KRAFT_MODULES, what pkg-config calls them; and
# KRAFT_MISSING, a list of the Debian packages that are wanting, after saying which library each one
# is for.

set(KRAFT_LIBRARIES)
set(KRAFT_MODULES zlib liblzma)
set(KRAFT_MISSING)

# kraft_need(<found> <what it is for> <Debian package>): one line for each library that is missing.
# A macro, for it changes the caller's list.
macro(kraft_need found what package)
  if(NOT ${found})
    message(NOTICE "kraft: ${what} not found: apt-get install ${package}")
    list(APPEND KRAFT_MISSING ${package})
  endif()
endmacro()

# kraft_need_module(<pkg-config module> <Debian package>)
macro(kraft_need_module module package)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${module} QUIET IMPORTED_TARGET ${module})
  endif()
  kraft_need(${module}_FOUND ${module} ${package})
  list(APPEND KRAFT_LIBRARIES PkgConfig::${module})
  list(APPEND KRAFT_MODULES ${module})
endmacro()

# kraft_load_later(<module>): sets <module>_FILE to the name of its shared library, which is then
# loaded at run time and not linked. Where there is none, it is linked as the others are.
macro(kraft_load_later module)
  set(${module}_FILE)
  set(kraft_candidates ${${module}_LINK_LIBRARIES})
  list(FILTER kraft_candidates INCLUDE REGEX "/${module}\\.so$")
  if(kraft_candidates AND CMAKE_READELF)
    execute_process(COMMAND ${CMAKE_READELF} -d ${kraft_candidates}
      OUTPUT_VARIABLE kraft_dynamic_section ERROR_QUIET)
    if(kraft_dynamic_section MATCHES "SONAME[^\n]*\\[([^]]+)\\]")
      set(${module}_FILE ${CMAKE_MATCH_1})
      list(REMOVE_ITEM KRAFT_LIBRARIES PkgConfig::${module})
      list(REMOVE_ITEM KRAFT_MODULES ${module})
    endif()
  endif()
endmacro()

find_package(Threads QUIET)
find_package(ZLIB QUIET)
find_package(LibLZMA QUIET)
find_package(BZip2 QUIET)
find_package(PkgConfig QUIET)
list(APPEND KRAFT_LIBRARIES Threads::Threads ${CMAKE_DL_LIBS} ZLIB::ZLIB LibLZMA::LibLZMA BZip2::BZip2)
kraft_need(ZLIB_FOUND "zlib" zlib1g-dev)
kraft_need(LIBLZMA_FOUND "liblzma" liblzma-dev)
kraft_need(BZIP2_FOUND "libbz2" libbz2-dev)
kraft_need(PKG_CONFIG_FOUND "pkg-config" pkgconf)
kraft_need_module(libzstd libzstd-dev)
kraft_need_module(libbrotlienc libbrotli-dev)
kraft_need_module(libbrotlidec libbrotli-dev)
kraft_need_module(liblz4 liblz4-dev)
kraft_need_module(bzip3 libbzip3-dev)
kraft_need_module(libpng libpng-dev)
kraft_need_module(libjpeg libjpeg62-turbo-dev)
kraft_need_module(stb libstb-dev)
kraft_need_module(charls libcharls-dev)
kraft_need_module(libwebp libwebp-dev)
kraft_need_module(libjxl libjxl-dev)
kraft_load_later(libjxl)
kraft_need_module(flac libflac-dev)
kraft_need_module(wavpack libwavpack-dev)
kraft_need_module(sndfile libsndfile1-dev)
kraft_need_module(samplerate libsamplerate0-dev)
kraft_need_module(kissfft-float libkissfft-dev)
kraft_need_module(libxxhash libxxhash-dev)

# llama.cpp: KRAFT_LLAMA_KIND and KRAFT_LLAMA_PREFIX say which one (KraftLlama.cmake). What an earlier
# configure found may not be the one that is wanted now.
if(KRAFT_LLAMA_KIND STREQUAL "own")
  foreach(found IN ITEMS llama_DIR ggml_DIR llama_LIBRARY)
    unset(${found} CACHE)
  endforeach()
  find_package(llama QUIET CONFIG REQUIRED PATHS ${KRAFT_LLAMA_PREFIX} NO_DEFAULT_PATH)
elseif(KRAFT_LLAMA_KIND STREQUAL "system")
  find_package(llama QUIET CONFIG REQUIRED)
endif()
if(NOT KRAFT_LLAMA_KIND STREQUAL "off")
  list(APPEND KRAFT_LIBRARIES llama)
endif()
