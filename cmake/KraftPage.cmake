# The page of `kraft compare --html`: its parts and its charting library, as strings in the program.
#
# Chart.js is Debian's. Without it, kraft is built all the same, and --html says what is missing.

find_file(KRAFT_CHART_JS NAMES chart.min.js Chart.min.js
  PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist
  DOC "Chart.js, for the plots of kraft compare --html" NO_CMAKE_FIND_ROOT_PATH)
if(NOT KRAFT_CHART_JS)
  message(NOTICE "kraft: Chart.js not found, so kraft compare has no --html: apt-get install libjs-chart.js")
endif()

set(page_folder ${PROJECT_SOURCE_DIR}/src/report/page)
set(page_parts html ${page_folder}/compare.html style ${page_folder}/compare.css
  script ${page_folder}/compare.js charts ${KRAFT_CHART_JS})
set(page_source "// Written by CMake from src/report/page/ and Chart.js.\n#include \"report/page/parts.h\"\n\nnamespace kraft {\n")
while(page_parts)
  list(POP_FRONT page_parts part file)
  set(text "")
  if(EXISTS "${file}")
    file(READ "${file}" text)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  endif()
  string(APPEND page_source "const std::string_view page_${part} = R\"KRAFT(${text})KRAFT\";\n")
endwhile()
string(APPEND page_source "}  // namespace kraft\n")
file(WRITE ${PROJECT_BINARY_DIR}/generated/page_parts.txt "${page_source}")
configure_file(${PROJECT_BINARY_DIR}/generated/page_parts.txt
  ${PROJECT_BINARY_DIR}/generated/page_parts.cc COPYONLY)
