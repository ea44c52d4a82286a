#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "cli/command.h"
#include "cli/options.h"
#include "kraft/error.h"
#include "temporary_folder.h"

namespace kraft::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Commands, EndInOneLineAndAStatus) {
  const Ending unknown = run_command({"smaple"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.line, StartsWith("unknown command 'smaple' (did you mean sample?)"));
  EXPECT_EQ(run_command({}).status, 2);
  EXPECT_THAT(run_command({"score", "--model", "gizp", "/dev/null"}).line,
              HasSubstr("did you mean gzip"));
  const Ending missing = run_command({"score", "--model", "gzip", "/nowhere/at/all"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.line, HasSubstr("/nowhere/at/all"));
}

TEST(Commands, CompressAndDecompressAFile) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/text";
  std::ofstream(file) << "she sells sea shells by the sea shore";
  EXPECT_EQ(run_command({"compress", "--model", "ngram:2", "--quiet", file}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(file + ".kraft"));
  EXPECT_EQ(run_command({"decompress", file + ".kraft", "-o", file + "2"}).status, 0);
  EXPECT_EQ(std::filesystem::file_size(file + "2"), 37U);
}

// What is required comes first, and what stands in for it; what needs no name last.
TEST(Commands, TheTablesSayTheSynopsis) {
  const auto synopsis = [](const std::string& name) { return synopsis_of(find_command(name)); };
  EXPECT_EQ(synopsis("sample"),
            "kraft sample {--model SPEC... | --preset NAME} [FILE|-] [options]");
  EXPECT_EQ(synopsis("score"), "kraft score --model SPEC... FILE... [options]");
  EXPECT_EQ(synopsis("compare"),
            "kraft compare {--model SPEC... FILE... | --from FILE...} [options]");
  EXPECT_EQ(synopsis("classify"), "kraft classify --corpus NAME=FILE... FILE... [options]");
  EXPECT_EQ(synopsis("reproduce"),
            "kraft reproduce table1|fig2|fig3|fig4|table2|views|league [options]");
  EXPECT_EQ(synopsis("compress"), "kraft compress --model SPEC [FILE|-] [options]");
  EXPECT_EQ(synopsis("models"), "kraft models [NAME...] [--json]");
  EXPECT_EQ(synopsis("serve"), "kraft serve [options]");
}

TEST(Commands, EachHasAHelpAndNoOptionTwice) {
  std::set<std::string> names;
  for (const Command& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_EQ(&find_command(command.name), &command);
    EXPECT_THAT(help_text(command), StartsWith("usage: kraft " + command.name));
    std::set<std::string> options;
    for (const auto& table : command.tables) {
      for (const Option& option : table)
        EXPECT_TRUE(options.insert(option.name).second) << command.name << " --" << option.name;
    }
  }
  EXPECT_THROW(find_command("smaple"), UsageError);
}

}  // namespace
}  // namespace kraft::cli
