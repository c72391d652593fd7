#include "hil/bench/sim_http.hpp"

namespace rampa::hil {

Result<drivers::HttpReply> SimHttp::get(const std::string& path, std::size_t bytes_max, Duration timeout) {
  if (silent_) {
    clock_.spend(timeout);
    return fail(ErrorCode::timeout, "GET " + path + ": no answer");
  }
  clock_.spend(20ms);
  model_.advance(clock_.mono());
  drivers::HttpReply reply;
  reply.status = model_.get(path, reply.media_type, reply.body);
  if (reply.body.size() > bytes_max) return fail(ErrorCode::bad_reply, "GET " + path + ": body is larger than allowed");
  return reply;
}

bool SimHttp::fault(std::string_view name, double, bool on) {
  if (name != "silent") return false;
  silent_ = on;
  return true;
}

int SimPush::post(const PushModel::Post& post, const std::string& peer) {
  const auto path = post.path.substr(0, post.path.find('?'));
  const auto it = takers_.find(path);
  if (it == takers_.end()) return 404;
  return it->second({peer, post.path, post.content_type, post.body});
}

}  // namespace rampa::hil
