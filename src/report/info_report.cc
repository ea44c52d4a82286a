// What .kraft files say of themselves, as a table and as JSON.

#include <nlohmann/json.hpp>

#include "base/numbers.h"
#include "base/text.h"
#include "kraft/report.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

// Whether any machine decodes the file.
std::string portable_text(const ContainerInfo& info) {
  if (!info.portable) return "-";
  return *info.portable ? "yes" : "no";
}

Json to_json(const InspectedFile& file) {
  const ContainerInfo& info = file.info;
  const ContainerHeader& header = info.header;
  return {{"file", printable(file.name)},
          {"model", printable(header.model.spec)},
          {"library", printable(header.model.library)},
          {"fingerprint", printable(header.model.fingerprint)},
          {"probe", hexadecimal(header.model.probe)},
          {"portable", info.portable ? Json(*info.portable) : Json(nullptr)},
          {"medium", name_of(header.medium)},
          {"bytes", info.size_bytes},
          {"compressed_bytes", info.file_bytes},
          {"code_bytes", info.code_bytes},
          {"head_bytes", header.head.size()},
          {"blocks", info.blocks},
          {"block_bytes", header.block_bytes}};
}

}  // namespace

std::string info_table(const std::vector<InspectedFile>& files) {
  Table table({"file", "model", "library", "portable", "medium", ">bytes", ">compressed", ">rate",
               ">blocks", ">block bytes"});
  for (const auto& [name, info] : files)
    table.add({printable(name), printable(info.header.model.spec),
               printable(info.header.model.library), portable_text(info),
               name_of(info.header.medium), grouped(info.size_bytes), grouped(info.file_bytes),
               share(info.file_bytes, info.size_bytes), grouped(info.blocks),
               grouped(info.header.block_bytes)});
  return table.text();
}

std::string info_json(const std::vector<InspectedFile>& files) {
  Json json = Json::array();
  for (const InspectedFile& file : files) json.push_back(to_json(file));
  return json.dump(2) + "\n";
}

}  // namespace kraft
