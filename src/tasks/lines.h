// Texts that are lines of a file.
#pragma once

#include <string>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

struct Line {
  std::string name;  // "file.txt:12", counted from 1
  ByteView text;     // without what ends the line: \n, or \r\n
};

// Those that are not empty, of which there must be one, else an Error. The bytes stay where they
// are.
std::vector<Line> lines_of(const std::string& name, ByteView bytes);

}  // namespace kraft
