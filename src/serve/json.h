// JSON as the server reads and writes it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::serve {

using Json = nlohmann::ordered_json;

// Throws Failure (serve/failure.h) when it is none, or nested more deeply than any request is.
Json parse_json(std::string_view text);

// One line, whatever is in it: what is no UTF-8 becomes U+FFFD.
std::string json_text(const Json& json);

// Under `name` where they are UTF-8, else as base64 under "NAME_base64".
void put_bytes(Json& json, const std::string& name, ByteView bytes);

// How a byte is shown: printable ASCII as it is, else \n, \t, \r or \xHH.
std::string byte_text(Byte byte);

// Null where it is infinite or not a number.
Json json_number(double number);

// With malformed parts replaced by U+FFFD, as a decoder of UTF-8 does it.
std::string as_utf8(std::string_view bytes);

// Of each byte, which character of as_utf8(bytes) it belongs to.
std::vector<std::size_t> characters_of(std::string_view bytes);

// How many of the last bytes begin a code point of UTF-8 that may still be completed: 0 to 3.
std::size_t unfinished_bytes(std::string_view bytes);

}  // namespace kraft::serve
