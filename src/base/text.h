// Small helpers for messages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kraft {

// "a, b, c"
std::string join(std::span<const std::string> parts, std::string_view separator);

// " (did you mean gzip or bzip2?)", or nothing when no name is within two edits or begins alike.
std::string did_you_mean(std::string_view name, std::span<const std::string> names);

// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t number);

// The shortest decimal form that reads back as the same number.
std::string shortest(double number);

// Reads a whole decimal integer, optionally followed by KiB, MiB or GiB. False if it is none or
// does not fit.
bool parse_integer(std::string_view text, std::int64_t& value);

// Reads a whole finite decimal number. False if it is none.
bool parse_number(std::string_view text, double& value);

// True when the bytes are well-formed UTF-8 (Unicode 15, table 3-7).
bool is_utf8(std::string_view text);

// Replaces control characters and malformed UTF-8, so that untrusted text can stand in one line of
// a terminal.
std::string printable(std::string_view text);

}  // namespace kraft
