// kraft info: what a .kraft file says of itself.

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/coding.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "report/table.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::string& file, const ContainerInfo& info) {
  const ContainerHeader& header = info.header;
  char probe[24];
  std::snprintf(probe, sizeof probe, "%016llx",
                static_cast<unsigned long long>(header.model.probe));
  return {{"file", printable(file)},
          {"model", printable(header.model.spec)},
          {"library", printable(header.model.library)},
          {"fingerprint", printable(header.model.fingerprint)},
          {"probe", probe},
          {"medium", name_of(header.medium)},
          {"bytes", info.size_bytes},
          {"compressed_bytes", info.file_bytes},
          {"code_bytes", info.code_bytes},
          {"head_bytes", header.head.size()},
          {"blocks", info.blocks},
          {"block_bytes", header.block_bytes}};
}

ContainerInfo inspect_file(const std::string& path) {
  InputFile file(path);
  try {
    return inspect([&](std::span<Byte> to) { return file.read(to); });
  } catch (const Error& error) {
    throw Error(printable(file.name()) + ": " + error.what());
  }
}

}  // namespace

Command info_command() {
  auto inputs = std::make_shared<std::vector<std::string>>();
  Command command;
  command.name = "info";
  command.synopsis = "FILE... [--json]";
  command.summary = "show what .kraft files hold";
  command.details =
      "Checks the header and the end of each file, but not its blocks: that is `kraft decompress "
      "--test`.";
  command.examples = {"kraft info book.txt.kraft", "kraft info --json - <book.txt.kraft"};
  // clang-format off
  command.options.add_options()
      ("input", po::value(inputs.get())->value_name("FILE"), "the files (- is standard input)")
      ("json", "print JSON");
  // clang-format on
  command.positional = "input";
  command.most_positional = -1;
  command.run = [inputs](const po::variables_map& values) {
    if (inputs->empty()) throw UsageError("no file to show (- is standard input)");
    Table table({"file", "model", "library", "medium", ">bytes", ">compressed", ">rate", ">blocks",
                 ">block bytes"});
    Json json = Json::array();
    for (const std::string& path : *inputs) {
      const ContainerInfo info = inspect_file(path);
      json.push_back(to_json(path, info));
      table.add({printable(path), printable(info.header.model.spec),
                 printable(info.header.model.library), name_of(info.header.medium),
                 grouped(info.size_bytes), grouped(info.file_bytes),
                 share(info.file_bytes, info.size_bytes), grouped(info.blocks),
                 grouped(info.header.block_bytes)});
    }
    write_out(values.count("json") ? json.dump(2) + "\n" : table.text());
    return 0;
  };
  return command;
}

}  // namespace kraft::cli
