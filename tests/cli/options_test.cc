#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kraft/error.h"
#include "temporary_folder.h"

namespace kraft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Soup {
  int portions = 2;
  std::vector<std::string> vegetables;
  std::optional<Bytes> recipe;
  std::vector<NamedBytes> pictures, named;
  bool hot = false, quick = false;
  std::string name;
};

const OptionTable<Soup>& table() {
  static const auto rows = [] {
    OptionTable<Soup> soup;
    soup.integer("portions", &Soup::portions, {.letter = 'n', .value_name = "N", .min = 1});
    soup.list("vegetable", &Soup::vegetables, {.letter = 'v', .value_name = "NAME"});
    soup.contents("recipe", &Soup::recipe, {.value_name = "FILE", .may_be_empty = true});
    soup.inputs("picture", &Soup::pictures, {.value_name = "FILE"});
    soup.inputs("named", &Soup::named, {.value_name = "NAME=FILE", .named = true});
    soup.flag("hot", &Soup::hot, {.letter = 'w'});
    soup.flag("quick", &Soup::quick, {.letter = 'q', .excludes = {"hot"}});
    soup.text("name", &Soup::name, {.value_name = "TEXT"});
    return soup;
  }();
  return rows;
}

Command command() {
  Command cook;
  cook.name = "cook";
  cook.positional = "picture";
  return cook;
}

// What the arguments make of a soup; files are read too.
Soup cooked(const std::vector<std::string>& arguments) {
  const Command cook = command();
  Soup soup;
  Request request(cook, {{table(), soup}}, arguments);
  request.check();
  request.read_files();
  return soup;
}

std::string complaint(const std::vector<std::string>& arguments) {
  try {
    cooked(arguments);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

class RequestTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(full_) << "stir";
    std::ofstream{empty_};
  }

  const testing::TemporaryFolder folder_;
  const std::string full_ = folder_.file("full"), empty_ = folder_.file("empty");
};

TEST_F(RequestTest, TakesOptionsInEveryForm) {
  const Soup soup = cooked({"--portions", "3", "--vegetable=leek", "-vbean", "-v", "pea", "-w"});
  EXPECT_EQ(soup.portions, 3);
  EXPECT_THAT(soup.vegetables, ElementsAre("leek", "bean", "pea"));
  EXPECT_TRUE(soup.hot);
  EXPECT_EQ(cooked({"-n=4"}).portions, 4);
  EXPECT_EQ(cooked({"-wn5"}).portions, 5);
  EXPECT_EQ(cooked({"--name", "-5 degrees"}).name, "-5 degrees");
  EXPECT_EQ(cooked({"--name=--x"}).name, "--x");
  EXPECT_EQ(cooked({"--name", ""}).name, "");
}

TEST_F(RequestTest, ReadsFilesAndKeepsTheirNames) {
  const Soup soup = cooked({"--recipe", full_, full_, "--named", "a=" + full_, "--", full_});
  EXPECT_EQ(as_text(*soup.recipe), "stir");
  ASSERT_EQ(soup.pictures.size(), 2U);
  EXPECT_EQ(soup.pictures[1].name, full_);
  EXPECT_EQ(as_text(soup.pictures[1].bytes), "stir");
  EXPECT_EQ(soup.named[0].name, "a");
  EXPECT_EQ(as_text(soup.named[0].bytes), "stir");
  EXPECT_TRUE(cooked({"--recipe", empty_}).recipe->empty());
  EXPECT_THAT(complaint({empty_}), HasSubstr("the file is empty"));
  EXPECT_THAT(complaint({full_ + "/missing"}), HasSubstr("cannot read"));
}

TEST_F(RequestTest, SaysWhatIsWrongBeforeAnyFileIsRead) {
  EXPECT_EQ(complaint({"--portions", "0", "missing"}),
            "--portions 0 is out of range: 1..2147483647");
  EXPECT_EQ(complaint({"--portions", "many"}), "--portions is a whole number, not 'many'");
  EXPECT_EQ(complaint({"-qw", "missing"}), "--quick and --hot cannot be given together");
  EXPECT_EQ(complaint({"--portion", "2"}),
            "unrecognised option '--portion'; `kraft help cook` shows the options");
  EXPECT_EQ(complaint({"-z"}), "unrecognised option '-z'; `kraft help cook` shows the options");
  EXPECT_EQ(complaint({"-n"}),
            "the required argument for option '--portions' is missing; `kraft help cook` shows the "
            "options");
  EXPECT_EQ(complaint({"--name", "--hot"}),
            "the required argument for option '--name' is missing; `kraft help cook` shows the "
            "options");
  EXPECT_EQ(complaint({"--hot=on"}),
            "option '--hot' does not take any arguments; `kraft help cook` shows the options");
  EXPECT_EQ(complaint({"-n1", "-n2"}),
            "option '--portions' cannot be specified more than once; `kraft help cook` shows the "
            "options");
  EXPECT_EQ(complaint({"--named", "x"}), "--named is NAME=FILE, not 'x'");
  EXPECT_EQ(complaint({"--recipe", "-", "-"}),
            "--recipe - and the picture - both read standard input");
  EXPECT_EQ(complaint({"-", "-"}), "standard input cannot be read twice");
}

