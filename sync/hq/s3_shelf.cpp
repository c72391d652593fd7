#include "sync/hq/s3_shelf.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "edge/runtime/system_clock.hpp"
#include "sync/hq/s3_client.hpp"

namespace rampa::sync::hq {
namespace {

constexpr Duration room_max = 250ms;
constexpr int looks_share = 4;  ///< a quarter of the owner's time

std::string trimmed(std::string text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && space(text.back())) text.pop_back();
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), space));
  return text;
}

/// What the service says beside its status, on one line.
std::string said(const S3Answer& answer) {
  std::string text(answer.body.begin(), answer.body.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(answer.body.size(), 300)));
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return "the image service answered " + std::to_string(answer.status) + (text.empty() ? "" : ": " + text);
}

const Sha256& empty_blob() {
  static const Sha256 empty = sha256(ByteView{});
  return empty;
}

Error error_of(const S3Answer& answer) {
  const ErrorCode code = answer.status == 404 ? ErrorCode::not_found : answer.status == 507 ? ErrorCode::no_space : ErrorCode::io;
  return {code, said(answer)};
}

/// The text between <NAME> and </NAME>.
std::string element(const Bytes& xml, const std::string& name) {
  const std::string text(xml.begin(), xml.end());
  const auto from = text.find("<" + name + ">");
  if (from == std::string::npos) return {};
  const auto begin = from + name.size() + 2, end = text.find("</" + name + ">", begin);
  return end == std::string::npos ? std::string{} : text.substr(begin, end - begin);
}

}  // namespace

Result<S3Settings> read_s3_settings(const std::string& url, const std::string& credentials_file) {
  S3Settings settings;
  std::string rest = url;
  if (rest.starts_with("s3+http://")) settings.tls = false, settings.port = 80, rest.erase(0, 10);
  else if (rest.starts_with("s3://")) rest.erase(0, 5);
  else return fail(ErrorCode::invalid, "\"" + url + "\" is no s3://HOST[:PORT]/BUCKET[/PREFIX] (s3+http:// without TLS)");
  const auto slash = rest.find('/');
  std::string host = rest.substr(0, slash);
  std::string path = slash == std::string::npos ? "" : rest.substr(slash + 1);
  while (!path.empty() && path.back() == '/') path.pop_back();
  if (const auto colon = host.rfind(':'); colon != std::string::npos) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(host.data() + colon + 1, host.data() + host.size(), port);
    if (error != std::errc{} || end != host.data() + host.size() || port == 0 || port > 65535) return fail(ErrorCode::invalid, "\"" + url + "\": no port");
    settings.port = static_cast<std::uint16_t>(port);
    host.resize(colon);
  }
  settings.host = host;
  settings.bucket = path.substr(0, path.find('/'));
  if (const auto deeper = path.find('/'); deeper != std::string::npos) settings.prefix = path.substr(deeper + 1) + "/";
  if (settings.host.empty() || settings.bucket.empty()) return fail(ErrorCode::invalid, "\"" + url + "\" names no host or no bucket: s3://HOST[:PORT]/BUCKET[/PREFIX]");

  if (credentials_file.empty()) return fail(ErrorCode::invalid, url + " needs --images-credentials FILE (lines access_key = ..., secret_key = ...)");
  struct ::stat found {};
  if (::stat(credentials_file.c_str(), &found) != 0) return fail(ErrorCode::not_found, credentials_file + " cannot be read");
  if ((found.st_mode & 077) != 0) return fail(ErrorCode::invalid, credentials_file + " holds a secret and can be read by others: chmod 600");
  std::ifstream file(credentials_file);
  if (!file) return fail(ErrorCode::not_found, credentials_file + " cannot be read");
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    const auto equals = line.find('=');
    const std::string name = trimmed(line.substr(0, equals)), value = equals == std::string::npos ? "" : trimmed(line.substr(equals + 1));
    if (name == "access_key") settings.credentials.access_key = value;
    else if (name == "secret_key") settings.credentials.secret_key = value;
    else if (name == "region") settings.credentials.region = value;
    else if (name == "ca_file") settings.ca_file = value;
    else return fail(ErrorCode::invalid, credentials_file + ":" + std::to_string(number) + ": expected access_key, secret_key, region or ca_file = VALUE");
  }
  if (settings.credentials.access_key.empty() || settings.credentials.secret_key.empty()) return fail(ErrorCode::invalid, credentials_file + ": access_key and secret_key are needed");
  return settings;
}

