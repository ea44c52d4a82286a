# What is needed to build beyond what the library links to: headers of its own, the program, the
# tests and the benchmarks.

find_package(nlohmann_json QUIET)
kraft_need(nlohmann_json_FOUND "nlohmann_json" nlohmann-json3-dev)

if(KRAFT_BUILD_PROGRAM)
  find_package(Boost QUIET COMPONENTS program_options)
  kraft_need(Boost_PROGRAM_OPTIONS_FOUND "Boost.Program_options" libboost-program-options-dev)
endif()

# Without cpp-httplib there is no kraft serve, and all else.
if(KRAFT_BUILD_PROGRAM AND PKG_CONFIG_FOUND)
  pkg_check_modules(KRAFT_HTTPLIB QUIET IMPORTED_TARGET cpp-httplib)
  if(NOT KRAFT_HTTPLIB_FOUND)
    message(NOTICE "kraft: cpp-httplib not found, so there is no kraft serve: apt-get install libcpp-httplib-dev")
  endif()
endif()

# MPI is C's; the program is built without it where there is none.
set(KRAFT_MPI_FOUND FALSE)
if(KRAFT_BUILD_PROGRAM AND (KRAFT_MPI STREQUAL "AUTO" OR KRAFT_MPI))
  include(CheckLanguage)
  check_language(C)
  if(CMAKE_C_COMPILER)
    enable_language(C)
    find_package(MPI QUIET COMPONENTS C)
    set(KRAFT_MPI_FOUND ${MPI_C_FOUND})
  endif()
  if(NOT KRAFT_MPI STREQUAL "AUTO")
    kraft_need(KRAFT_MPI_FOUND "MPI" libopenmpi-dev)
  endif()
endif()

if(KRAFT_BUILD_TESTS)
  find_package(GTest QUIET)
  if(TARGET GTest::gmock)
    set(gmock_found TRUE)
  endif()
  kraft_need(GTest_FOUND "GoogleTest" libgtest-dev)
  kraft_need(gmock_found "GoogleMock" libgmock-dev)
endif()

if(KRAFT_BUILD_BENCHMARKS)
  find_package(benchmark QUIET)
  find_package(PNG QUIET)
  kraft_need(benchmark_FOUND "Google Benchmark" libbenchmark-dev)
  kraft_need(PNG_FOUND "libpng" libpng-dev)
endif()

if(KRAFT_PYTHON)
  include(KraftPython)
endif()

if(KRAFT_MISSING)
  list(REMOVE_DUPLICATES KRAFT_MISSING)
  list(JOIN KRAFT_MISSING " " packages)
  message(FATAL_ERROR "apt-get install ${packages}")
endif()
