#include "serve/page.h"

#include "kraft/tasks/sample.h"
#include "report/page/parts.h"
#include "serve/page/parts.h"

namespace kraft {

namespace {

std::string choices_of_samplers() {
  std::string choices;
  for (const std::string& name : drawing_options().find("sampler").choices)
    choices += "<option>" + name + "</option>";
  return choices;
}

}  // namespace

const std::string& playground_page() {
  static const std::string page =
      filled_page(playground_html, {{"{{style}}", playground_style},
                                    {"{{length}}", std::to_string(kSampleLength)},
                                    {"{{samplers}}", choices_of_samplers()},
                                    {"{{charts}}", page_charts},
                                    {"{{script}}", playground_script}});
  return page;
}

}  // namespace kraft