S3Shelf::S3Shelf(std::string directory, S3Settings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock), local_(std::move(directory)), looking_(std::make_unique<S3Client>(settings_, clock_, settings_.look_timeout)),
      putting_(std::make_unique<S3Client>(settings_, clock_, settings_.put_timeout)), finding_(std::make_unique<S3Client>(settings_, clock_, settings_.look_timeout)), thread_([this] { run(); }) {}

S3Shelf::~S3Shelf() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();  // at most one request later
  remove_dropped();
}

std::string S3Shelf::key_of(const Sha256& sha256, const char* folder) const {
  const std::string name = hex(sha256);
  return settings_.prefix + folder + "/" + (folder == std::string_view("blobs") ? name.substr(0, 2) + "/" : "") + name;
}

namespace {

/// What the answer to a HEAD says of it.
Result<std::uint64_t> size_in(const Result<S3Answer>& answer, const Sha256& sha256) {
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->fine()) return tl::unexpected(error_of(*answer));
  const auto length = answer->headers.find("content-length");
  std::uint64_t size = 0;
  if (length == answer->headers.end() || std::from_chars(length->second.data(), length->second.data() + length->second.size(), size).ec != std::errc{})
    return fail(ErrorCode::io, "the image service does not say how large " + hex(sha256) + " is");
  return size;
}

}  // namespace

std::optional<std::string> S3Shelf::away() const {
  std::lock_guard lock(mutex_);
  return away_;
}

void S3Shelf::is_away(const Error& error) const {
  std::lock_guard lock(mutex_);
  away_ = error.what;
  wake_.notify_all();
}

bool S3Shelf::has_time() const {
  if (away()) return true;  // it takes none
  const MonoTime now = clock_.mono();
  room_ = std::min<Duration>(room_max, room_ + (now - room_at_) / looks_share);
  room_at_ = now;
  return room_ > Duration{};
}

/// By the owner.
Result<S3Answer> S3Shelf::look(const S3Ask& ask) const {
  if (const auto why = away()) return fail(ErrorCode::disconnected, *why);
  const MonoTime begun = clock_.mono();
  auto answer = looking_->ask(ask);
  room_ -= clock_.mono() - begun;
  if (!answer) is_away(answer.error());
  return answer;
}

Result<void> S3Shelf::confirm(const std::vector<Sha256>& some, bool mark) {
  {
    std::lock_guard lock(mutex_);
    some_ = some;
    marks_ = mark;
    confirms_ = true;
    away_ = "the image service has not been asked yet whether HQ's blobs are there";
  }
  const auto right = look_at_place(*looking_);
  if (!right && right.error().code == ErrorCode::invalid) return right;
  if (right) {
    std::lock_guard lock(mutex_);
    away_.reset();
  } else {
    is_away(right.error());
  }
  return {};
}

