# The Python package: `import kraft`. The module stands in build/python/kraft beside the package's own files, so that
# PYTHONPATH=build/python is all it takes to try it.
#
# Asks for what is missing. Python_EXECUTABLE says which interpreter the module is for; by itself it is the first
# python3 of PATH that has NumPy, or else the system's.

foreach(python IN ITEMS python3 /usr/bin/python3)
  find_program(kraft_python_candidate ${python} NO_CACHE)
  if(kraft_python_candidate AND NOT Python_EXECUTABLE)
    execute_process(COMMAND ${kraft_python_candidate} -c "import numpy"
      RESULT_VARIABLE kraft_python_has_no_numpy OUTPUT_QUIET ERROR_QUIET)
    if(NOT kraft_python_has_no_numpy)
      set(Python_EXECUTABLE ${kraft_python_candidate} CACHE FILEPATH "The interpreter that the Python module is for")
    endif()
  endif()
  unset(kraft_python_candidate)
endforeach()

kraft_need(Python_EXECUTABLE "a python3 with NumPy" python3-numpy)
if(Python_EXECUTABLE)
  find_package(Python QUIET COMPONENTS Interpreter Development.Module)
endif()
set(PYBIND11_FINDPYTHON ON)
find_package(pybind11 QUIET CONFIG)
kraft_need(Python_FOUND "Python's headers" python3-dev)
kraft_need(pybind11_FOUND "pybind11" pybind11-dev)

# Where `cmake --install` puts the package, below the prefix: the folder where the interpreter looks, if that lies there;
# else one of the kind that it looks for in a user's own prefix.
if(Python_FOUND AND NOT DEFINED KRAFT_PYTHON_DIR)
  execute_process(COMMAND ${Python_EXECUTABLE} -c "import sysconfig; print(sysconfig.get_path('platlib'))"
    OUTPUT_VARIABLE kraft_python_folder OUTPUT_STRIP_TRAILING_WHITESPACE)
  cmake_path(RELATIVE_PATH kraft_python_folder BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX})
  if(kraft_python_folder MATCHES "^\\.\\.")
    set(kraft_python_folder lib/python${Python_VERSION_MAJOR}.${Python_VERSION_MINOR}/site-packages)
  endif()
  set(KRAFT_PYTHON_DIR ${kraft_python_folder} CACHE STRING "Folder of the Python package, below the prefix")
endif()
