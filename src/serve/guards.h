// Who may use the server: by the name that it was asked by, the page that asks, and a key.
//
// A browser sends requests for any page that it shows. A page elsewhere cannot read the answers of
// another origin, unless its own name is made to lead to this machine (DNS rebinding): then the
// Host header has that name. So a name that is not the server's own is refused; an address cannot
// be rebound. Requests that a page elsewhere sends have its Origin, and are refused as well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::serve {

// Of the Host header: localhost, an IP address, or one of the names.
bool host_is_allowed(std::string_view host, const std::vector<std::string>& names);

// Of the Origin header, empty where there is none: the server's own origin, which the Host header
// says, or one of those listed ("https://example.org", or "*" for all).
bool origin_is_allowed(std::string_view origin, std::string_view host,
                       const std::vector<std::string>& allowed);

// Of the Authorization header: "Bearer KEY" with one of the keys. Takes as long for a wrong one as
// for a right one of that length.
bool key_is_known(std::string_view authorization, const std::vector<std::string>& keys);

// One key a line; empty lines, and those that begin with #, say nothing. Throws UsageError where
// there is none, or one with white space or control characters in it.
std::vector<std::string> keys_of(ByteView file);

}  // namespace kraft::serve
