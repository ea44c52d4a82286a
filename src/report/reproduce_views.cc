// What codecs pay beside what their two views expect: docs/views.md.

#include <algorithm>
#include <cmath>

#include "base/numbers.h"
#include "base/text.h"
#include "report/estimate_json.h"
#include "report/reproduce.h"
#include "report/svg.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kKnowingNothing = 8;  // bits per byte

std::string with_error(const Estimate& estimate, int digits) {
  std::string text = fixed(estimate.mean, digits);
  if (std::isfinite(estimate.standard_error))
    text += " +- " + fixed(estimate.standard_error, digits);
  return text;
}

std::string with_error(const std::optional<Estimate>& estimate, int digits) {
  return estimate ? with_error(*estimate, digits) : "-";
}

Json estimate_json(const std::optional<Estimate>& estimate) {
  return estimate ? estimate_json(*estimate) : Json(nullptr);
}

std::size_t places_of(const ReproduceResult& result) {
  return result.views.empty() ? 0 : result.views[0].own.count;
}

// ---- The picture -----------------------------------------------------------------------------

constexpr double kWidth = 900, kLeft = 120, kRight = 40, kTop = 66;
constexpr double kBar = 9, kRow = 3 * kBar + 9, kHeading = 34;

struct Bar {
  const char* title;
  const char* colour;
  std::optional<Estimate> (*of)(const ReproduceViews&);
};

using Found = std::optional<Estimate>;
constexpr Bar kBars[] = {
    {"own rate", "#4b4b4b", [](const ReproduceViews& v) -> Found { return v.own; }},
    {"encoder's view", "#d1495b", [](const ReproduceViews& v) -> Found { return v.encoder; }},
    {"decoder's view", "#1b6ca8", [](const ReproduceViews& v) { return v.decoder; }}};

constexpr double kMostBits = 64;  // of the axis; a bar that is longer ends in a point

// Where the logarithmic axis ends.
double most_bits(const ReproduceResult& result) {
  double most = 2 * kKnowingNothing;
  for (const ReproduceViews& views : result.views) {
    for (const Bar& bar : kBars) {
      const Found found = bar.of(views);
      if (found && std::isfinite(found->mean)) most = std::max(most, 1.15 * found->mean);
    }
  }
  return std::min(most, kMostBits);
}

std::string bar_svg(const Bar& bar, const Estimate& found, double top, const svg::Scale& x) {
  if (!std::isfinite(found.mean)) return {};
  const auto place = [&](double bits) { return x(std::clamp(bits, x.low, x.high)); };
  const double end = place(found.mean), middle = top + kBar / 2;
  const std::string upper = svg::number(top), lower = svg::number(top + kBar - 1);
  std::string svg = "<polygon points=\"" + svg::number(x.from) + "," + upper + " " +
                    svg::number(end) + "," + upper + " ";
  if (found.mean > x.high) svg += svg::number(end + kBar) + "," + svg::number(middle) + " ";
  svg += svg::number(end) + "," + lower + " " + svg::number(x.from) + "," + lower + "\" fill=\"" +
         bar.colour + "\"/>\n";
  if (std::isfinite(found.standard_error))
    svg += svg::line(place(found.mean - found.standard_error), middle,
                     place(found.mean + found.standard_error), middle,
                     "stroke=\"black\" stroke-width=\"1.5\"");
  const double beside = std::isfinite(found.standard_error) ? found.standard_error : 0;
  return svg + "<text x=\"" +
         svg::number(place(found.mean + beside) + (found.mean > x.high ? kBar + 4 : 4)) +
         "\" y=\"" + svg::number(top + kBar - 1) + "\" font-size=\"9\">" + fixed(found.mean, 2) +
         "</text>\n";
}

std::string legend() {
  std::string svg;
  double left = kLeft;
  for (const Bar& bar : kBars) {
    svg += "<rect x=\"" + svg::number(left) + "\" y=\"40\" width=\"14\" height=\"10\" fill=\"" +
           bar.colour + "\"/>\n" + svg::text_at(left + 20, 50, "start", bar.title);
    left += 130;
  }
  return svg;
}

}  // namespace

