// Numbers as text.
#pragma once

#include <cstdint>
#include <string>

namespace kraft {

// "48.13"; "inf", "-inf" and "nan" for what is no number.
std::string fixed(double number, int digits);

// "29.80 %"; "-" of nothing.
std::string share(std::uint64_t part, std::uint64_t whole);

// Bytes in the largest unit that divides them: "16KiB", "1000". parse_integer() reads it back.
std::string size_text(std::uint64_t bytes);

// Sixteen digits.
std::string hexadecimal(std::uint64_t number);

// A double as text, and back as it was, whatever it is. Other text is 0.
std::string exact_text(double number);
double exact_number(const std::string& text);

}  // namespace kraft
