// How the names of files end.
#pragma once

#include <string_view>

namespace kraft {

// `ending` is in small letters and begins with its dot; the name's letters may be of either size.
bool has_ending(std::string_view name, std::string_view ending);

}  // namespace kraft
