#include "media/names.h"

#include <algorithm>

namespace kraft {

bool has_ending(std::string_view name, std::string_view ending) {
  const auto small = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return name.size() >= ending.size() &&
         std::ranges::equal(name.substr(name.size() - ending.size()), ending,
                            [small](char a, char b) { return small(a) == b; });
}

}  // namespace kraft