/// Errors: invalid; timeout, disconnected.
Result<void> S3Shelf::look_at_place(S3Client& client) const {
  std::vector<Sha256> some;
  bool marks = false;
  {
    std::lock_guard lock(mutex_);
    some = some_;
    marks = marks_;
  }
  const std::string mark = settings_.prefix + place_mark, named = "bucket " + settings_.bucket + (settings_.prefix.empty() ? "" : ", prefix " + settings_.prefix);
  const auto marked = client.ask({"HEAD", mark});
  if (!marked) return tl::unexpected(marked.error());
  if (marked->fine()) return {};
  // Its own trouble says nothing of the place: it is asked again.
  const auto troubled = [](const S3Answer& answer) { return answer.status >= 500 || answer.status == 429; };
  const auto later = [](const S3Answer& answer) { return fail(ErrorCode::disconnected, "the image service has trouble: " + said(answer)); };
  if (troubled(*marked)) return later(*marked);
  // Without the right to list a bucket what is not there is "not allowed" with some services.
  const auto cannot = [&](const S3Answer& answer) {
    return fail(ErrorCode::invalid, "HQ's blobs cannot be kept in " + named + ": " + said(answer) + ". Is the bucket there, and may this access key read and write in it?");
  };
  bool found = some.empty();
  for (std::size_t i = 0; i < some.size() && !found; ++i) {
    const auto there = client.ask({"HEAD", key_of(some[i])});
    if (!there) return tl::unexpected(there.error());
    if (troubled(*there)) return later(*there);
    if (!there->fine() && there->status != 404) return cannot(*there);
    found = there->fine();
  }
  if (!found)
    return fail(ErrorCode::invalid, named + " is not where HQ's blobs are: it has no " + mark + ", and none of " + std::to_string(some.size()) +
                                        " that the database says are here. Look at --images. If all of them are really lost, put an empty object " + mark + " there: they are asked for again");
  if (!marks) return {};
  const auto put = client.ask({"PUT", mark});
  if (!put) return tl::unexpected(put.error());
  if (troubled(*put)) return later(*put);
  if (!put->fine()) return cannot(*put);
  return {};
}

/// By the thread, while it is away.
void S3Shelf::look_whether_it_is_back() {
  bool confirms = false;
  {
    std::lock_guard lock(mutex_);
    confirms = confirms_;
  }
  Result<void> back;
  if (confirms) back = look_at_place(*finding_);
  else if (const auto answer = finding_->ask({"HEAD", settings_.prefix + place_mark}); !answer) back = tl::unexpected(answer.error());
  if (!back) return is_away(back.error());
  std::lock_guard lock(mutex_);
  away_.reset();
}

bool S3Shelf::holds(const Sha256& sha256) const { return size(sha256).has_value(); }

Result<std::uint64_t> S3Shelf::size(const Sha256& sha256) const { return size_in(look({"HEAD", key_of(sha256)}), sha256); }

Result<Bytes> S3Shelf::read(const Sha256& sha256, std::uint64_t offset, std::size_t count) const {
  if (count == 0) return Bytes{};
  if (sha256 == empty_blob()) {  // services differ in what they say of a part of nothing
    const auto there = size(sha256);
    return there ? Result<Bytes>(Bytes{}) : tl::unexpected(there.error());
  }
  auto answer = look({"GET", key_of(sha256), {}, {{"range", "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + count - 1)}}});
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status == 416) return Bytes{};  // at or past its end
  if (!answer->fine()) return tl::unexpected(error_of(*answer));
  Bytes bytes = std::move(answer->body);
  if (answer->status == 200) bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset, bytes.size())));
  if (bytes.size() > count) bytes.resize(count);
  return bytes;
}

/// Under which name an unfinished blob lies in partial/: its post's, and another one while what was dropped of it is still being put.
/// No post's name has a dot.
const std::string& S3Shelf::place_of(const std::string& post, const Sha256& sha256) const {
  const auto found = places_.find({post, sha256});
  return found == places_.end() ? post : found->second;
}

Result<void> S3Shelf::write(const std::string& post, const Sha256& sha256, std::uint64_t offset, ByteView bytes) {
  remove_dropped();
  return local_.write(place_of(post, sha256), sha256, offset, bytes);
}

Result<Bytes> S3Shelf::read_unfinished(const std::string& post, const Sha256& sha256, std::uint64_t offset, std::size_t count) const {
  return local_.read_unfinished(place_of(post, sha256), sha256, offset, count);
}

