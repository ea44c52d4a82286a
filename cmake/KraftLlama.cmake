# llama.cpp, which `llama:` runs on: the installed one, or one built from a pinned source.
#
#   KRAFT_LLAMA=auto    an installed one, else npm's if it can be had, else none
#               system  an installed one (find_package(llama))
#               npm     the source that the npm package node-llama-cpp carries as a git bundle
#               git     the same version from KRAFT_LLAMA_REPOSITORY
#               DIR     a source tree of your own, built with this build
#               off     none: kraft is built without, and `llama:` says so
#
# What npm and git give is checked against the pins below, built once with the options below, and
# kept in KRAFT_LLAMA_CACHE for every later build with the same pins, options and compiler. Options
# of ggml's own (-DGGML_CUDA=ON, -DGGML_AVX512=ON, ...) are handed on, and make another entry.
#
# Sets KRAFT_LLAMA_KIND (system, own or off) and, for own, KRAFT_LLAMA_PREFIX, an install prefix.

set(llama_npm_package node-llama-cpp@3.22.1)
set(llama_npm_sha256 a0d9dd80eacd2ab1cfe71aee57ac8a806487fd70b3d2a38fbec637752d9e5c5f)
set(llama_git_tag v0.5.0)
set(llama_git_tree fd570ef54b10ec5fecb739e7e04c8ce44a6f415a)  # of the whole source, by content

set(KRAFT_LLAMA auto CACHE STRING "Where llama.cpp comes from: auto, system, npm, git, off, or a folder with its source or an installed one")
set(KRAFT_LLAMA_REPOSITORY https://github.com/ggml-org/llama.cpp
  CACHE STRING "Repository of llama.cpp, for KRAFT_LLAMA=git")
if(DEFINED ENV{XDG_CACHE_HOME})
  set(llama_default_cache $ENV{XDG_CACHE_HOME}/kraft)
else()
  set(llama_default_cache $ENV{HOME}/.cache/kraft)
endif()
set(KRAFT_LLAMA_CACHE ${llama_default_cache} CACHE PATH "Folder where built llama.cpps are kept")

# Fixed rather than taken from this machine, so that one cache and one package serve others. GGML_NATIVE=OFF
# leaves x86-64-v3 (AVX2, FMA, F16C, BMI2); the program checks for it when a model is loaded.
set(llama_options
  -DCMAKE_BUILD_TYPE=Release
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON
  -DBUILD_SHARED_LIBS=OFF
  -DGGML_NATIVE=OFF
  -DGGML_OPENMP=OFF
  -DGGML_LLAMAFILE=OFF
  -DGGML_CCACHE=OFF
  -DLLAMA_OPENSSL=OFF)
foreach(part IN ITEMS COMMON TESTS TOOLS EXAMPLES SERVER APP)
  list(APPEND llama_options -DLLAMA_BUILD_${part}=OFF)
endforeach()
set(llama_how ${CMAKE_CURRENT_LIST_DIR}/KraftLlamaSource.cmake)
get_cmake_property(cache_variables CACHE_VARIABLES)
foreach(variable IN LISTS cache_variables)
  get_property(type CACHE ${variable} PROPERTY TYPE)
  if(variable MATCHES "^GGML_[A-Z0-9_]+$" AND NOT variable MATCHES "_LIBRARY$" AND NOT type STREQUAL "INTERNAL")
    list(APPEND llama_options -D${variable}=${${variable}})
  endif()
endforeach()

