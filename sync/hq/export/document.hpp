// A crossing's result as a document for the ministry's service bus. EXPORT.md describes both forms; they say the same. Pure.
#pragma once

#include <string>

#include "sync/hq/export/crossing_result.hpp"

namespace rampa::sync::hq {

enum class ExportFormat { json, xml };

struct Document {
  std::string name;        ///< a file's name without folders: post, epoch's beginning and sequence, with the format's ending
  std::string id;          ///< of the result: who gets a document twice knows it by this
  std::string media_type;  ///< "application/json", "application/xml"
  std::string text;
};

[[nodiscard]] Document document_of(const CrossingResult& result, ExportFormat format);

}  // namespace rampa::sync::hq