Result<void> S3Shelf::set_aside(const Sha256& sha256) {
  const auto copied = look({"PUT", key_of(sha256, "damaged"), {}, {{"x-amz-copy-source", uri_encoded("/" + settings_.bucket + "/" + key_of(sha256), true)}}});
  if (!copied) return tl::unexpected(copied.error());
  if (!copied->fine()) return tl::unexpected(error_of(*copied));
  const auto removed = look({"DELETE", key_of(sha256)});
  if (!removed) return tl::unexpected(removed.error());
  if (!removed->fine()) return tl::unexpected(error_of(*removed));
  return {};
}

/// By the owner: the shelf's open files are its alone.
void S3Shelf::remove_dropped() {
  std::vector<std::pair<std::string, Sha256>> dropped;
  {
    std::lock_guard lock(mutex_);
    dropped.swap(dropped_);
  }
  for (const auto& [place, sha256] : dropped) local_.discard(place, sha256);
}

void S3Shelf::discard(const std::string& post, const Sha256& sha256) {
  remove_dropped();
  const std::string place = place_of(post, sha256);
  std::lock_guard lock(mutex_);
  const auto found = uploads_.find({place, sha256});
  if (found != uploads_.end() && found->second.state == Upload::State::runs) {
    found->second.discarded = true;  // the thread reads it; what comes anew must not be mixed with it
    places_[{post, sha256}] = post + "." + std::to_string(++places_given_);
    return;
  }
  if (found != uploads_.end()) uploads_.erase(found);
  local_.discard(place, sha256);
  places_.erase({post, sha256});
}

Result<void> S3Shelf::finish(const std::string& post, const Sha256& sha256) {
  remove_dropped();
  const std::string place = place_of(post, sha256);
  std::lock_guard lock(mutex_);
  const auto [found, fresh] = uploads_.try_emplace({place, sha256});
  Upload& upload = found->second;
  if (fresh) {
    upload.place = place;
    upload.sha256 = sha256;
    wake_.notify_all();
  }
  if (upload.state == Upload::State::done) {
    uploads_.erase(found);
    local_.discard(place, sha256);
    places_.erase({post, sha256});
    return {};
  }
  if (upload.state == Upload::State::failed) {
    const Error error = upload.error;
    if (clock_.mono() < upload.again) return fail(ErrorCode::busy, error.what);
    upload.state = Upload::State::waits;
    wake_.notify_all();
    return fail(ErrorCode::busy, error.what);
  }
  return fail(ErrorCode::busy, "it is being put into the image service");
}

Result<void> S3Shelf::finish_now(const std::string& post, const Sha256& sha256) {
  for (;;) {
    auto done = finish(post, sha256);
    if (done || done.error().code != ErrorCode::busy) return done;
    std::unique_lock lock(mutex_);
    const auto found = uploads_.find({place_of(post, sha256), sha256});
    if (found == uploads_.end()) continue;
    over_.wait(lock, [&] { return found->second.state >= Upload::State::done; });
    if (found->second.state == Upload::State::failed) {
      const Error error = found->second.error;
      uploads_.erase(found);
      return tl::unexpected(error);
    }
  }
}

void S3Shelf::run() {
  MonoTime again{};  // when the service is asked whether it is back
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto next = std::find_if(uploads_.begin(), uploads_.end(), [](const auto& u) { return u.second.state == Upload::State::waits; });
    if (ending_) return;
    if (away_ && clock_.mono() >= again) {
      lock.unlock();
      look_whether_it_is_back();
      lock.lock();
      again = clock_.mono() + settings_.away_pause;
      continue;  // what waits may have changed
    }
    if (next == uploads_.end()) {
      if (away_) wake_.wait_for(lock, again - clock_.mono());
      else wake_.wait(lock);
      continue;
    }
    Upload& upload = next->second;
    upload.state = Upload::State::runs;
    lock.unlock();
    auto done = put(upload.place, upload.sha256);
    lock.lock();
    if (upload.discarded) {
      dropped_.emplace_back(upload.place, upload.sha256);
      uploads_.erase(next);
      continue;
    }
    upload.state = done ? Upload::State::done : Upload::State::failed;
    if (!done) {
      if (done.error().code == ErrorCode::timeout || done.error().code == ErrorCode::disconnected) away_ = done.error().what;
      upload.error = done.error();
      upload.again = clock_.mono() + settings_.away_pause;
    }
    over_.notify_all();
  }
}

