// Cells of kraft compare and kraft reproduce as lines of JSON.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "cli/compare.h"
#include "kraft/error.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// JSON has no infinity: null stands for it, and what is not there has no value. What else is no
// number is there by name, so that a double comes back as it was.
Json to_json(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? Json(nullptr) : Json("-inf");
}

double to_number(const Json& json) {
  if (json.is_null()) return kInfinity;
  if (json == "-inf") return -kInfinity;
  if (json == "nan") return std::numeric_limits<double>::quiet_NaN();
  return json.get<double>();
}

Json to_json(const Figures& figures) {
  Json json = Json::object();
  for (const auto& [key, value] : figures) json[key] = to_json(value);
  return json;
}

Figures to_figures(const Json& json) {
  Figures figures;
  for (const auto& [key, value] : json.items()) figures[key] = to_number(value);
  return figures;
}

Json to_json(const Cell& cell) {
  Json json = {{"figures", to_json(cell.figures)}};
  for (const Forecast& forecast : cell.forecasts)
    json["forecasts"].push_back({forecast.confidence, forecast.hit});
  for (const RateAtContext& rate : cell.rates)
    json["rates"].push_back({rate.context_bytes, to_json(rate.bits_per_byte)});
  for (const Draw& draw : cell.draws)
    json["draws"].push_back({{"base64", base64(draw.bytes)}, {"figures", to_json(draw.figures)}});
  return json;
}

Cell to_cell(const Json& json) {
  Cell cell;
  cell.figures = to_figures(json.at("figures"));
  for (const Json& pair : json.value("forecasts", Json::array()))
    cell.forecasts.push_back({pair.at(0).get<double>(), pair.at(1).get<bool>()});
  for (const Json& pair : json.value("rates", Json::array()))
    cell.rates.push_back({pair.at(0).get<std::uint64_t>(), to_number(pair.at(1))});
  for (const Json& draw : json.value("draws", Json::array()))
    cell.draws.push_back(
        {from_base64(draw.at("base64").get<std::string>()), to_figures(draw.at("figures"))});
  return cell;
}

}  // namespace

std::string cell_text(const Cell& cell) { return to_json(cell).dump(); }

Cell read_cell(const std::string& text) { return to_cell(Json::parse(text)); }

struct CellStore::Impl {
  std::string path, command;
  int descriptor = -1;
  std::map<std::string, Cell> cells;

  [[noreturn]] void fail(const char* what) const {
    throw Error("cannot " + std::string(what) + " " + printable(path) + ": " +
                std::strerror(errno));
  }

  void write_line(std::string line) const {
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
      const ssize_t written = ::write(descriptor, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("write to");
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    ::fdatasync(descriptor);
  }

  std::string read_all() const {
    std::string text;
    char block[1 << 16];
    while (true) {
      const ssize_t got = ::read(descriptor, block, sizeof block);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail("read");
      if (got == 0) return text;
      text.append(block, static_cast<std::size_t>(got));
    }
  }

  void take(const std::string& line, std::size_t number) {
    try {
      const Json json = Json::parse(line);
      cells[json.at("key").get<std::string>()] = to_cell(json.at("cell"));
    } catch (const nlohmann::json::exception&) {
      throw Error(printable(path) + ": line " + std::to_string(number) + " is no cell of kraft " +
                  command);
    }
  }

  void expect_settings(const std::string& line, const std::string& settings) const {
    std::string found;
    try {
      found = Json::parse(line).at("kraft_" + command).get<std::string>();
    } catch (const nlohmann::json::exception&) {
      throw Error(printable(path) + " is not a file of kraft " + command + " --resume");
    }
    if (found != settings)
      throw Error(printable(path) + " holds results of other settings: expected " + settings +
                  ", found " + printable(found));
  }
};

CellStore::CellStore(const std::string& path, const std::string& command,
                     const std::string& settings)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->command = command;
  impl_->descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (impl_->descriptor < 0) impl_->fail("open");
  try {
    if (::flock(impl_->descriptor, LOCK_EX | LOCK_NB) != 0)
      throw Error(printable(path) + " is in use by another kraft " + command);
    const std::string text = impl_->read_all();
    std::size_t begin = 0, number = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
      const std::string line = text.substr(begin, end - begin);
      if (++number == 1) {
        impl_->expect_settings(line, settings);
      } else {
        impl_->take(line, number);
      }
    }
    // A file that never had a whole line is not ours to cut unless it begins as ours do.
    const std::string first = Json({{"kraft_" + command, settings}}).dump();
    if (number == 0 && !first.starts_with(text))
      throw Error(printable(path) + " is not a file of kraft " + command + " --resume");
    if (::ftruncate(impl_->descriptor, static_cast<off_t>(begin)) != 0 ||
        ::lseek(impl_->descriptor, 0, SEEK_END) < 0)
      impl_->fail("write to");
    if (number == 0) impl_->write_line(first);
  } catch (...) {
    ::close(impl_->descriptor);
    throw;
  }
}

CellStore::~CellStore() { ::close(impl_->descriptor); }

std::optional<Cell> CellStore::find(const std::string& key) const {
  const auto found = impl_->cells.find(key);
  return found == impl_->cells.end() ? std::nullopt : std::optional(found->second);
}

void CellStore::add(const std::string& key, const Cell& cell) {
  impl_->write_line(Json({{"key", key}, {"cell", to_json(cell)}}).dump());
}

}  // namespace kraft::cli
