#include "tests/contract/sync/broker.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace rampa::tests {
namespace fs = std::filesystem;
namespace {

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    address.sin_port = 0;
  ::close(fd);
  return ntohs(address.sin_port);
}

bool listens(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool there = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return there;
}

int run(const std::vector<std::string>& command, const std::string& log) {
  Child child(command, log);
  while (child.running()) ::poll(nullptr, 0, 5);
  return 0;
}

std::string mosquitto() {
  for (const char* path : {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"})
    if (::access(path, X_OK) == 0) return path;
  return {};
}

}  // namespace

Broker::Broker(const std::vector<std::string>& posts) {
  std::string name = (fs::temp_directory_path() / "rampa-broker-XXXXXX").string();
  directory_ = ::mkdtemp(name.data()) ? name : std::string{};
  std::vector<std::string> command{"sync/hq/make_certificates.sh", directory_};
  command.insert(command.end(), posts.begin(), posts.end());
  run(command, file("make.log"));
}

std::unique_ptr<Broker> Broker::beside(const Broker& first) {
  auto second = std::make_unique<Broker>(std::vector<std::string>{});
  for (const auto& entry : fs::directory_iterator(first.directory_)) {
    const std::string kind = entry.path().extension().string();
    if (kind == ".pem" || kind == ".key") fs::copy_file(entry.path(), second->file(entry.path().filename().string()), fs::copy_options::overwrite_existing);
  }
  return second;
}

Broker::~Broker() {
  process_.kill();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void Broker::write_options() const {
  std::ifstream shipped(file("mosquitto.conf"));
  std::string text;
  for (std::string line; std::getline(shipped, line);)
    if (!options_.contains(line.substr(0, line.find(' ')))) text += line + "\n";
  for (const auto& [option, value] : options_) text += option + " " + value + "\n";
  std::ofstream(file("mosquitto.conf")) << text;
}

bool Broker::start() {
  // Another program may take the port between finding and using it; then the next one is tried. A restart keeps it.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (port_ == 0) port_ = free_port();
    run({"sync/hq/make_broker_config.sh", directory_, std::to_string(port_)}, file("make.log"));
    write_options();
    process_ = Child({mosquitto(), "-c", file("mosquitto.conf")}, file("mosquitto.log"));
    for (int i = 0; i < 400 && process_.running(); ++i) {
      if (listens(port_)) return true;
      ::poll(nullptr, 0, 10);
    }
    process_.kill();
    port_ = 0;
  }
  return false;
}

std::string Broker::url() const { return "mqtts://127.0.0.1:" + std::to_string(port_); }

std::string broker_missing() {
  if (mosquitto().empty()) return "mosquitto is not installed (apt-get install mosquitto)";
  if (::access("/usr/bin/openssl", X_OK) != 0) return "openssl is not installed (apt-get install openssl)";
  return {};
}

std::string program(const std::string& name) { return (fs::read_symlink("/proc/self/exe").parent_path() / name).string(); }

}  // namespace rampa::tests