Result<void> S3Shelf::put(const std::string& place, const Sha256& sha256) {
  const std::uint64_t size = local_.unfinished_bytes(place, sha256);
  if (const auto why = away()) return fail(ErrorCode::disconnected, *why);
  if (const auto there = size_in(putting_->ask({"HEAD", key_of(sha256)}), sha256); there && *there == size) return {};
  if (size > settings_.part_bytes) {
    if (auto done = put_in_parts(key_of(sha256), place, sha256, size); !done) return done;
  } else {
    auto bytes = local_.read_unfinished(place, sha256, 0, size);
    if (!bytes && bytes.error().code == ErrorCode::not_found && sha256 == empty_blob()) bytes = Bytes{};  // nothing of it was ever written
    if (!bytes) return tl::unexpected(bytes.error());
    const auto answer = putting_->ask({"PUT", key_of(sha256), {}, {}, *bytes});
    if (!answer) return tl::unexpected(answer.error());
    if (!answer->fine()) return tl::unexpected(error_of(*answer));
  }
  const auto stored = size_in(putting_->ask({"HEAD", key_of(sha256)}), sha256);
  if (!stored) return tl::unexpected(stored.error());
  if (*stored != size) return fail(ErrorCode::io, "the image service holds " + std::to_string(*stored) + " bytes of " + hex(sha256) + " instead of " + std::to_string(size));
  return {};
}

Result<void> S3Shelf::put_in_parts(const std::string& key, const std::string& place, const Sha256& sha256, std::uint64_t size) {
  const auto begun = putting_->ask({"POST", key, {{"uploads", ""}}});
  if (!begun) return tl::unexpected(begun.error());
  const std::string id = begun->fine() ? element(begun->body, "UploadId") : std::string{};
  if (id.empty()) return tl::unexpected(error_of(*begun));
  const auto parts = [&]() -> Result<void> {
    std::string list = "<CompleteMultipartUpload>";
    int number = 0;
    for (std::uint64_t at = 0; at < size; at += settings_.part_bytes) {
      {
        std::lock_guard lock(mutex_);
        if (ending_) return fail(ErrorCode::busy, "HQ ends");
      }
      const auto bytes = local_.read_unfinished(place, sha256, at, std::min<std::uint64_t>(settings_.part_bytes, size - at));
      if (!bytes) return tl::unexpected(bytes.error());
      const auto answer = putting_->ask({"PUT", key, {{"partNumber", std::to_string(++number)}, {"uploadId", id}}, {}, *bytes});
      if (!answer) return tl::unexpected(answer.error());
      const auto tag = answer->headers.find("etag");
      if (!answer->fine() || tag == answer->headers.end()) return tl::unexpected(error_of(*answer));
      list += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>" + tag->second + "</ETag></Part>";
    }
    list += "</CompleteMultipartUpload>";
    const auto answer = putting_->ask({"POST", key, {{"uploadId", id}}, {}, as_bytes(list)});
    if (!answer) return tl::unexpected(answer.error());
    // It may say 200 first and then that it failed.
    if (!answer->fine() || !element(answer->body, "Code").empty()) return tl::unexpected(error_of(*answer));
    return {};
  }();
  if (!parts) (void)putting_->ask({"DELETE", key, {{"uploadId", id}}});  // else the bucket's own rule for unfinished uploads takes it
  return parts;
}

Result<std::unique_ptr<ImageStore>> open_images(const Place& place) {
  static const runtime::SystemClock clock;  // requests are signed with the time of day
  if (place.images.empty()) return std::unique_ptr<ImageStore>(std::make_unique<BlobShelf>(place.directory));
  auto settings = read_s3_settings(place.images, place.images_credentials);
  if (!settings) return tl::unexpected(settings.error());
  return std::unique_ptr<ImageStore>(std::make_unique<S3Shelf>(place.directory, std::move(*settings), clock));
}

}  // namespace rampa::sync::hq
