#include "edge/app/profiles_install.hpp"

#include "edge/app/folder_lock.hpp"
#include "edge/app/profiles_file.hpp"
#include "edge/app/profiles_succession.hpp"

namespace rampa::app {
namespace {

tl::unexpected<NotInstalled> refused(const bundle::Refusal& refusal) { return tl::unexpected(NotInstalled{refusal, {}}); }

Result<void> follows(const bundle::ProfileTable& active, const bundle::ProfileTable& set, const bundle::VerifiedBundle& bundle) {
  const auto between = bundle.kind == bundle::VerifiedBundle::Kind::deltas && bundle.deltas.size() == 1 ? Releases::next : Releases::any;
  std::string all;
  for (const auto& wrong : wrong_succession(active, set, between, Names::not_secret)) all += "\n" + wrong;
  if (!all.empty()) return fail(ErrorCode::refused, "the set is signed and whole, but cannot follow the active one:" + all);
  return {};
}

}  // namespace

Result<std::string> compiles(const bundle::ProfileTable& set, risk::Reading reading) {
  const std::string text = set.text();
  auto compiled = compile_set(text, bundle::hex(bundle::sha256(text)), Priority::idle, reading);
  if (!compiled) return fail(ErrorCode::invalid, "the set is signed and whole, but does not compile:\n" + compiled.error().what);
  if ((*compiled)->urgent() > 0) return fail(ErrorCode::invalid, "the set is signed and whole, but has urgent profiles, which only a post itself adds");
  return (*compiled)->stop_raised();
}

tl::expected<bundle::Installed, NotInstalled> install_bundle(const std::string& folder, const std::string& post, const SharedBytes& bytes, WallTime now, const SetGate& gate) {
  const auto disk = store::real_disk();
  const FolderLock lock(folder, FolderLock::For::installing);
  if (!lock.ok()) return tl::unexpected(NotInstalled{{}, folder + ": no such folder; begin with `rampa profiles install --root`"});
  auto before = bundle::open_installed(*disk, folder);
  if (!before) return refused(before.error());
  auto verified = bundle::verify(bytes, before->state, post, now);
  if (!verified) return refused(verified.error());
  auto set = bundle::resulting_set(*verified, before->set);
  if (!set) return refused(set.error());
  std::string told, raised;
  if (verified->kind != bundle::VerifiedBundle::Kind::refresh) {
    // The way back is to a set that lanes worked with: it is not held to rules that came later.
    auto fine = compiles(**set, verified->rollback ? risk::Reading::kept : risk::Reading::fresh);
    if (!fine) return tl::unexpected(NotInstalled{{}, fine.error().what});
    raised = std::move(*fine);
    if (before->set && !verified->rollback)
      if (auto may = follows(*before->set, **set, *verified); !may) return tl::unexpected(NotInstalled{{}, may.error().what});
    if (gate && !verified->rollback) {
      auto judged = gate(**set, before->set.get(), now);
      if (!judged) return tl::unexpected(NotInstalled{{}, judged.error().what});
      told = std::move(*judged);
    }
  }
  auto done = bundle::install(*disk, folder, *before, *verified, *set, now);
  if (!done) return refused(done.error());
  for (const auto& said : {raised, told})
    if (!said.empty()) done->notices.push_back("release " + std::to_string(verified->release) + ": " + said);
  done->notices.insert(done->notices.begin(), before->notices.begin(), before->notices.end());
  return std::move(*done);
}

}  // namespace rampa::app
