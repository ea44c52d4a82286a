# What is needed beyond the library: by the program, the tests and the benchmarks.

if(KRAFT_BUILD_PROGRAM)
  find_package(Boost QUIET COMPONENTS program_options)
  find_package(nlohmann_json QUIET)
  kraft_need(Boost_PROGRAM_OPTIONS_FOUND "Boost.Program_options" libboost-program-options-dev)
  kraft_need(nlohmann_json_FOUND "nlohmann_json" nlohmann-json3-dev)
endif()

if(KRAFT_BUILD_TESTS)
  find_package(GTest QUIET)
  kraft_need(GTest_FOUND "GoogleTest" libgtest-dev)
endif()

if(KRAFT_BUILD_BENCHMARKS)
  find_package(benchmark QUIET)
  find_package(PNG QUIET)
  kraft_need(benchmark_FOUND "Google Benchmark" libbenchmark-dev)
  kraft_need(PNG_FOUND "libpng" libpng-dev)
endif()

if(KRAFT_MISSING)
  list(REMOVE_DUPLICATES KRAFT_MISSING)
  list(JOIN KRAFT_MISSING " " packages)
  message(FATAL_ERROR "apt-get install ${packages}")
endif()
