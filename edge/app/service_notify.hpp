// systemd's notification socket (sd_notify(3)) without linking libsystemd: one datagram with lines of text.
#pragma once

#include <string>

namespace rampa::app {

/// Does nothing where NOTIFY_SOCKET is not set. "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=...".
void service_notify(const std::string& lines);

}  // namespace rampa::app
