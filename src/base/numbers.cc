#include "base/numbers.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace kraft {

std::string fixed(double number, int digits) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  char text[400];  // the largest has 309 digits
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
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