// What is read and written besides a soup.
struct Kitchen {
  Soup soup;
  std::string shelf, model;
  std::vector<std::string> books;
  std::string log, plot;
  bool force = false;
};

const OptionTable<Kitchen>& kitchen_table() {
  static const auto rows = [] {
    OptionTable<Kitchen> kitchen;
    kitchen.include(table(), &Kitchen::soup);
    kitchen.text("shelf", &Kitchen::shelf, {.value_name = "FOLDER", .is_read = true});
    kitchen.list("book", &Kitchen::books, {.value_name = "FILE", .is_read = true});
    kitchen.text("model", &Kitchen::model, {.value_name = "SPEC", .names_models = true});
    kitchen.file("log", &Kitchen::log, {.value_name = "FILE"});
    kitchen.file("plot", &Kitchen::plot, {.value_name = "FILE"});
    add_force(kitchen, &Kitchen::force);
    return kitchen;
  }();
  return rows;
}

std::string kitchen_complaint(const std::vector<std::string>& arguments) {
  const Command cook = command();
  Kitchen kitchen;
  try {
    Request(cook, {{kitchen_table(), kitchen}}, arguments).check();
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST_F(RequestTest, RefusesToWriteOverWhatIsRead) {
  const auto overwrites = [&](const std::string& reader) {
    return "--log " + full_ + " would overwrite " + reader + ": give --force, or another name";
  };
  const std::string link = folder_.file("link");
  std::filesystem::create_symlink(full_, link);
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--recipe", full_}),
            overwrites("the file of --recipe"));
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--recipe", link}),
            overwrites("the file of --recipe"));
  EXPECT_EQ(kitchen_complaint({"--log", full_, empty_, full_}), overwrites("the picture"));
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--named", "a=" + link}),
            overwrites("the file of --named"));
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--book", empty_, "--book", full_}),
            overwrites("the file of --book"));
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--model", "llama:" + full_}),
            overwrites("the file of --model"));
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--model", "product:gzip,llama:" + full_}),
            overwrites("the file of --model"));
  EXPECT_EQ(kitchen_complaint({"--log", folder_.path(), "--shelf", folder_.file(".")}),
            "--log " + folder_.path() +
                " would overwrite the file of --shelf: give --force, or another name");
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--recipe", full_, "--force"}), "none");
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--recipe", empty_}), "none");
  EXPECT_EQ(kitchen_complaint({"--log", full_ + "new", "--recipe", full_}), "none");
  EXPECT_EQ(kitchen_complaint({"--log", "/dev/null", "--recipe", "/dev/null"}), "none");
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--name", full_, "--model", "ngram:2"}), "none");
}

TEST_F(RequestTest, RefusesTwoOutputsThatAreOneFile) {
  const std::string same = "--log and --plot name the same file";
  const std::string new_file = folder_.file("new");
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--plot", full_, "--force"}), same);
  EXPECT_EQ(kitchen_complaint({"--log", new_file, "--plot", folder_.file("./new")}), same);
  EXPECT_EQ(kitchen_complaint({"--log", "-", "--plot", "-"}), same);
  EXPECT_EQ(kitchen_complaint({"--log", "/dev/null", "--plot", "/dev/null"}), "none");
  EXPECT_EQ(kitchen_complaint({"--log", full_, "--plot", empty_}), "none");
}

TEST_F(RequestTest, KnowsWhenHelpIsWanted) {
  const Command cook = command();
  Soup soup;
  EXPECT_TRUE(Request(cook, {{table(), soup}}, {"-h"}).wants_help());
  EXPECT_TRUE(Request(cook, {{table(), soup}}, {"-n3", "--help"}).wants_help());
  EXPECT_FALSE(Request(cook, {{table(), soup}}, {"-n3"}).wants_help());
}

TEST_F(RequestTest, HelpComesFromTheRow) {
  EXPECT_EQ(usage_of(table().find("portions")), "-n, --portions N");
  EXPECT_EQ(usage_of(table().find("name")), "    --name TEXT");
  EXPECT_EQ(usage_of(table().find("hot")), "-w, --hot");
  EXPECT_EQ(meaning_of(table().find("portions")), " (1..2147483647; default: 2)");
}

}  // namespace
}  // namespace kraft::cli
