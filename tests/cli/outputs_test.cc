#include "cli/outputs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kraft/error.h"
#include "temporary_folder.h"

namespace kraft::cli {
namespace {

namespace fs = std::filesystem;

class OutputsTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_ + "/gone"); }

  std::string contents(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/" + name).rdbuf();
    return text.str();
  }

  const testing::TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path();
};

TEST_F(OutputsTest, OpensAllBeforeAnythingIsWritten) {
  std::ofstream(folder_ + "/old") << "old";
  {
    Outputs outputs;
    outputs.open("");
    outputs.open("-");
    outputs.open(folder_ + "/old");
    EXPECT_THROW(outputs.open(folder_ + "/nowhere/file"), Error);
    EXPECT_THROW(outputs.open(folder_), Error);
  }
  EXPECT_EQ(contents("old"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2);
}

TEST_F(OutputsTest, OneThatFailsDoesNotLoseTheOthers) {
  Outputs outputs;
  outputs.open(folder_ + "/gone/file");
  outputs.open(folder_ + "/kept");
  fs::remove_all(folder_ + "/gone");
  outputs.write_text(folder_ + "/gone/file", [] { return "lost"; });
  outputs.attempt([] { throw Error("a later one"); });
  outputs.write_text(folder_ + "/kept", [] { return "kept"; });
  outputs.write_text(folder_ + "/unopened", [] { return "too"; });
  outputs.write_text("", []() -> std::string { throw Error("nobody asked for it"); });
  EXPECT_EQ(contents("kept"), "kept");
  EXPECT_EQ(contents("unopened"), "too");
  try {
    outputs.finish();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("gone/file"), std::string::npos) << error.what();
  }
}

TEST_F(OutputsTest, AnInterruptIsNoErrorToKeep) {
  Outputs outputs;
  EXPECT_THROW(outputs.attempt([] { throw Cancelled("interrupted"); }), Cancelled);
  EXPECT_NO_THROW(outputs.finish());
}

TEST(Endings, AreTheRightOnesOrNone) {
  const auto expect = [](const char* name) {
    expect_ending("panel", name, "a picture in PNG", {".png"});
  };
  for (const char* name : {"a.png", "A.PNG", "-", "", "out", "/dev/null", "a.b/out", ".hidden"})
    EXPECT_NO_THROW(expect(name)) << name;
  for (const char* name : {"a.jpg", "p.jpeg", "x.png.bmp", "a.ppm"})
    EXPECT_THROW(expect(name), UsageError) << name;
}

}  // namespace
}  // namespace kraft::cli
