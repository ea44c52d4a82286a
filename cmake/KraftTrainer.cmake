# The programs that train language models, kraft-train and kraft-export, and their tests. Nothing else
# needs them.

find_path(KRAFT_DNNL_INCLUDE oneapi/dnnl/dnnl.hpp)
find_library(KRAFT_DNNL_LIBRARY dnnl)
find_path(KRAFT_UTF8PROC_INCLUDE utf8proc.h)
find_library(KRAFT_UTF8PROC_LIBRARY utf8proc)
find_package(OpenMP QUIET COMPONENTS CXX)
find_package(Boost QUIET COMPONENTS program_options)
kraft_need(KRAFT_DNNL_LIBRARY "oneDNN" libdnnl-dev)
kraft_need(KRAFT_UTF8PROC_LIBRARY "utf8proc" libutf8proc-dev)
kraft_need(Boost_PROGRAM_OPTIONS_FOUND "Boost.Program_options" libboost-program-options-dev)
if(KRAFT_MISSING)
  list(JOIN KRAFT_MISSING " " packages)
  message(FATAL_ERROR "apt-get install ${packages}")
endif()

add_library(kraft_training STATIC
  src/train/checkpoint.cc src/train/matmul.cc src/train/optimizer.cc src/train/transformer.cc
  src/train/words.cc)
target_compile_features(kraft_training PUBLIC cxx_std_20)
target_include_directories(kraft_training PUBLIC ${PROJECT_SOURCE_DIR}/src)
target_include_directories(kraft_training SYSTEM PRIVATE
  ${KRAFT_DNNL_INCLUDE} ${KRAFT_UTF8PROC_INCLUDE})
target_link_libraries(kraft_training
  PUBLIC kraft::kraft PRIVATE ${KRAFT_DNNL_LIBRARY} ${KRAFT_UTF8PROC_LIBRARY} OpenMP::OpenMP_CXX $<BUILD_INTERFACE:kraft_flags>)
# Loops of floats are what a training spends its time on, and it runs where it was built.
if(NOT KRAFT_SANITIZE)
  target_compile_options(kraft_training PRIVATE -O3 -march=native -ffast-math)
endif()

add_executable(kraft_train src/train/train.cc)
set_target_properties(kraft_train PROPERTIES
  OUTPUT_NAME kraft-train RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_include_directories(kraft_train PRIVATE ${private_folders})
target_link_libraries(kraft_train PRIVATE kraft_training Boost::program_options kraft_flags)

if(TARGET llama)
  add_executable(kraft_export src/train/export.cc)
  set_target_properties(kraft_export PROPERTIES
    OUTPUT_NAME kraft-export RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_include_directories(kraft_export PRIVATE ${private_folders})
  target_link_libraries(kraft_export PRIVATE kraft_training llama kraft_flags)
endif()

if(KRAFT_BUILD_TESTS)
  include(GoogleTest)
  add_executable(kraft_training_tests tests/train/transformer_test.cc tests/train/words_test.cc)
  target_include_directories(kraft_training_tests PRIVATE ${private_folders})
  target_link_libraries(kraft_training_tests PRIVATE
    kraft_training GTest::gtest_main kraft_flags)
  gtest_discover_tests(kraft_training_tests PROPERTIES TIMEOUT 3600)
  add_test(NAME train.resume COMMAND ${PROJECT_SOURCE_DIR}/tests/train/resume $<TARGET_FILE:kraft_train>)
  execute_process(COMMAND /usr/bin/python3 -c "import importlib.util as i; exit(i.find_spec('torch') is None)"
    RESULT_VARIABLE no_torch OUTPUT_QUIET ERROR_QUIET)
  if(no_torch EQUAL 0)
    add_test(NAME train.torch COMMAND ${PROJECT_SOURCE_DIR}/tests/train/torch $<TARGET_FILE:kraft_train>)
    set_tests_properties(train.torch PROPERTIES SKIP_RETURN_CODE 77)
  endif()
endif()

# A model of tokens, which the first of these tests makes and the others read.
if(KRAFT_BUILD_TESTS AND TARGET llama AND TARGET kraft_program)
  set(vocabulary_folder ${PROJECT_BINARY_DIR}/tests/vocabulary)
  add_test(NAME train.vocabulary COMMAND ${PROJECT_SOURCE_DIR}/tests/train/vocabulary
    $<TARGET_FILE:kraft_train> $<TARGET_FILE:kraft_export> $<TARGET_FILE:kraft_program> ${vocabulary_folder})
  set_tests_properties(train.vocabulary PROPERTIES FIXTURES_SETUP vocabulary COST 1000
    ENVIRONMENT "${test_environment}")
  add_executable(kraft_vocabulary_tests tests/train/vocabulary_test.cc)
  target_include_directories(kraft_vocabulary_tests PRIVATE
    ${private_folders} ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(kraft_vocabulary_tests PRIVATE
    KRAFT_HAVE_LLAMA KRAFT_VOCABULARY_FOLDER="${vocabulary_folder}")
  target_link_libraries(kraft_vocabulary_tests PRIVATE
    kraft_training kraft::kraft ${KRAFT_LIBRARIES} GTest::gtest_main GTest::gmock kraft_flags)
  add_test(NAME train.vocabulary_read COMMAND kraft_vocabulary_tests)
  set_tests_properties(train.vocabulary_read PROPERTIES FIXTURES_REQUIRED vocabulary
    ENVIRONMENT "${test_environment}")
endif()
