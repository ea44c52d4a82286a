# The pages that kraft shows in a browser: their parts and their charting library, as strings in the program.
#
# Chart.js is Debian's. Without it, kraft is built all the same: --html says what is missing, and the
# playground has no plots.

find_file(KRAFT_CHART_JS NAMES chart.min.js Chart.min.js
  PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist
  DOC "Chart.js, for the plots of kraft's pages" NO_CMAKE_FIND_ROOT_PATH)
if(NOT KRAFT_CHART_JS)
  message(NOTICE "kraft: Chart.js not found, so kraft compare has no --html: apt-get install libjs-chart.js")
endif()

# Writes generated/NAME.cc, which defines the strings that HEADER declares: for each VARIABLE, the
# files after it, one behind the other (none: an empty string).
#
#   kraft_page_parts(NAME HEADER VARIABLE [FILE...] [VARIABLE [FILE...]]...)     with absolute paths
function(kraft_page_parts name header)
  set(source "// Written by CMake from a page's parts.\n#include \"${header}\"\n\nnamespace kraft {\n")
  set(open "")
  foreach(word IN LISTS ARGN)
    if(NOT IS_ABSOLUTE "${word}")
      string(APPEND source "${open}const std::string_view ${word} = R\"KRAFT(")
      set(open ")KRAFT\";\n")
    elseif(EXISTS "${word}")
      file(READ "${word}" text)
      string(APPEND source "${text}")
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${word}")
    endif()
  endforeach()
  string(APPEND source "${open}}  // namespace kraft\n")
  file(WRITE ${PROJECT_BINARY_DIR}/generated/${name}.txt "${source}")
  configure_file(${PROJECT_BINARY_DIR}/generated/${name}.txt ${PROJECT_BINARY_DIR}/generated/${name}.cc COPYONLY)
endfunction()

if(NOT KRAFT_CHART_JS)
  set(KRAFT_CHART_JS "")
endif()

# Scripts that define names stand before those that use them at once; the last one of each page starts it.
set(page_folder ${PROJECT_SOURCE_DIR}/src/report/page)
set(page_scripts figures lazily plots table samples compare)
list(TRANSFORM page_scripts PREPEND ${page_folder}/)
list(TRANSFORM page_scripts APPEND .js)
kraft_page_parts(page_parts report/page/parts.h
  page_html ${page_folder}/compare.html
  page_style ${page_folder}/compare.css
  page_script ${page_scripts}
  page_charts ${KRAFT_CHART_JS})

set(page_folder ${PROJECT_SOURCE_DIR}/src/serve/page)
set(playground_scripts elements bytes server models trace inspector editor expectations dreams media cost
  share playground)
list(TRANSFORM playground_scripts PREPEND ${page_folder}/)
list(TRANSFORM playground_scripts APPEND .js)
kraft_page_parts(playground_parts serve/page/parts.h
  playground_html ${page_folder}/playground.html
  playground_style ${page_folder}/playground.css
  playground_script ${playground_scripts})
