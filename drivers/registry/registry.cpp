#include "drivers/registry/registry.hpp"

#include <array>

#include "drivers/camera/snapshot_camera.hpp"
#include "drivers/camera/video_camera.hpp"
#include "drivers/digital_io/register_io.hpp"
#include "drivers/plate_camera/axis_alpv.hpp"
#include "drivers/plate_camera/hikvision_anpr.hpp"
#include "drivers/nii_scanner/nii_scanner.hpp"
#include "drivers/portal_monitor/portal_monitor.hpp"
#include "drivers/scale/register_scale.hpp"
#include "drivers/text_scale/text_scale.hpp"

namespace rampa::drivers {
namespace {

using Factory = Result<std::unique_ptr<device::Driver>> (*)(const DriverNeeds&);

struct Family {
  const char* name;
  Factory make;
};

/// One line per family.
constexpr std::array kFamilies{
    Family{"axis_alpv", [](const DriverNeeds& n) { return plate_camera::make_axis_alpv(n.product, n.settings, n.transports, n.clock); }},
    Family{"hikvision_anpr", [](const DriverNeeds& n) { return plate_camera::make_hikvision_anpr(n.product, n.settings, n.transports, n.clock); }},
    Family{"snapshot_camera", [](const DriverNeeds& n) { return camera::make_snapshot_camera(n.product, n.settings, n.transports, n.clock); }},
    Family{"nii_il_1", make_nii_scanner},
    Family{"register_io", [](const DriverNeeds& n) { return make_register_io(n.product, n.settings, n.transports, n.clock); }},
    Family{"register_scale", [](const DriverNeeds& n) { return make_register_scale(n.product, n.settings, n.transports, n.clock); }},
    Family{"rincmd", make_rincmd_scale},
    Family{"rpm_lines", make_rpm_portal},
    Family{"sma", make_sma_scale},
    Family{"toledo_continuous", make_toledo_scale},
    Family{"video_camera", [](const DriverNeeds& n) { return camera::make_video_camera(n.product, n.settings, n.transports, n.clock); }},
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_driver(const DriverNeeds& needs) {
  for (const auto& family : kFamilies)
    if (needs.product.driver == family.name) return family.make(needs);
  std::string known;
  for (const auto& name : driver_families()) known += (known.empty() ? "" : ", ") + name;
  return fail(ErrorCode::invalid, needs.settings.id.text + ": no driver family \"" + needs.product.driver + "\" (named by the ICD " +
                                      needs.product.id + "); known: " + known);
}

std::vector<std::string> driver_families() {
  std::vector<std::string> names;
  for (const auto& family : kFamilies) names.emplace_back(family.name);
  return names;
}

}  // namespace rampa::drivers