std::string views_plot(const ReproduceResult& result) {
  const svg::Scale x{1, most_bits(result), kLeft, kWidth - kRight - 30, true};
  std::string bars;
  double top = kTop;
  for (std::size_t i = 0; i < result.views.size(); ++i) {
    const ReproduceViews& views = result.views[i];
    if (i == 0 || views.medium != result.views[i - 1].medium) {
      const auto data = std::ranges::find(result.data, views.medium, &ReproduceData::medium);
      bars += "<text x=\"" + svg::number(kLeft) + "\" y=\"" + svg::number(top + 22) +
              "\" font-weight=\"bold\">" + paper_name(views.medium) + " (" +
              svg::escaped(data->source) + ")</text>\n";
      top += kHeading;
    }
    bars += svg::text_at(kLeft - 8, top + 1.5 * kBar + 4, "end", svg::escaped(views.model));
    for (const Bar& bar : kBars) {
      if (const Found found = bar.of(views)) bars += bar_svg(bar, *found, top, x);
      top += kBar;
    }
    top += kRow - 3 * kBar;
  }
  std::string axis;
  for (const double tick : x.ticks()) {
    axis += svg::line(x(tick), kTop, x(tick), top, "stroke=\"#dddddd\"");
    axis += svg::text_at(x(tick), top + 16, "middle", shortest(tick));
  }
  axis += svg::text_at((x.from + x.to) / 2, top + 36, "middle", "bits per byte of what follows");
  const double nothing = x(kKnowingNothing);
  const std::string limit =
      svg::line(nothing, kTop, nothing, top, "stroke=\"black\" stroke-dasharray=\"5 4\"") +
      svg::text_at(nothing, kTop - 2, "middle", "8: knowing nothing");
  const std::string title =
      "<text x=\"" + svg::number(kLeft) +
      "\" y=\"24\" font-size=\"15\">What codecs pay, and what their two views expect</text>\n";
  return svg::document(kWidth, top + 50, title + legend() + axis + bars + limit);
}

std::string views_text(const ReproduceResult& result) {
  Table table(
      {"data", "codec", ">own rate", ">encoder's view", ">decoder's view", ">decoder / own"});
  std::vector<std::string> contexts;
  for (const ReproduceViews& views : result.views) {
    table.add({paper_name(views.medium), views.model, with_error(views.own, 2),
               with_error(views.encoder, 2), with_error(views.decoder, 2),
               with_error(views.ratio, 3)});
    const std::string context = std::string(paper_name(views.medium)) + " " +
                                grouped(views.truth_bytes) + " after " +
                                grouped(views.context_bytes);
    if (std::ranges::find(contexts, context) == contexts.end()) contexts.push_back(context);
  }
  return "bits per byte of what really follows, at " + grouped(places_of(result)) +
         " places; 8 is knowing nothing\n" + table.text() + "\n" + described(result) +
         "\nbytes: " + join(contexts, "; ") +
         "\n+- is one standard error over the places; docs/views.md says what the views are\n";
}

Json views_json(const ReproduceResult& result) {
  Json rows = Json::array();
  for (const ReproduceViews& views : result.views) {
    rows.push_back({{"medium", paper_name(views.medium)},
                    {"model", views.model},
                    {"library", views.library},
                    {"context_bytes", views.context_bytes},
                    {"truth_bytes", views.truth_bytes},
                    {"own_bits_per_byte", estimate_json(views.own)},
                    {"encoder_bits_per_byte", estimate_json(views.encoder)},
                    {"decoder_bits_per_byte", estimate_json(views.decoder)},
                    {"own_rate_ratio", estimate_json(views.ratio)}});
  }
  return {{"experiment", "views"},
          {"data", data_json(result)},
          {"places", places_of(result)},
          {"views", std::move(rows)}};
}

}  // namespace kraft
