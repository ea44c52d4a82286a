// The parts of the playground, put into the program by cmake/KraftPage.cmake.
#pragma once

#include <string_view>

namespace kraft {

extern const std::string_view playground_html;  // with {{style}}, {{charts}}, {{script}}
extern const std::string_view playground_style;
extern const std::string_view playground_script;

}  // namespace kraft
