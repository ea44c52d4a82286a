// Numbers as text.
#pragma once

#include <cstdint>
#include <string>

namespace kraft {

// "48.13"; "inf", "-inf" and "nan" for what is no number.
std::string fixed(double number, int digits);

// Sixteen digits.
std::string hexadecimal(std::uint64_t number);

// A double as text, and back as it was, whatever it is. Other text is 0.
std::string exact_text(double number);
double exact_number(const std::string& text);

}  // namespace kraft
