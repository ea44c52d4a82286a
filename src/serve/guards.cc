#include "serve/guards.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

#include "kraft/error.h"

namespace kraft::serve {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// "name:80", "[::1]:80", "name" without the port; what is no number after the colon stays.
std::string without_port(std::string_view host) {
  const std::size_t end = host.starts_with('[') ? host.find(']') : std::string_view::npos;
  const std::size_t colon = host.find(':', end == host.npos ? 0 : end);
  if (colon == host.npos) return lower(host);
  const std::string_view port = host.substr(colon + 1);
  const bool number = !port.empty() && port.find_first_not_of("0123456789") == port.npos;
  return lower(number ? host.substr(0, colon) : host);
}

bool is_address(const std::string& host) {
  in6_addr address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    return ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address) == 1;
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char different = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    different = different | static_cast<unsigned char>(a[i] ^ b[i]);
  return different == 0;
}

}  // namespace

bool host_is_allowed(std::string_view host, const std::vector<std::string>& names) {
  const std::string name = without_port(host);
  if (name == "localhost" || name.ends_with(".localhost") || is_address(name)) return true;
  return std::ranges::any_of(names, [&](const std::string& own) { return lower(own) == name; });
}

bool origin_is_allowed(std::string_view origin, std::string_view host,
                       const std::vector<std::string>& allowed) {
  if (origin.empty()) return true;
  const std::string asking = lower(origin);
  for (const char* scheme : {"http://", "https://"}) {
    if (asking == scheme + lower(host)) return true;
  }
  return std::ranges::any_of(
      allowed, [&](const std::string& one) { return one == "*" || lower(one) == asking; });
}

bool key_is_known(std::string_view authorization, const std::vector<std::string>& keys) {
  constexpr std::string_view kScheme = "bearer ";
  if (lower(authorization.substr(0, kScheme.size())) != kScheme) return false;
  const std::string_view key = authorization.substr(kScheme.size());
  bool known = false;
  for (const std::string& one : keys) known = equal_in_constant_time(one, key) || known;
  return known;
}

std::vector<std::string> keys_of(ByteView file) {
  std::vector<std::string> keys;
  std::string_view text = as_text(file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const bool plain = std::ranges::all_of(line, [](char c) { return c > ' ' && c < 0x7f; });
    if (!plain)
      throw UsageError("a key is made of printable ASCII characters without spaces, one a line");
    keys.emplace_back(line);
  }
  if (keys.empty()) throw UsageError("the file of keys has no key in it");
  return keys;
}

}  // namespace kraft::serve
