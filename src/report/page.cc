#include "report/page/parts.h"

namespace kraft {

std::string filled_page(std::string_view html,
                        const std::vector<std::pair<std::string_view, std::string_view>>& parts) {
  std::string page;
  for (const auto& [place, text] : parts) {
    const std::size_t at = html.find(place);
    page.append(html.substr(0, at)).append(text);
    html.remove_prefix(at + place.size());
  }
  return page.append(html);
}

}  // namespace kraft
