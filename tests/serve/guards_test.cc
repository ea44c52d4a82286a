#include "serve/guards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kraft/error.h"

namespace kraft::serve {
namespace {

TEST(Guards, TakeTheNamesThatCannotBeRebound) {
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]",
                           "192.168.1.7", "page.localhost:1"})
    EXPECT_TRUE(host_is_allowed(host, {})) << host;
  for (const char* host :
       {"", "example.org", "example.org:8080", "localhost.example.org", "127.0.0.1.example.org",
        "127.1", "localhost:8080@example.org", "[::1", "localhost:x"})
    EXPECT_FALSE(host_is_allowed(host, {})) << host;
  EXPECT_TRUE(host_is_allowed("My.Example:8080", {"my.example"}));
}

TEST(Guards, TakePagesOfTheServerItself) {
  EXPECT_TRUE(origin_is_allowed("", "localhost:8080", {}));
  EXPECT_TRUE(origin_is_allowed("http://localhost:8080", "localhost:8080", {}));
  for (const char* origin : {"null", "http://localhost:8081", "http://evil.example",
                             "http://localhost:8080.evil.example", "file://"})
    EXPECT_FALSE(origin_is_allowed(origin, "localhost:8080", {})) << origin;
  EXPECT_TRUE(origin_is_allowed("https://a.example", "localhost", {"https://a.example"}));
  EXPECT_TRUE(origin_is_allowed("https://b.example", "localhost", {"*"}));
}

TEST(Guards, KnowTheirKeys) {
  const std::vector<std::string> keys = keys_of(as_bytes("# mine\nsecret\r\n\nother"));
  EXPECT_THAT(keys, testing::ElementsAre("secret", "other"));
  EXPECT_TRUE(key_is_known("Bearer secret", keys));
  EXPECT_TRUE(key_is_known("bearer other", keys));
  for (const char* text : {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "secret",
                           "Basic secret", "Bearer # mine"})
    EXPECT_FALSE(key_is_known(text, keys)) << text;
  EXPECT_THROW(keys_of(as_bytes("\n# none\n")), UsageError);
  EXPECT_THROW(keys_of(as_bytes("two words")), UsageError);
}

}  // namespace
}  // namespace kraft::serve
