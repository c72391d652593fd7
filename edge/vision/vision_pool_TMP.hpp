#pragma once
#include <functional>
#include "firmware-interfaces/device/events.hpp"
namespace rampa::vision { struct VisionPool { static Result<std::unique_ptr<VisionPool>> make(int,int,const Clock&,std::function<void(device::DeviceEvent)>) { return std::make_unique<VisionPool>(); } void put(const device::DeviceEvent&) {} }; }
