// The parts of the page of kraft compare, put into the program by cmake/KraftPage.cmake.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kraft {

extern const std::string_view page_html;  // with {{style}}, {{data}}, {{charts}}, {{script}}
extern const std::string_view page_style;
extern const std::string_view page_script;
extern const std::string_view page_charts;  // Chart.js; empty where kraft was built without it

// A page with each place replaced by its text; places are in the order in which they occur.
std::string filled_page(std::string_view html,
                        const std::vector<std::pair<std::string_view, std::string_view>>& parts);

}  // namespace kraft
