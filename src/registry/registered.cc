// Codecs and models that a program registers without writing a row.

#include <utility>

#include "core/drawing.h"
#include "kraft/compressor_model.h"
#include "kraft/context_bits.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/text_temperature.h"

namespace kraft {
namespace {

// A model under another name.
class NamedModel : public Model,
                   public PricesContextWhenAsked,
                   public DrawingModel,
                   public WritesAtTemperature {
 public:
  NamedModel(std::string name, std::shared_ptr<const Model> inner)
      : name_(std::move(name)), inner_(std::move(inner)) {}

  std::unique_ptr<State> start() const override { return inner_->start(); }
  std::unique_ptr<State> start_drawing() const override { return kraft::start_drawing(*inner_); }
  const std::string& spec() const override { return name_; }
  Granularity granularity() const override { return inner_->granularity(); }
  std::optional<std::uint64_t> window_bytes() const override { return inner_->window_bytes(); }
  std::string fingerprint() const override { return inner_->fingerprint(); }
  bool portable() const override { return inner_->portable(); }
  std::uint64_t parameters() const override { return inner_->parameters(); }
  std::span<const Bytes> units() const override { return inner_->units(); }
  bool context_bits_cost_more() const override { return kraft::context_bits_cost_more(*inner_); }
  double text_temperature() const override { return kraft::text_temperature(*inner_); }

 private:
  std::string name_;
  std::shared_ptr<const Model> inner_;
};

class NamedCompressorModel final : public NamedModel, public CompressorModel {
  using NamedModel::NamedModel;
};

std::shared_ptr<const Model> named(const std::string& name, std::shared_ptr<const Model> model) {
  if (measures_compressor(*model))
    return std::make_shared<NamedCompressorModel>(name, std::move(model));
  return std::make_shared<NamedModel>(name, std::move(model));
}

Backend registered_row(std::string name, std::string summary) {
  Backend row;
  row.name = std::move(name);
  row.summary = std::move(summary);
  row.window = "not known";
  row.library = [name = row.name] { return name; };
  return row;
}

}  // namespace

void register_codec(std::string name, std::string summary, std::shared_ptr<const Codec> codec) {
  if (!codec) throw UsageError("register_codec: " + name + " has no codec");
  Backend row = registered_row(std::move(name), std::move(summary));
  row.granularity = codec->granularity();
  row.make_codec = [codec = std::move(codec)](const Arguments&) { return codec; };
  register_backend(std::move(row));
}

void register_model(std::string name, std::string summary, std::shared_ptr<const Model> model) {
  if (!model) throw UsageError("register_model: " + name + " has no model");
  Backend row = registered_row(std::move(name), std::move(summary));
  row.granularity = model->granularity();
  model = named(row.name, std::move(model));
  row.make_model = [model = std::move(model)](const Arguments&, const ModelOptions&) {
    return model;
  };
  register_backend(std::move(row));
}

}  // namespace kraft