# kraft_build_llama(<source> <build folder> <prefix> <result>): builds and installs; result is empty, or what
# went wrong.
function(kraft_build_llama source build prefix result)
  set(${result} "" PARENT_SCOPE)
  cmake_host_system_information(RESULT processors QUERY NUMBER_OF_LOGICAL_CORES)
  set(log ${build}.log)
  set(configure ${CMAKE_COMMAND} -S ${source} -B ${build} -G ${CMAKE_GENERATOR}
    -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DCMAKE_INSTALL_LIBDIR=lib
    -DCMAKE_PROJECT_llama.cpp_INCLUDE=${llama_how} ${llama_options})
  foreach(command IN ITEMS configure build install)
    if(command STREQUAL "configure")
      set(arguments ${configure})
    elseif(command STREQUAL "build")
      set(arguments ${CMAKE_COMMAND} --build ${build} --target llama --parallel ${processors})
    else()
      set(arguments ${CMAKE_COMMAND} --install ${build} --prefix ${prefix})
    endif()
    execute_process(COMMAND ${arguments} RESULT_VARIABLE failed
      OUTPUT_FILE ${log} ERROR_FILE ${log})
    if(failed)
      set(${result} "cannot ${command} llama.cpp: see ${log}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# kraft_fetch_llama_npm(<work folder> <result>): leaves the source in <work folder>/source.
function(kraft_fetch_llama_npm work result)
  set(${result} "" PARENT_SCOPE)
  find_program(KRAFT_NPM npm)
  if(NOT KRAFT_NPM)
    set(${result} "npm not found: apt-get install npm" PARENT_SCOPE)
    return()
  endif()
  execute_process(
    COMMAND ${KRAFT_NPM} pack ${llama_npm_package} --silent --ignore-scripts --fetch-retries=1
    WORKING_DIRECTORY ${work} RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE error)
  file(GLOB tarball ${work}/*.tgz)
  if(failed OR NOT tarball)
    set(${result} "npm pack ${llama_npm_package} failed" PARENT_SCOPE)
    return()
  endif()
  file(SHA256 ${tarball} found)
  if(NOT found STREQUAL llama_npm_sha256)
    set(${result} "${llama_npm_package} has SHA-256 ${found}, not ${llama_npm_sha256}" PARENT_SCOPE)
    return()
  endif()
  file(ARCHIVE_EXTRACT INPUT ${tarball} DESTINATION ${work} PATTERNS package/llama/gitRelease.bundle)
  kraft_clone_llama(${work}/package/llama/gitRelease.bundle "" ${work} error)
  set(${result} "${error}" PARENT_SCOPE)
endfunction()

# kraft_clone_llama(<repository> <tag or nothing> <work folder> <result>): into <work folder>/source.
function(kraft_clone_llama repository tag work result)
  set(${result} "" PARENT_SCOPE)
  find_package(Git QUIET)
  if(NOT Git_FOUND)
    set(${result} "git not found: apt-get install git" PARENT_SCOPE)
    return()
  endif()
  set(clone ${GIT_EXECUTABLE} -c advice.detachedHead=false clone --quiet)
  if(tag)
    list(APPEND clone --depth 1 --branch ${tag})
  endif()
  execute_process(COMMAND ${clone} ${repository} ${work}/source
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    set(${result} "cannot clone llama.cpp from ${repository}" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND ${GIT_EXECUTABLE} -C ${work}/source rev-parse "HEAD^{tree}"
    OUTPUT_VARIABLE tree OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT tree STREQUAL llama_git_tree)
    set(${result} "${repository} has the tree ${tree}, not ${llama_git_tree}" PARENT_SCOPE)
  endif()
endfunction()

# kraft_cached_llama(<npm or git> <prefix> <result>): the entry of the cache, made if it is not there. One
# configure at a time makes it, in a folder beside it that is renamed when it is whole, so that one that was
# interrupted leaves no entry.
function(kraft_cached_llama from prefix result)
  set(${result} "" PARENT_SCOPE)
  file(SHA256 ${llama_how} how)
  set(key ${llama_git_tree} ${llama_options} ${how}
    ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_SYSTEM_PROCESSOR})
  string(SHA256 key "${key}")
  string(SUBSTRING ${key} 0 16 key)
  set(entry ${KRAFT_LLAMA_CACHE}/llama-${key})
  set(${prefix} ${entry} PARENT_SCOPE)
  if(EXISTS ${entry})
    return()
  endif()
  file(MAKE_DIRECTORY ${KRAFT_LLAMA_CACHE})
  file(LOCK ${entry}.lock GUARD FUNCTION RESULT_VARIABLE error TIMEOUT 1800)
  if(error)
    set(${result} "cannot lock ${entry}.lock: ${error}" PARENT_SCOPE)
    return()
  endif()
  if(EXISTS ${entry})
    return()
  endif()
  set(work ${entry}.partial)
  file(REMOVE_RECURSE ${work})
  file(MAKE_DIRECTORY ${work})
  if(from STREQUAL "npm")
    kraft_fetch_llama_npm(${work} error)
  else()
    kraft_clone_llama(${KRAFT_LLAMA_REPOSITORY} ${llama_git_tag} ${work} error)
  endif()
  if(NOT error)
    message(NOTICE "kraft: building llama.cpp ${llama_git_tag} once, for ${entry} (some minutes)")
    kraft_build_llama(${work}/source ${work}/build ${work}/prefix error)
  endif()
  if(NOT error)
    file(RENAME ${work}/prefix ${entry})
    file(REMOVE_RECURSE ${work})
  endif()
  set(${result} "${error}" PARENT_SCOPE)
endfunction()

# An installed llama.cpp must have the interface that this source was written for.
function(kraft_check_system_llama result)
  set(${result} FALSE PARENT_SCOPE)
  # What an earlier configure built is not an installed one.
  foreach(own IN ITEMS ${KRAFT_LLAMA_CACHE}/ ${PROJECT_BINARY_DIR}/)
    string(FIND "${llama_DIR}" ${own} place)
    if(place EQUAL 0)
      foreach(found IN ITEMS llama_DIR ggml_DIR llama_LIBRARY KRAFT_LLAMA_FITS)
        unset(${found} CACHE)
      endforeach()
    endif()
  endforeach()
  find_package(llama QUIET CONFIG)
  if(NOT llama_FOUND)
    return()
  endif()
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_LIBRARIES llama)
  set(CMAKE_REQUIRED_QUIET TRUE)
  check_cxx_source_compiles([[
    #include <llama.h>
    int main() {
      llama_context_params params = llama_context_default_params();
      params.n_outputs_max = 1;
      params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
      return llama_version() == nullptr || llama_memory_seq_rm(nullptr, 0, 0, 0);
    }]] KRAFT_LLAMA_FITS)
  set(${result} ${KRAFT_LLAMA_FITS} PARENT_SCOPE)
endfunction()

set(KRAFT_LLAMA_KIND off)
set(KRAFT_LLAMA_PREFIX "")
set(llama_error "")
if(KRAFT_LLAMA MATCHES "^(auto|system)$")
  kraft_check_system_llama(llama_fits)
  if(llama_fits)
    set(KRAFT_LLAMA_KIND system)
  elseif(KRAFT_LLAMA STREQUAL "system")
    set(llama_error "no llama.cpp is installed that fits ${llama_git_tag}")
  endif()
endif()
if(KRAFT_LLAMA_KIND STREQUAL "off" AND KRAFT_LLAMA MATCHES "^(auto|npm|git)$")
  set(llama_from ${KRAFT_LLAMA})
  if(KRAFT_LLAMA STREQUAL "auto")
    set(llama_from npm)
  endif()
  kraft_cached_llama(${llama_from} KRAFT_LLAMA_PREFIX llama_error)
elseif(NOT KRAFT_LLAMA MATCHES "^(auto|system|npm|git|off)$")
  if(EXISTS ${KRAFT_LLAMA}/include/llama.h AND EXISTS ${KRAFT_LLAMA}/CMakeLists.txt)
    set(KRAFT_LLAMA_PREFIX ${PROJECT_BINARY_DIR}/llama/prefix)
    kraft_build_llama(${KRAFT_LLAMA} ${PROJECT_BINARY_DIR}/llama/build ${KRAFT_LLAMA_PREFIX} llama_error)
  elseif(EXISTS ${KRAFT_LLAMA}/lib/cmake/llama)
    set(KRAFT_LLAMA_PREFIX ${KRAFT_LLAMA})
  else()
    set(llama_error "KRAFT_LLAMA=${KRAFT_LLAMA} is none of auto, system, npm, git, off, and neither source nor installation of llama.cpp")
  endif()
endif()
if(KRAFT_LLAMA_PREFIX AND NOT llama_error)
  set(KRAFT_LLAMA_KIND own)
endif()
if(llama_error AND KRAFT_LLAMA STREQUAL "auto")
  message(NOTICE "kraft: built without llama.cpp, so without the model llama: ${llama_error}")
elseif(llama_error)
  message(FATAL_ERROR "${llama_error}")
endif()
