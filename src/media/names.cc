#include "media/names.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/media.h"

namespace kraft {

bool has_ending(std::string_view name, std::string_view ending) {
  const auto small = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return name.size() >= ending.size() &&
         std::ranges::equal(name.substr(name.size() - ending.size()), ending,
                            [small](char a, char b) { return small(a) == b; });
}

void expect_png_name(std::string_view name) {
  const std::string_view file = name.substr(name.find_last_of('/') + 1);
  const std::size_t dot = file.rfind('.');
  if (dot == file.npos || dot == 0 || has_ending(file, ".png")) return;
  throw UsageError(printable(name) +
                   ": pictures are written as PNG: expected a name that ends in .png");
}

}  // namespace kraft
