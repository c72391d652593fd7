// The risk analysts' page: one file, no script, no network; plots are SVG drawn here. Every number of a plot stands in a table beside it. Colours:
// the channels' own, told apart by order and labels too; a flagged profile is hollow and named, not only red.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "edge/app/learning_results.hpp"

namespace rampa::app {

namespace {

constexpr std::size_t plotted_max = 40;

std::string fixed(double value, int digits) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}
std::string n(double value) { return fixed(value, 1); }  // of SVG
std::string percent(double share) { return fixed(100 * share, 2) + "\u202f%"; }
std::string minutes(std::int64_t ms) { return fixed(static_cast<double>(ms) / 60'000, 1); }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string name_of(const risk::ProfileResult& p) { return p.profile + (p.version == 0 ? " (version not known)" : " v" + std::to_string(p.version)); }
/// For an axis: an id may be long. Its end stays, for ids often begin alike.
std::string short_name(const risk::ProfileResult& p) {
  constexpr std::size_t shown = 22, begin_shown = 10, end_shown = 11;
  std::string name = p.profile;
  if (name.size() > shown) {
    const auto within = [&](std::size_t at) { return (static_cast<unsigned char>(p.profile[at]) & 0xc0) == 0x80; };  // a character's later byte
    std::size_t begin = begin_shown, end = name.size() - end_shown;
    while (begin > 0 && within(begin)) --begin;
    while (end < name.size() && within(end)) ++end;
    name = p.profile.substr(0, begin) + "\u2026" + p.profile.substr(end);
  }
  return name + (p.version == 0 ? " v?" : " v" + std::to_string(p.version));
}

/// A round number of at least `value`: 1, 2 or 5 times a power of ten.
double round_up(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0, 10.0})
    if (step * power >= value * (1 - 1e-12)) return step * power;
  return 10 * power;
}

std::string figure_begin(const char* id, const std::string& title, const std::string& description, double width, double height) {
  const std::string name(id);
  return "<figure>\n<svg viewBox=\"0 0 " + n(width) + " " + n(height) + "\" role=\"img\" aria-labelledby=\"" + name + "-t " + name + "-d\">\n<title id=\"" + name + "-t\">" + escaped(title) +
         "</title>\n<desc id=\"" + name + "-d\">" + escaped(description) + "</desc>\n";
}
std::string figure_end(const std::string& caption) { return "</svg>\n<figcaption>" + caption + "</figcaption>\n</figure>\n"; }

std::string line(double x1, double y1, double x2, double y2, const char* kind) {
  return "<line class=\"" + std::string(kind) + "\" x1=\"" + n(x1) + "\" y1=\"" + n(y1) + "\" x2=\"" + n(x2) + "\" y2=\"" + n(y2) + "\"/>\n";
}
std::string text(double x, double y, const std::string& what, const char* anchor, const char* kind = "") {
  return "<text x=\"" + n(x) + "\" y=\"" + n(y) + "\" text-anchor=\"" + anchor + "\"" + (*kind ? " class=\"" + std::string(kind) + "\"" : "") + ">" + escaped(what) + "</text>\n";
}
std::string bar(double x, double y, double w, double h, const char* kind, const std::string& title) {
  return "<rect class=\"" + std::string(kind) + "\" x=\"" + n(x) + "\" y=\"" + n(y) + "\" width=\"" + n(std::max(0.0, w)) + "\" height=\"" + n(std::max(0.0, h)) + "\"><title>" + escaped(title) + "</title></rect>\n";
}

using Rows = std::vector<const risk::ProfileResult*>;

std::string axis_x(double left, double right, double top, double bottom, double most, const std::string& unit, int digits) {
  std::string out;
  for (int i = 0; i <= 4; ++i) {
    const double x = left + (right - left) * i / 4;
    out += line(x, top, x, bottom, "grid") + text(x, bottom + 16, fixed(most * i / 4, digits) + unit, "middle", "tick");
  }
  return out;
}

std::string left_out(std::size_t all, std::size_t shown, const char* order) {
  return all > shown ? " The " + std::to_string(shown) + " " + order + " of " + std::to_string(all) + " are drawn; the table has all." : "";
}

std::string rates_plot(const risk::Results& r) {
  Rows rows;
  for (const auto& p : r.profiles)
    if (p.controls > 0) rows.push_back(&p);
  if (rows.empty()) return "<p>No hit has been controlled with a result yet.</p>\n";
  const auto all = rows.size();
  std::stable_sort(rows.begin(), rows.end(), [](auto* a, auto* b) { return a->controls > b->controls; });
  rows.resize(std::min(all, plotted_max));
  std::stable_sort(rows.begin(), rows.end(), [](auto* a, auto* b) { return a->rate() > b->rate(); });
  double most = r.floor.rate;
  for (const auto* p : rows) most = std::max(most, p->interval.high);
  most = std::min(1.0, round_up(most));
  const double left = 210, right = 800, top = 26, step = 22, bottom = top + step * static_cast<double>(rows.size());
  const auto x = [&](double share) { return left + (right - left) * share / most; };
  std::string out = figure_begin("rates", "Hit rate per profile with its 95 % interval",
                                 "One line per profile version, best first: a dot at the share of controls that found something, a bar over its Wilson interval. The dashed line is the floor.", 900, bottom + 26);
  out += axis_x(left, right, top, bottom, 100 * most, " %", std::fmod(25 * most, 1) < 1e-9 ? 0 : 1);
  out += line(x(r.floor.rate), top - 6, x(r.floor.rate), bottom, "floor") + text(x(r.floor.rate), top - 10, "floor " + fixed(100 * r.floor.rate, 1) + " %", "middle", "tick");
  double y = top + step / 2;
  for (const auto* p : rows) {
    const auto told = name_of(*p) + ": " + std::to_string(p->findings) + " of " + std::to_string(p->controls) + " controls found something, " + percent(p->rate()) + " [" + percent(p->interval.low) + ", " +
                      percent(p->interval.high) + "]" + (p->below_floor ? ", below the floor" : "");
    out += text(left - 8, y + 4, short_name(*p), "end", p->below_floor ? "poor" : "");
    out += "<g><title>" + escaped(told) + "</title>" + line(x(p->interval.low), y, x(std::min(most, p->interval.high)), y, p->below_floor ? "whisker poor-line" : "whisker") +
           "<circle class=\"" + (p->below_floor ? "dot hollow" : "dot") + "\" cx=\"" + n(x(p->rate())) + "\" cy=\"" + n(y) + "\" r=\"5\"/></g>\n";
    out += text(right + 8, y + 4, std::to_string(p->findings) + "/" + std::to_string(p->controls) + (p->below_floor ? " below" : ""), "start", p->below_floor ? "poor tick" : "tick");
    y += step;
  }
  return out + figure_end("Share of controls that found something (findings/controls at the right). Hollow: below the floor even at the upper end of its interval." + left_out(all, rows.size(), "most controlled"));
}

std::string minutes_plot(const risk::Results& r) {
  Rows rows;
  for (const auto& p : r.profiles)
    if (p.false_hit_ms > 0) rows.push_back(&p);
  if (rows.empty()) return "<p>No lane time was lost to false hits, as far as it can be said.</p>\n";
  const auto all = rows.size();
  std::stable_sort(rows.begin(), rows.end(), [](auto* a, auto* b) { return a->false_hit_ms > b->false_hit_ms; });
  rows.resize(std::min(all, plotted_max));
  const double most = round_up(static_cast<double>(rows.front()->false_hit_ms) / 60'000);
  const double left = 210, right = 800, top = 10, step = 22, bottom = top + step * static_cast<double>(rows.size());
  std::string out = figure_begin("minutes", "Lane minutes that false hits cost, per profile", "One bar per profile version, longest first.", 900, bottom + 26);
  out += axis_x(left, right, top, bottom, most, " min", most < 4 ? 2 : 0);
  double y = top;
  for (const auto* p : rows) {
    const double value = static_cast<double>(p->false_hit_ms) / 60'000;
    out += text(left - 8, y + step / 2 + 4, short_name(*p), "end");
    out += bar(left, y + 3, (right - left) * value / most, step - 6, "cost", name_of(*p) + ": " + minutes(p->false_hit_ms) + " min in " + std::to_string(p->controls - p->findings) + " false hits");
    out += text(right + 8, y + step / 2 + 4, fixed(value, most < 4 ? 3 : 1), "start", "tick");
    y += step;
  }
  return out + figure_end("Time from assessment to the end of crossings that were controlled without a finding, above the median of the same lane's green crossings. A crossing counts for each profile that selected it." +
                          left_out(all, rows.size(), "costliest"));
}

/// Every week from the first to the last, those without crossings too.
std::vector<risk::Week> weeks_of(const risk::Results& r) {
  std::vector<risk::Week> weeks;
  if (r.channels_by_week.empty()) return weeks;
  const auto last = r.channels_by_week.rbegin()->first;
  for (auto week = std::max(r.channels_by_week.begin()->first, last - 7 * 259); week <= last; week += 7) weeks.push_back(week);
  return weeks;
}

std::map<risk::Week, std::uint64_t> hits_by_week(const risk::Results& r) {
  std::map<risk::Week, std::uint64_t> hits;
  for (const auto& p : r.profiles)
    for (const auto& [week, count] : p.hits_by_week) hits[week] += count;
  return hits;
}

std::string week_labels(const std::vector<risk::Week>& weeks, double left, double each, double bottom) {
  std::string out;
  const std::size_t every = weeks.size() / 8 + 1;
  for (std::size_t i = 0; i < weeks.size(); i += every) out += text(left + each * (static_cast<double>(i) + 0.5), bottom + 16, day_text(weeks[i]), "middle", "tick");
  return out;
}

std::string weeks_plots(const risk::Results& r) {
  const auto weeks = weeks_of(r);
  if (weeks.empty()) return "<p>No crossing yet.</p>\n";
  const auto hits = hits_by_week(r);
  const double left = 60, right = 880, top = 14, bottom = 190, each = std::min(80.0, (right - left) / static_cast<double>(weeks.size())), gap = std::min(10.0, each * 0.2);
  std::uint64_t largest = 0;
  for (const auto& [week, count] : hits) largest = std::max(largest, count);
  const double most = round_up(static_cast<double>(largest));
  std::string out = figure_begin("hits", "Hits per week", "One bar per week that begins on the Monday named below it; hits of shadow profiles are counted in.", 900, bottom + 26);
  for (int i = 0; i <= 4; ++i) {
    const double y = bottom - (bottom - top) * i / 4;
    out += line(left, y, right, y, "grid") + text(left - 6, y + 4, fixed(most * i / 4, most < 4 ? 2 : 0), "end", "tick");
  }
  for (std::size_t i = 0; i < weeks.size(); ++i) {
    const auto found = hits.find(weeks[i]);
    const auto count = found == hits.end() ? 0 : found->second;
    const double height = (bottom - top) * static_cast<double>(count) / most;
    out += bar(left + each * static_cast<double>(i) + gap / 2, bottom - height, each - gap, height, "hits", day_text(weeks[i]) + ": " + std::to_string(count) + " hits");
  }
  out += week_labels(weeks, left, each, bottom) + figure_end("<strong>Hits per week</strong> of all profiles, shadow ones included, by the week in which the crossing ended.");

  static constexpr std::array<const char*, 4> kinds{"green", "blue", "yellow", "red"};
  const double legend = 22;
  out += figure_begin("channels", "Channels over time", "One column per week; from below: green, blue, yellow, red, as shares of the week's crossings.", 900, bottom + 26 + legend);
  for (std::size_t c = 0; c < 4; ++c) {
    const double x = left + 110 * static_cast<double>(c);
    out += bar(x, 2, 12, 12, kinds[c], kinds[c]) + text(x + 18, 12, kinds[c], "start", "tick");
  }
  for (int i = 0; i <= 4; ++i) {
    const double y = legend + bottom - (bottom - top) * i / 4;
    out += line(left, y, right, y, "grid") + text(left - 6, y + 4, std::to_string(25 * i) + " %", "end", "tick");
  }
  for (std::size_t i = 0; i < weeks.size(); ++i) {
    const auto found = r.channels_by_week.find(weeks[i]);
    if (found == r.channels_by_week.end()) continue;
    double sum = 0, y = legend + bottom;
    for (const auto count : found->second) sum += static_cast<double>(count);
    for (std::size_t c = 0; c < 4; ++c) {
      const double share = static_cast<double>(found->second[c]) / sum, height = (bottom - top) * share;
      y -= height;
      if (height > 0) out += bar(left + each * static_cast<double>(i) + gap / 2, y, each - gap, height, kinds[c], day_text(weeks[i]) + ": " + kinds[c] + " " + std::to_string(found->second[c]) + ", " + percent(share));
    }
  }
  return out + week_labels(weeks, left, each, legend + bottom) + figure_end("<strong>Channels</strong> of the last assessments, by the week in which the crossing ended.");
}

std::string cell(const std::string& what) { return "<td>" + what + "</td>"; }
std::string cell(std::uint64_t number) { return cell(std::to_string(number)); }

std::string profiles_table(const risk::Results& r) {
  std::string out = "<div class=\"wide\"><table><caption>Profiles by version</caption><thead><tr>";
  for (const char* head : {"Profile", "Version", "Remark", "Hits", "Shadow hits", "Controls", "Findings", "Hit rate", "95&#8239;% interval", "No result", "False hits", "False-hit minutes", "Without time", "Declined", "Released by officer", "Held by officer"})
    out += std::string("<th scope=\"col\">") + head + "</th>";
  out += "</tr></thead><tbody>\n";
  Rows rows;
  for (const auto& p : r.profiles) rows.push_back(&p);
  std::stable_sort(rows.begin(), rows.end(), [](auto* a, auto* b) { return a->rate() > b->rate(); });
  for (const auto* p : rows) {
    std::string declined;
    for (const auto& [reason, count] : p->declined) declined += (declined.empty() ? "" : "<br>") + escaped(reason) + ": " + std::to_string(count);
    out += "<tr><th scope=\"row\">" + escaped(p->profile) + "</th>" + cell(p->version == 0 ? "not known" : std::to_string(p->version)) + "<td class=\"words\">" +
           (p->below_floor ? "<strong class=\"flag\">below the floor</strong>" : "") + "</td>" + cell(p->hits) + cell(p->shadow_hits) + cell(p->controls) + cell(p->findings) +
           cell(p->controls == 0 ? "&#8211;" : percent(p->rate())) + "<td class=\"whole\">" + (p->controls == 0 ? "&#8211;" : percent(p->interval.low) + "&#8239;&#8211;&#8239;" + percent(p->interval.high)) + "</td>" + cell(p->no_result) +
           cell(p->controls - p->findings) + cell(minutes(p->false_hit_ms)) + cell(p->unpriced) + "<td class=\"words\">" + declined + "</td>" + cell(p->overridden_release) + cell(p->overridden_hold) + "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string weeks_table(const risk::Results& r) {
  const auto hits = hits_by_week(r);
  std::string out = "<div class=\"wide\"><table><caption>Weeks</caption><thead><tr>";
  for (const char* head : {"Week from", "Crossings", "Hits", "Green", "Blue", "Yellow", "Red", "Green share", "Blue share", "Yellow share", "Red share"}) out += std::string("<th scope=\"col\">") + head + "</th>";
  out += "</tr></thead><tbody>\n";
  for (const auto& [week, c] : r.channels_by_week) {
    const auto sum = c[0] + c[1] + c[2] + c[3];
    const auto found = hits.find(week);
    out += "<tr><th scope=\"row\">" + day_text(week) + "</th>" + cell(sum) + cell(found == hits.end() ? 0 : found->second);
    for (const auto count : c) out += cell(count);
    for (const auto count : c) out += cell(percent(static_cast<double>(count) / static_cast<double>(sum)));
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

constexpr const char* style = R"(
:root{--ink:#1b1f24;--soft:#4c5560;--ground:#fff;--panel:#f5f6f8;--rule:#c9ced6;--dot:#0b57a4;--poor:#a3161b;--hits:#3d6fa8;--cost:#7a5195;--green:#2e8b57;--blue:#2f6fd0;--yellow:#e0a800;--red:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebef;--soft:#aab4c0;--ground:#14181d;--panel:#1d232a;--rule:#444d58;--dot:#6db3ff;--poor:#ff8f8a;--hits:#79a9e0;--cost:#c29be0;--green:#57b884;--blue:#6ea3ff;--yellow:#ffd24a;--red:#ff7a70}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1240px;padding:1.5rem;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.4rem 0;max-width:75ch}.soft{color:var(--soft)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:.6rem;margin:1rem 0}dl div{background:var(--panel);padding:.6rem .8rem;border-radius:6px}dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.25rem;font-weight:600}
figure{margin:0 0 1rem;background:var(--panel);padding:.8rem;border-radius:6px;break-inside:avoid;overflow-x:auto}svg{display:block;width:100%;min-width:680px;height:auto}figcaption{color:var(--soft);font-size:.85rem;margin-top:.4rem}
svg text{fill:var(--ink);font:13px system-ui,sans-serif}svg .tick{fill:var(--soft);font-size:12px}svg .poor{fill:var(--poor)}.grid{stroke:var(--rule);stroke-width:1}.floor{stroke:var(--poor);stroke-width:1.5;stroke-dasharray:5 4}
.whisker{stroke:var(--dot);stroke-width:2}.poor-line{stroke:var(--poor)}.dot{fill:var(--dot);stroke:var(--dot);stroke-width:2}.dot.hollow{fill:var(--panel);stroke:var(--poor)}.hits{fill:var(--hits)}.cost{fill:var(--cost)}
.green{fill:var(--green)}.blue{fill:var(--blue)}.yellow{fill:var(--yellow)}.red{fill:var(--red)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.82rem;font-variant-numeric:tabular-nums}caption{text-align:left;font-weight:600;padding:.4rem 0}th,td{border-bottom:1px solid var(--rule);padding:.3rem .45rem;text-align:right;vertical-align:top}th{color:var(--ink)}thead th{vertical-align:bottom}tbody th,thead th:first-child,.words{text-align:left}tbody th{overflow-wrap:anywhere;min-width:9em;max-width:20em}.flag{color:var(--poor)}.whole{white-space:nowrap}
@media print{:root{--ink:#000;--soft:#333;--ground:#fff;--panel:#fff;--rule:#999;--dot:#0b57a4;--poor:#a3161b;--hits:#3d6fa8;--cost:#7a5195;--green:#2e8b57;--blue:#2f6fd0;--yellow:#e0a800;--red:#b3261e}body{max-width:none;padding:0;font-size:11px;print-color-adjust:exact;-webkit-print-color-adjust:exact}table{font-size:7.5px}th,td{padding:2px 3px;overflow-wrap:anywhere}.whole{white-space:normal}.wide,figure{overflow:visible}figure{padding:0}svg{min-width:0;max-height:160mm}thead{display:table-header-group}caption,thead,h2{break-after:avoid}tr{break-inside:avoid}@page{size:A4 landscape;margin:12mm}}
)";

}  // namespace

std::string report_page(const risk::Outcomes& outcomes, const risk::Results& r) {
  std::size_t flagged = 0;
  std::string posts;
  for (const auto& p : r.profiles) flagged += p.below_floor ? 1 : 0;
  for (const auto& [store, stretches] : outcomes.covered()) {
    posts += "<li>" + escaped(store.post) + (store.epoch.empty() ? "" : " (store " + store.epoch.substr(0, 8) + ")") + ": records ";
    for (std::size_t i = 0; i < stretches.size(); ++i) posts += (i ? ", " : "") + std::to_string(stretches[i].first) + " to " + std::to_string(stretches[i].second);
    posts += "</li>\n";
  }
  for (const auto& notice : outcomes.notices()) posts += "<li>" + escaped(notice) + "</li>\n";
  const auto fact = [](const std::string& term, const std::string& value) { return "<div><dt>" + term + "</dt><dd>" + value + "</dd></div>\n"; };
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>Risk profiles: results</title>\n<style>" +
                     std::string(style) + "</style></head><body>\n<main>\n<h1>Risk profiles: results</h1>\n";
  if (!r.channels_by_week.empty())
    page += "<p class=\"soft\">Crossings that ended in the week from Monday " + day_text(r.channels_by_week.begin()->first) +
            (r.channels_by_week.size() == 1 ? "" : " to the week from Monday " + day_text(r.channels_by_week.rbegin()->first)) + " (UTC).</p>\n";
  page += "<dl>\n" + fact("Crossings", std::to_string(r.crossings)) + fact("Controlled with a result", std::to_string(r.controls)) + fact("Something was found", std::to_string(r.findings)) +
          fact("Hit rate of all controls", r.controls == 0 ? "&#8211;" : percent(static_cast<double>(r.findings) / static_cast<double>(r.controls))) +
          fact("95&#8239;% interval of it", r.controls == 0 ? "&#8211;" : percent(r.interval.low) + " &#8211; " + percent(r.interval.high)) + fact("Lane minutes lost to false hits", minutes(r.false_hit_ms)) +
          fact("Profiles below the floor", std::to_string(flagged)) + "</dl>\n";
  page += "<h2>Hit rates</h2>\n" + rates_plot(r) + "<h2>What false hits cost</h2>\n" + minutes_plot(r) + "<h2>Weeks</h2>\n" + weeks_plots(r) + weeks_table(r) + "<h2>All profiles</h2>\n" + profiles_table(r);
  page += "<h2>What the numbers mean</h2>\n<p>A control counts for each profile that selected the crossing in its last assessment; it found something if any of the crossing's controls did. Controls without a result "
          "(repeat, unable) are not in the rate. Intervals are Wilson's score intervals at 95&#8239;%.</p>\n<p>Lane minutes of a false hit: from the first assessment to the end of a crossing that was controlled without a finding, "
          "less the median of the same lane's green crossings, never below nothing. \"Without time\": the lane has no green crossing to compare with, or Rampa restarted meanwhile.</p>\n<p>Below the floor: at least " +
          std::to_string(r.floor.controls) + " controls and the upper end of the interval below " + fixed(100 * r.floor.rate, 2) + "&#8239;%. " + std::to_string(r.unfinished) +
          " crossings without an end or an assessment are not counted. Secret profiles go by their S- name.</p>\n<h2>Posts</h2>\n<ul>\n" + posts + "</ul>\n</main>\n</body></html>\n";
  return page;
}

}  // namespace rampa::app
