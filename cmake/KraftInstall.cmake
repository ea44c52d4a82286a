# What `cmake --install` puts where.
include(CMakePackageConfigHelpers)

install(TARGETS kraft_library EXPORT kraftTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# A llama.cpp of our own goes along with a static libkraft, which leaves it to its users to link.
set(KRAFT_LLAMA_FOLDER ${CMAKE_INSTALL_LIBDIR}/kraft/llama)
if(KRAFT_LLAMA_KIND STREQUAL "own" AND NOT BUILD_SHARED_LIBS)
  install(DIRECTORY ${KRAFT_LLAMA_PREFIX}/include ${KRAFT_LLAMA_PREFIX}/lib
    DESTINATION ${KRAFT_LLAMA_FOLDER} PATTERN pkgconfig EXCLUDE)
endif()

# The models that `llama` means by itself.
install(DIRECTORY src/models/weights/ DESTINATION ${CMAKE_INSTALL_DATADIR}/kraft OPTIONAL
  FILES_MATCHING PATTERN *.gguf)

# The CMake package: find_package(kraft) gives kraft::kraft.
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/kraft)
configure_package_config_file(cmake/kraftConfig.cmake.in generated/kraftConfig.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(generated/kraftConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(EXPORT kraftTargets NAMESPACE kraft:: DESTINATION ${package_folder})
install(
  FILES
    ${PROJECT_BINARY_DIR}/generated/kraftConfig.cmake
    ${PROJECT_BINARY_DIR}/generated/kraftConfigVersion.cmake
    cmake/KraftLibraries.cmake
  DESTINATION ${package_folder})

# The pkg-config file. Whoever links a static libkraft links all that it needs as well.
list(JOIN KRAFT_MODULES " " pkg_config_requires)
set(pkg_config_libs "-lbz2 -pthread")
if(KRAFT_LLAMA_KIND STREQUAL "system")
  string(APPEND pkg_config_requires " llama")
elseif(KRAFT_LLAMA_KIND STREQUAL "own" AND NOT BUILD_SHARED_LIBS)
  # Each library before those that it needs: llama, the registry of backends, they, their base.
  file(GLOB llama_backends RELATIVE ${KRAFT_LLAMA_PREFIX}/lib ${KRAFT_LLAMA_PREFIX}/lib/libggml-*.a)
  list(REMOVE_ITEM llama_backends libggml-base.a)
  list(TRANSFORM llama_backends REPLACE "^lib(.*)\\.a$" "-l\\1")
  list(JOIN llama_backends " " llama_backends)
  string(PREPEND pkg_config_libs
    "-L\${prefix}/${KRAFT_LLAMA_FOLDER}/lib -lllama -lggml ${llama_backends} -lggml-base -ldl -lm ")
endif()
if(BUILD_SHARED_LIBS)
  set(pkg_config_needs "Requires.private: ${pkg_config_requires}\nLibs.private: ${pkg_config_libs}")
  set(pkg_config_libs "")
else()
  set(pkg_config_needs "Requires: ${pkg_config_requires}")
  string(PREPEND pkg_config_libs " ")
endif()
file(RELATIVE_PATH pkg_config_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/kraft.pc.in generated/kraft.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/generated/kraft.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The program, with the man page and the completion that it writes itself.
if(TARGET kraft_program)
  if(BUILD_SHARED_LIBS)
    file(RELATIVE_PATH to_library /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
    set_target_properties(kraft_program PROPERTIES INSTALL_RPATH $ORIGIN/${to_library})
  endif()
  install(TARGETS kraft_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(TARGET kraft_mpi)
    install(TARGETS kraft_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/kraft)
  endif()
  if(TARGET kraft_server)
    if(BUILD_SHARED_LIBS)
      set_target_properties(kraft_server PROPERTIES INSTALL_RPATH $ORIGIN/..)
    endif()
    install(TARGETS kraft_server RUNTIME DESTINATION ${CMAKE_INSTALL_LIBDIR}/kraft)
  endif()
  set(man_page ${PROJECT_BINARY_DIR}/generated/kraft.1)
  set(completion ${PROJECT_BINARY_DIR}/generated/completion/kraft)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/generated/completion)
  add_custom_command(OUTPUT ${man_page} ${completion}
    COMMAND kraft_program man > ${man_page}
    COMMAND kraft_program completion bash > ${completion}
    COMMENT "Writing the man page and the bash completion"
    VERBATIM)
  add_custom_target(kraft_manual ALL DEPENDS ${man_page} ${completion})
  install(FILES ${man_page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()

# The Python package: the module and what stands beside it.
if(TARGET kraft_python)
  if(BUILD_SHARED_LIBS)
    file(RELATIVE_PATH to_library /prefix/${KRAFT_PYTHON_DIR}/kraft /prefix/${CMAKE_INSTALL_LIBDIR})
    set_target_properties(kraft_python PROPERTIES INSTALL_RPATH $ORIGIN/${to_library})
  endif()
  install(TARGETS kraft_python COMPONENT python LIBRARY DESTINATION ${KRAFT_PYTHON_DIR}/kraft)
  install(FILES ${python_files} COMPONENT python DESTINATION ${KRAFT_PYTHON_DIR}/kraft)
endif()

install(FILES LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
