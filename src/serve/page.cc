#include "serve/page.h"

#include "report/page/parts.h"
#include "serve/page/parts.h"

namespace kraft {

const std::string& playground_page() {
  static const std::string page = filled_page(playground_html, {{"{{style}}", playground_style},
                                                                {"{{charts}}", page_charts},
                                                                {"{{script}}", playground_script}});
  return page;
}

}  // namespace kraft
