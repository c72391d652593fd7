// Where things lie under the store's directory.
#pragma once

#include <string>

namespace rampa::store {

struct Layout {
  std::string root;
  [[nodiscard]] std::string journal() const { return root + "/journal"; }
  [[nodiscard]] std::string seals() const { return root + "/heads"; }
  [[nodiscard]] std::string heads_log() const { return seals() + "/heads.log"; }
  [[nodiscard]] std::string blobs() const { return root + "/blobs"; }
  [[nodiscard]] std::string blobs_tmp() const { return blobs() + "/tmp"; }
  [[nodiscard]] std::string held() const { return root + "/held"; }
  [[nodiscard]] std::string reserve() const { return root + "/reserve"; }
  [[nodiscard]] std::string keys() const { return root + "/keys"; }
  [[nodiscard]] std::string day_keys() const { return keys() + "/days"; }
  [[nodiscard]] std::string cursor() const { return root + "/cursor"; }
  [[nodiscard]] std::string boots() const { return root + "/boots"; }
  [[nodiscard]] std::string cache() const { return root + "/cache.log"; }
  [[nodiscard]] std::string lock() const { return root + "/lock"; }
  [[nodiscard]] std::string picture() const { return root + "/picture.sqlite"; }
};

}  // namespace rampa::store
