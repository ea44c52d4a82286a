// Plain tables with aligned columns.
#pragma once

#include <string>
#include <vector>

namespace kraft {

class Table {
 public:
  // A title that begins with '>' aligns its column to the right.
  explicit Table(std::vector<std::string> titles);
  void add(std::vector<std::string> cells);
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<bool> to_the_right_;
};

}  // namespace kraft
