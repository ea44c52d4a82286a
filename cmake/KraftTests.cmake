# The tests, as ctest lists them.

set(KRAFT_DATA_DIR "" CACHE PATH "Folder of the real files that tests read (examples/fetch-data)")
if(KRAFT_DATA_DIR)
  set(data_folder ${KRAFT_DATA_DIR})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(data_folder $ENV{XDG_CACHE_HOME}/kraft/data)
else()
  set(data_folder $ENV{HOME}/.cache/kraft/data)
endif()
# No test is expected to take nearly so long on the slowest machine: only what hangs does.
set(hang_seconds 3600)
set(test_environment
  KRAFT_DATA=${data_folder} KRAFT_BIN=${PROJECT_BINARY_DIR}/kraft KRAFT_SOURCE=${PROJECT_SOURCE_DIR})

# Unit and conformance tests: every *_test.cc below tests/, in one executable.
file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*_test.cc)
list(FILTER test_sources EXCLUDE REGEX "/tests/train/")  # cmake/KraftTrainer.cmake's
if(test_sources)
  if(NOT TARGET kraft_cli)
    list(FILTER test_sources EXCLUDE REGEX "/tests/(cli|serve)/")
  endif()
  add_executable(kraft_tests ${test_sources})
  target_include_directories(kraft_tests PRIVATE ${private_folders} ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(kraft_tests PRIVATE
    $<TARGET_NAME_IF_EXISTS:kraft_cli> kraft::kraft ${KRAFT_LIBRARIES} GTest::gtest_main GTest::gmock
    kraft_flags)
  if(TARGET kraft_server)  # the sockets are the server's alone
    target_sources(kraft_tests PRIVATE ${PROJECT_SOURCE_DIR}/src/serve/http_server.cc)
    target_compile_definitions(kraft_tests PRIVATE KRAFT_HAVE_HTTPLIB)
    target_link_libraries(kraft_tests PRIVATE PkgConfig::KRAFT_HTTPLIB)
  endif()
  if(NOT KRAFT_LLAMA_KIND STREQUAL "off")
    target_compile_definitions(kraft_tests PRIVATE KRAFT_HAVE_LLAMA)
  endif()
  # What is tested is optimised; GoogleTest's macros are not worth the time.
  target_compile_options(kraft_tests PRIVATE $<$<CONFIG:Release>:-O1>)
  kraft_precompile(kraft_tests <gmock/gmock.h> <gtest/gtest.h>)
  if(KRAFT_SANITIZE)  # what starts a second late runs many tests each time
    set(shards 64)
    math(EXPR last_shard "${shards} - 1")
    foreach(shard RANGE ${last_shard})
      add_test(NAME tests.${shard} COMMAND kraft_tests --gtest_brief=1)
      set_tests_properties(tests.${shard} PROPERTIES TIMEOUT ${hang_seconds}
        ENVIRONMENT "${test_environment};GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${shard}")
    endforeach()
  else()
    include(GoogleTest)
    gtest_discover_tests(kraft_tests
      NO_PRETTY_VALUES
      DISCOVERY_TIMEOUT 600
      PROPERTIES TIMEOUT ${hang_seconds})
    # gtest_discover_tests() takes lists apart, so this list is set when ctest has read its tests.
    set(environment_file ${PROJECT_BINARY_DIR}/generated/tests_environment.cmake)
    file(WRITE ${environment_file}
      "set_tests_properties(\${kraft_tests_TESTS} PROPERTIES ENVIRONMENT \"${test_environment}\")\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${environment_file})
  endif()
endif()

# Golden tests of the command line, one for each script.
file(GLOB cli_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cli/*.sh)
if(TARGET kraft_program)
  foreach(script IN LISTS cli_tests)
    cmake_path(GET script STEM name)
    add_test(NAME cli.${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/cli/run ${name})
    set_tests_properties(cli.${name} PROPERTIES ENVIRONMENT "${test_environment}")
  endforeach()
endif()

# Minutes under sanitizers, for what the unit tests of it run through as well.
if(TEST cli.reproduce)
  set_tests_properties(cli.reproduce PROPERTIES LABELS long)
endif()

# "outside": what these look at is what the program and others (a browser, mpirun, an emulator) make of each other.

# The page of kraft compare in a headless browser, where there is one.
if(TARGET kraft_program)
  add_executable(large_page ${PROJECT_SOURCE_DIR}/tests/page/large_page.cc)
  target_include_directories(large_page PRIVATE ${private_folders})
  target_link_libraries(large_page PRIVATE kraft::kraft ${KRAFT_LIBRARIES} kraft_flags)
  add_test(NAME page COMMAND ${PROJECT_SOURCE_DIR}/tests/page/run $<TARGET_FILE:large_page>)
  set_tests_properties(page PROPERTIES LABELS outside
    ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77)
endif()

# kraft serve, used by the npm package openai.
if(TARGET kraft_program)
  add_test(NAME openai COMMAND ${PROJECT_SOURCE_DIR}/tests/openai/run ${PROJECT_BINARY_DIR}/tests/openai)
  set_tests_properties(openai PROPERTIES LABELS outside
    ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77)
endif()

# Its page in a headless browser.
if(TARGET kraft_program)
  add_test(NAME playground COMMAND ${PROJECT_SOURCE_DIR}/tests/serve/playground)
  set_tests_properties(playground PROPERTIES LABELS outside
    ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77)
endif()

# Ranks under mpirun, where there is one.
if(TARGET kraft_program)
  add_test(NAME mpi COMMAND ${PROJECT_SOURCE_DIR}/tests/mpi/run)
  set_tests_properties(mpi PROPERTIES LABELS outside
    ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77)
endif()

# The Python package, where it was built.
file(GLOB python_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/python/*_test.py)
foreach(file IN LISTS python_tests)
  cmake_path(GET file STEM name)
  string(REGEX REPLACE "_test$" "" name ${name})
  add_test(NAME python.${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/python/run ${name})
  set_tests_properties(python.${name} PROPERTIES LABELS outside SKIP_RETURN_CODE 77
    ENVIRONMENT "${test_environment};KRAFT_PACKAGE=${PROJECT_BINARY_DIR}/python;PYTHON=${Python_EXECUTABLE};KRAFT_BUILD=${PROJECT_BINARY_DIR};CMAKE=${CMAKE_COMMAND}")
endforeach()

# What is written here is read on another processor, where there is a compiler for it and an emulator.
add_executable(portable_coder ${PROJECT_SOURCE_DIR}/tests/portable/main.cc)
target_include_directories(portable_coder PRIVATE ${private_folders})
target_link_libraries(portable_coder PRIVATE kraft::kraft kraft_flags)
add_test(NAME portable COMMAND ${PROJECT_SOURCE_DIR}/tests/portable/run $<TARGET_FILE:portable_coder>)
set_tests_properties(portable PROPERTIES LABELS outside
  ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77)

# The example programs run.
if(KRAFT_BUILD_EXAMPLES)
  set(short_text ${PROJECT_SOURCE_DIR}/LICENSE)
  add_test(NAME example.next_byte COMMAND example_next_byte)
  add_test(NAME example.continue_text COMMAND example_continue_text ${short_text} gzip 20)
  add_test(NAME example.fill_hole
    COMMAND example_fill_hole ${short_text} "Permission is ___ granted" ngram:3 6)
  add_test(NAME example.score_file COMMAND example_score_file ${short_text})
  add_test(NAME example.compress_file COMMAND example_compress_file ${short_text})
  add_test(NAME example.custom_codec COMMAND example_custom_codec)
  add_test(NAME example.task_next COMMAND example_task_next)
  add_test(NAME example.task_score COMMAND example_task_score ${short_text})
  add_test(NAME example.task_classify COMMAND example_task_classify
    ${short_text} ${PROJECT_SOURCE_DIR}/CMakeLists.txt ${PROJECT_SOURCE_DIR}/CONTRIBUTING.md)
  add_test(NAME example.task_pack COMMAND example_task_pack ${short_text})
  add_test(NAME example.compare_models COMMAND example_compare_models ${short_text} gzip ngram:2)
  add_test(NAME example.reproduce_table COMMAND example_reproduce_table ${PROJECT_SOURCE_DIR}/CONTRIBUTING.md)
  set(samples ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/media)  # small files of every format
  set(out ${PROJECT_BINARY_DIR}/examples)
  add_test(NAME example.complete_image
    COMMAND example_complete_image ${samples}/tiny.png ${out}/completed.png png,filter=up)
  add_test(NAME example.continue_audio
    COMMAND example_continue_audio ${samples}/t.wav ${out}/continued.wav gzip 0.01)
endif()

# Fuzz targets: libFuzzer drives them under KRAFT_FUZZ; otherwise they replay their corpus.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
if(fuzz_sources AND NOT KRAFT_FUZZ)
  add_library(fuzz_replay OBJECT ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cc)
  target_compile_features(fuzz_replay PRIVATE cxx_std_20)
  target_link_libraries(fuzz_replay PRIVATE kraft_flags)
endif()
foreach(source IN LISTS fuzz_sources)
  cmake_path(GET source STEM name)
  string(REGEX REPLACE "_fuzz$" "" corpus ${name})
  add_executable(${name} ${source})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  target_include_directories(${name} PRIVATE ${private_folders} ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE kraft::kraft kraft_flags)
  set(corpus_folder ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${corpus})
  if(KRAFT_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_link_libraries(${name} PRIVATE fuzz_replay)
  endif()
  if(NOT KRAFT_FUZZ AND IS_DIRECTORY ${corpus_folder})
    add_test(NAME fuzz.${corpus} COMMAND ${name} ${corpus_folder})
  endif()
endforeach()

# The installed package, as another project sees it; and the README, whose programs are compiled
# against it.
if(KRAFT_INSTALL AND TARGET kraft_program)
  set(prefix ${PROJECT_BINARY_DIR}/tests/prefix)
  string(JOIN " " sanitizer_flags ${sanitizers})
  set(install_environment
    KRAFT_BUILD=${PROJECT_BINARY_DIR} KRAFT_PREFIX=${prefix} KRAFT_LIBDIR=${CMAKE_INSTALL_LIBDIR}
    KRAFT_PACKAGE=${PROJECT_BINARY_DIR}/python PYTHON=${Python_EXECUTABLE}
    CMAKE=${CMAKE_COMMAND} CXX=${CMAKE_CXX_COMPILER} CXXFLAGS=${sanitizer_flags})
  foreach(step IN ITEMS install cmake_package pkg_config)
    add_test(NAME install.${step} COMMAND ${PROJECT_SOURCE_DIR}/tests/install/run ${step})
    set_tests_properties(install.${step} PROPERTIES
      ENVIRONMENT "${test_environment};${install_environment}"
      FIXTURES_REQUIRED prefix LABELS installed)
  endforeach()
  set_tests_properties(install.install PROPERTIES FIXTURES_REQUIRED "" FIXTURES_SETUP prefix)

  if(EXISTS ${PROJECT_SOURCE_DIR}/README.md)
    add_test(NAME readme COMMAND ${PROJECT_SOURCE_DIR}/tests/readme/run ${PROJECT_SOURCE_DIR}/README.md)
    set_tests_properties(readme PROPERTIES
      ENVIRONMENT "${test_environment};${install_environment}"
      FIXTURES_REQUIRED prefix LABELS installed)
  endif()

  # The commands of the other documents.
  file(GLOB documents CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.md)
  foreach(document IN LISTS documents)
    cmake_path(GET document STEM name)
    add_test(NAME docs.${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/readme/run ${document})
    set_tests_properties(docs.${name} PROPERTIES
      ENVIRONMENT "${test_environment};${install_environment}"
      FIXTURES_REQUIRED prefix LABELS installed)
  endforeach()
endif()

# Every Debian package that the build can ask for is one that tests/run installs.
add_test(NAME packages COMMAND ${PROJECT_SOURCE_DIR}/tests/packages)

# What the public headers show compiles.
add_test(NAME headers COMMAND ${PROJECT_SOURCE_DIR}/tests/readme/headers)
set_tests_properties(headers PROPERTIES ENVIRONMENT CXX=${CMAKE_CXX_COMPILER})

# The folders include each other in one direction only.
add_test(NAME arrows COMMAND ${PROJECT_SOURCE_DIR}/tests/arrows)

# These take longest, and most of them wait more than they work: they begin first, beside others.
foreach(name IN ITEMS mpi portable page playground cli.reproduce cli.signals python.calls python.package)
  if(TEST ${name})
    set_tests_properties(${name} PROPERTIES COST 1000)
  endif()
endforeach()

# The limit of all but the unit tests, which have it already.
get_property(all_tests DIRECTORY PROPERTY TESTS)
set_tests_properties(${all_tests} PROPERTIES TIMEOUT ${hang_seconds})
