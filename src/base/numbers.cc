#include "base/numbers.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace kraft {

std::string fixed(double number, int digits) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  char text[400];  // the largest has 309 digits
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return fixed(100 * static_cast<double>(part) / static_cast<double>(whole), 2) + " %";
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::pair<int, const char*> kUnits[] = {{30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
  for (const auto& [shift, unit] : kUnits) {
    if (bytes > 0 && bytes % (std::uint64_t{1} << shift) == 0)
      return std::to_string(bytes >> shift) + unit;
  }
  return std::to_string(bytes);
}

std::string hexadecimal(std::uint64_t number) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string exact_text(double number) {
  char text[64];
  std::snprintf(text, sizeof text, "%a", number);
  return text;
}

double exact_number(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

}  // namespace kraft
