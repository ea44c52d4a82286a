// What .kraft files say of themselves, as a table and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kraft/container.h"

namespace kraft {

struct InspectedFile {
  std::string name;
  ContainerInfo info;
};

std::string info_table(const std::vector<InspectedFile>& files);
std::string info_json(const std::vector<InspectedFile>& files);

// "29.80 %"
std::string share(std::uint64_t part, std::uint64_t whole);

}  // namespace kraft
