#include "report/trace_plot.h"

#include "report/plot.h"

namespace kraft {

std::string trace_plot_svg(const std::vector<Trace>& traces) {
  Plot plot{.panel_height = 260};
  for (const Trace& trace : traces) {
    const auto thin = static_cast<double>(trace.thin);
    Panel panel{.title = trace.title,
                .x_title = "step",
                .from_zero = false,
                .shaded_until = thin * static_cast<double>(trace.burn_in)};
    for (const std::vector<double>& chain : trace.chains_bits) {
      Curve curve{.points = {}, .marked = false};
      for (std::size_t i = 0; i < chain.size(); ++i)
        curve.points.emplace_back(thin * static_cast<double>(i + 1), chain[i]);
      panel.curves.push_back(std::move(curve));
    }
    plot.panels.push_back(std::move(panel));
  }
  return plot_svg(plot);
}

}  // namespace kraft
