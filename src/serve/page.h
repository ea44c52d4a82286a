// The playground: the page that a browser sees at the server's root.
#pragma once

#include <string>

namespace kraft {

// One HTML file that needs nothing but the server that it came from. Made once; any thread may ask.
const std::string& playground_page();

}  // namespace kraft
