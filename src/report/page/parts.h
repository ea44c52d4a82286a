// The parts of the page of kraft compare, put into the program by cmake/KraftPage.cmake.
#pragma once

#include <string_view>

namespace kraft {

extern const std::string_view page_html;  // with {{style}}, {{data}}, {{charts}}, {{script}}
extern const std::string_view page_style;
extern const std::string_view page_script;
extern const std::string_view page_charts;  // Chart.js; empty where kraft was built without it

}  // namespace kraft
