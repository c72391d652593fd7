// The subset against CEL's own conformance tests: google/cel-spec, tests/simple/testdata/*.textproto; each row names file, section
// and test. What the subset has must say what CEL says; what it has not must be refused with a remedy. CEL's cases compare literals with literals; the subset compares
// fields with literals, so the left literal of a case is put into a fact of that value. Where a case raises an error (1/0), a missing fact takes its place:
// CEL's error and our "undetermined" are absorbed by && and || in the same way.
#include <gtest/gtest.h>

#include <iostream>

#include "edge/risk/cel.hpp"
#include "edge/risk/profile.hpp"

using namespace rampa;
using namespace rampa::risk;

namespace {

enum class Says { no, undetermined, yes, outside, differs };  // differs: on purpose, the row says why

struct Row {
  std::string name;     // file/section/test
  std::string text;     // for the subset
  Says says;
  std::string remedy;   // outside: part of a finding
  Fields facts;
};

std::vector<Row> rows;

const std::string seals = "declaration.seals", plate = "vehicle.plate", aeo = "declaration.aeo", missing = "evidence.gamma_alarm";

void same(const std::string& name, const std::string& text, Says says, Fields facts = {}) { rows.push_back({name, text, says, "", std::move(facts)}); }
void outside(const std::string& name, const std::string& cel, const std::string& remedy) { rows.push_back({name, cel, Says::outside, remedy, {}}); }

// A case whose expression is a text or a number: it must be read to exactly this value.
void literal(const std::string& name, const std::string& cel, const std::string& value) {
  same(name, plate + " == " + cel, Says::yes, {{plate, value}});
}
void literal(const std::string& name, const std::string& cel, std::int64_t value) { same(name, seals + " == " + cel, Says::yes, {{seals, value}}); }
// A case "left op right": left becomes the fact.
void number(const std::string& name, std::int64_t left, const std::string& rest, bool value) {
  same(name, seals + " " + rest, value ? Says::yes : Says::no, {{seals, left}});
}
void text(const std::string& name, const std::string& left, const std::string& rest, bool value) {
  same(name, plate + rest, value ? Says::yes : Says::no, {{plate, left}});
}
void flag(const std::string& name, bool left, const std::string& rest, bool value) {
  same(name, aeo + rest, value ? Says::yes : Says::no, {{aeo, left}});
}

// Goods whose masses are the elements of a case's list of numbers; 0 stands for one without a mass (an element that raises an error).
Fields goods(const std::vector<std::int64_t>& masses) {
  Fields facts{{"goods.count", static_cast<std::int64_t>(masses.size())}};
  for (std::size_t i = 0; i < masses.size(); ++i) {
    if (masses[i] != 0) facts["goods." + std::to_string(i) + ".gross_kg"] = masses[i];
  }
  return facts;
}

void basic() {
  const std::string f = "basic/self_eval_zeroish/", g = "basic/self_eval_nonzeroish/";
  literal(f + "self_eval_int_zero", "0", 0);
  outside(f + "self_eval_uint_zero", seals + " == 0u", "write 0");
  outside(f + "self_eval_double_zero", seals + " == 0.0", "numbers are whole");
  outside(f + "self_eval_double_zerowithexp", seals + " == 0e+0", "numbers are whole");
  literal(f + "self_eval_string_empty", "''", "");
  literal(f + "self_eval_string_empty_quotes", "\"\"", "");
  literal(f + "self_eval_string_raw_prefix", "r\"\"", "");
  outside(f + "self_eval_byte_empty", plate + " == b\"\"", "without the b");
  same(f + "self_eval_bool_false", "false", Says::no);
  outside(f + "self_eval_null", "null", "write has(field)");
  outside(f + "self_eval_empty_list", seals + " in []", "put values into it");
  outside(f + "self_eval_empty_map", "{}", "write a list");
  literal(g + "self_eval_int_nonzero", "17", 17);
  outside(g + "self_eval_uint_nonzero", seals + " == 123456789u", "write 123456789");
  literal(g + "self_eval_int_negative_min", "-9223372036854775808", INT64_MIN);
  outside(g + "self_eval_double_negative_exp", seals + " == -2.3e+1", "numbers are whole");
  literal(g + "self_eval_string_excl", "\"!\"", "!");
  literal(g + "self_eval_string_escape", R"('\'')", "'");
  outside(g + "self_eval_binary_escape", plate + R"( == b'\u00FF')", "without the b");
  same(g + "self_eval_list_singleitem", seals + " in [-1]", Says::yes, {{seals, std::int64_t{-1}}});
  outside(g + "self_eval_map_singleitem", R"({"k":"v"})", "write a list");
  same(g + "self_eval_bool_true", "true", Says::yes);
}

std::string repeated(const std::string& part, std::size_t count) {
  std::string all;
  for (; count > 0; --count) all += part;
  return all;
}

void parse_trees() {
  const std::string n = "parse/nest/", r = "parse/repeat/";
  outside(n + "list_index", "a[a[a[a[a[a[a[a[a[a[a[a[0]]]]]]]]]]]]", "");
  outside(n + "message_literal", "NestedTestAllTypes{child: NestedTestAllTypes{payload: TestAllTypes{single_int64: 137}}}.payload.single_int64", "compare single fields");
  outside(n + "funcall", "int(uint(int(uint(int(uint(int(uint(int(uint(int(uint(7))))))))))))", "write the number");
  outside(n + "list_literal", "size([[[[[[[[[[[[0]]]]]]]]]]]])", "use has(field)");
  outside(n + "map_literal", "size({0: {0: {0: {0: {0: {0: {0: {0: {0: {0: {0: {0: 'foo'}}}}}}}}}}}})", "write a list");
  literal(n + "parens", repeated("(", 32) + "7" + repeated(")", 32), 7);
  outside(r + "conditional", repeated("true ? true : ", 24) + "false", "write a && b || !a && c");
  same(r + "or", repeated("false || ", 31) + "true", Says::yes);
  same(r + "and", repeated("true && ", 31) + "false", Says::no);
  outside(r + "add_sub", seals + " == 3 - 3 + 3 - 3 + 3", "write the result");
  outside(r + "mul_div", seals + " == 4 * 4 / 4 * 4 / 4", "write the result");
  same(r + "not", repeated("!", 32) + "true", Says::yes);
  literal(r + "unary_neg", repeated("-", 32) + "19", 19);
  outside(r + "select", "NestedTestAllTypes{}.child.child.child.payload.single_int32", "compare single fields");
  outside(r + "index", "[[[['foo']]]][0][0][0][0]", "an index");
  std::string numbers = "0";
  for (int i = 1; i < 32; ++i) numbers += ", " + std::to_string(i);
  same(r + "list_literal", seals + " in [" + numbers + "]", Says::yes, {{seals, std::int64_t{17}}});
  outside(r + "map_literal", "{0: 'zero', 1: 'one'}[1]", "write a list");
  outside(r + "message_literal", "TestAllTypes{single_int32: 5}.single_int32", "compare single fields");
}

// parse/string_literals: the same value in four kinds of quotes, of which the triple ones may also hold what is written out.
void quoted(const std::string& test, const std::string& inside, const std::string& value, const std::string& prefix = "", bool triple_only = false) {
  const std::string p = "parse/string_literals/";
  const bool name_behind = test.starts_with("mixed") || test.starts_with("unassigned") || test.starts_with("raw") || test.starts_with("upper_raw");
  const auto name = [&](const std::string& quotes) {
    if (!name_behind) return p + quotes + "_" + test;
    const auto cut = test.starts_with("upper_raw") ? 9 : test.starts_with("raw") ? 3 : test.starts_with("mixed") ? 14 : 21;
    return p + test.substr(0, static_cast<std::size_t>(cut)) + "_" + quotes + test.substr(static_cast<std::size_t>(cut));
  };
  if (!triple_only) {
    literal(name("single_quoted"), prefix + "'" + inside + "'", value);
    literal(name("double_quoted"), prefix + "\"" + inside + "\"", value);
  }
  literal(name("triple_single_quoted"), prefix + "'''" + inside + "'''", value);
  literal(name("triple_double_quoted"), prefix + "\"\"\"" + inside + "\"\"\"", value);
}

void parse_strings() {
  const std::string p = "parse/string_literals/";
  literal(p + "single_quoted", "'hello'", "hello");
  literal(p + "double_quoted", "\"hello\"", "hello");
  literal(p + "triple_single_quoted", "'''hello'''", "hello");
  literal(p + "triple_double_quoted", "\"\"\"hello\"\"\"", "hello");
  quoted("escaped_punctuation", R"( \\ \? \" \' \` )", " \\ ? \" ' ` ");
  quoted("unescaped_punctuation", " ? \" ' ` ", " ? \" ' ` ", "", true);
  quoted("escaped_special_control_characters", R"( \a \b \f \t \v )", " \a \b \f \t \v ");
  quoted("unescaped_special_control_characters", " \a \b \f \t \v ", " \a \b \f \t \v ");
  quoted("escaped_line_feed", R"( \n )", " \n ");
  quoted("unescaped_line_feed", " \n ", " \n ", "", true);
  quoted("escaped_carriage_return", R"( \r )", " \r ");
  quoted("unescaped_carriage_return", " \r ", " \r ", "", true);
  quoted("escaped_windows_line_end", R"( \r\n )", " \r\n ");
  quoted("unescaped_windows_line_end", " \r\n ", " \r\n ", "", true);
  std::string escaped = " ", plain = " ";
  for (int c = 1; c < 0x80; c = c == 0x1f ? 0x7f : c + 1) {
    if (c == '\n' || c == '\r') continue;
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, "\\x%02X ", static_cast<unsigned>(c));
    escaped += buffer;
    plain += std::string(1, static_cast<char>(c)) + " ";
  }
  quoted("escaped_all_control_characters", escaped, plain);
  quoted("unescaped_all_control_characters", plain, plain);
  const std::string three(" \0 \n \x7f ", 7);
  quoted("octal_escapes", R"( \000 \012 \177 )", three);
  quoted("lower_x_escapes", R"( \x00 \x0A \x7F )", three);
  quoted("upper_x_escapes", R"( \X00 \X0A \X7F )", three);
  quoted("lower_u_escapes", R"( \u0000 \u000A \u007F \u0100 \uFFFB )", three + "Ā \xef\xbf\xbb ");
  quoted("upper_u_escapes", R"( \U00000000 \U0000000A \U0000007F \U00000100 \U0000FFFB \U00010000 \U0001F62C )", three + "Ā \xef\xbf\xbb \U00010000 \U0001F62C ");
  quoted("mixed_case_hex_escapes", R"( \x4a \x4B \X4c \X4D \u01aB \U000001aB )", " J K L M ƫ ƫ ");
  quoted("unassigned_code_point_escapes", R"( \U00088888 )", " \U00088888 ");
  quoted("unassigned_code_point_unescaped", " \U00088888 ", " \U00088888 ");
  const std::string raw = R"( \\ \? \` \a \b \f \t \v \n \r \000 \x00 \X00 \u0000 \U00000000 )";
  quoted("raw_escapes", raw, raw, "r");
  quoted("upper_raw_escapes", raw, raw, "R");
}

void parse_rest() {
  for (const std::string quotes : {"'", "\"", "'''", "\"\"\""})
    outside("parse/bytes_literals (all of them the same way), quotes " + quotes, plate + " == b" + quotes + "hello" + quotes, "write it without the b");
  // The whitespace cases' own expression needs messages and ?:, so the same spaces stand in one of ours.
  for (const auto& [name, space] : std::vector<std::pair<std::string, std::string>>{{"spaces", " "}, {"tabs", "\t"}, {"new_lines", "\n"}, {"new_pages", "\f"}, {"carriage_returns", "\r"}}) {
    std::string spaced;
    for (const std::string token : {"(", "declaration", ".", "seals", "in", "[", "17", ",", "18", "]", "&&", "!", "false", ")", "||", "declaration", ".", "kind", ".", "exists", "(", "k", ",", "k", "==", "'x'", ")"}) spaced += token + space;
    same("parse/whitespace/" + name, spaced, Says::yes, {{seals, std::int64_t{17}}});
  }
  same("parse/comments/new_line_terminated", "declaration// @\n.// @\nseals// @\n==// @\n17// @\n&&// @\n!// @\nfalse", Says::yes, {{seals, std::int64_t{17}}});
  for (const std::string word : {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while"}) {
    outside("parse/selectors/" + word, "{ '" + word + "': 1 }." + word, "write a list");
    outside("parse/receiver_function_names/" + word, "a." + word + "() || true", "() is not in the subset; ");
    outside("parse/struct_field_names/" + word, "TestAllTypes{ " + word + ": true }", "compare single fields");
  }
}

void logic() {
  const std::string c = "logic/conditional/", remedy = "write a && b || !a && c";
  outside(c + "true_case", "true ? 1 : 2", remedy);
  outside(c + "false_case", "false ? 'foo' : 'bar'", remedy);
  outside(c + "error_case", "2 / 0 > 4 ? 'baz' : 'quux'", remedy);
  outside(c + "mixed_type", "true ? 'cows' : 17", remedy);
  outside(c + "bad_type", "'cows' ? false : 17", remedy);
  const std::string a = "logic/AND/", o = "logic/OR/";
  same(a + "all_true", "true && true", Says::yes);
  same(a + "all_false", "false && false", Says::no);
  same(a + "false_left", "false && true", Says::no);
  same(a + "false_right", "true && false", Says::no);
  outside(a + "short_circuit_type_left", "false && 32", "compare a field with it");
  outside(a + "short_circuit_type_right", "'horses' && false", "compare a field with it");
  same(a + "short_circuit_error_left", "false && " + missing, Says::no);
  same(a + "short_circuit_error_right", missing + " && false", Says::no);
  same(a + "error_right", "true && " + missing, Says::undetermined);
  same(a + "error_left", missing + " && true", Says::undetermined);
  outside(a + "no_overload", "'less filling' && 'tastes great'", "compare a field with it");
  same(o + "all_true", "true || true", Says::yes);
  same(o + "all_false", "false || false", Says::no);
  same(o + "false_left", "false || true", Says::yes);
  same(o + "false_right", "true || false", Says::yes);
  outside(o + "short_circuit_type_left", "true || 32", "compare a field with it");
  outside(o + "short_circuit_type_right", "'horses' || true", "compare a field with it");
  same(o + "short_circuit_error_left", "true || " + missing, Says::yes);
  same(o + "short_circuit_error_right", missing + " || true", Says::yes);
  same(o + "error_right", "false || " + missing, Says::undetermined);
  same(o + "error_left", missing + " || false", Says::undetermined);
  outside(o + "no_overload", "'less filling' || 'tastes great'", "compare a field with it");
  same("logic/NOT/not_true", "!true", Says::no);
  same("logic/NOT/not_false", "!false", Says::yes);
}

void comparisons() {
  const std::string e = "comparisons/eq_literal/", n = "comparisons/ne_literal/", order = "texts have no order here";
  number(e + "eq_int", 1, "== 1", true);
  number(e + "not_eq_int", -1, "== 1", false);
  outside(e + "eq_uint", seals + " == 2u", "write 2");
  outside(e + "eq_double", seals + " == 1.0e+0", "numbers are whole");
  text(e + "eq_string", "", " == \"\"", true);
  text(e + "not_eq_string", "a", " == 'b'", false);
  text(e + "eq_raw_string", "abc", " == r'abc'", true);
  text(e + "not_eq_string_case", "abc", " == 'ABC'", false);
  text(e + "eq_string_unicode", "ίσος", " == 'ίσος'", true);
  text(e + "not_eq_string_unicode_ascii", "a", " == 'à'", false);
  outside(e + "eq_null", "null == null", "write has(field)");
  flag(e + "eq_bool", true, " == true", true);
  flag(e + "not_eq_bool", false, " == true", false);
  outside(e + "eq_bytes", plate + " == b'ÿ'", "without the b");
  outside(e + "eq_list_empty", "[] == []", "");
  outside(e + "eq_list_numbers", "[1, 2, 3] == [1, 2, 3]", "name a field");
  outside(e + "eq_map_empty", "{} == {}", "write a list");
  outside(e + "eq_mixed_types", seals + " == 1.0", "numbers are whole");
  text(e + "no_string_normalization", "Am\u00e9lie", R"( == 'Ame\u0301lie')", false);
  text(e + "no_string_normalization_surrogate", "\U0001F436", R"( == '\xef\xbf\xbd\xef\xbf\bd')", false);
  number(n + "ne_int", 24, "!= 42", true);
  number(n + "not_ne_int", 1, "!= 1", false);
  outside(n + "ne_uint", seals + " != 2u", "write 2");
  outside(n + "ne_double", seals + " != 9001.0", "numbers are whole");
  text(n + "ne_string", "abc", " != ''", true);
  text(n + "not_ne_string", "abc", " != 'abc'", false);
  text(n + "ne_string_unicode", "résumé", " != 'resume'", true);
  text(n + "not_ne_string_unicode", "ίδιο", " != 'ίδιο'", false);
  outside(n + "ne_bytes", plate + R"( != b'\u00FF')", "without the b");
  flag(n + "ne_bool", false, " != true", true);
  flag(n + "not_ne_bool", true, " != true", false);
  outside(n + "not_ne_null", "null != null", "write has(field)");
  outside(n + "ne_list_empty", "[] != [1]", "");
  const std::string lt = "comparisons/lt_literal/", gt = "comparisons/gt_literal/", lte = "comparisons/lte_literal/", gte = "comparisons/gte_literal/";
  number(lt + "lt_int", -1, "< 0", true);
  number(lt + "not_lt_int", 0, "< 0", false);
  outside(lt + "lt_uint", seals + " < 1u", "write 1");
  outside(lt + "lt_double", seals + " < 1.0000001", "numbers are whole");
  outside(lt + "lt_string", plate + " < 'b'", order);
  outside(lt + "lt_string_case", plate + " < 'aBC'", order);
  outside(lt + "lt_bytes", plate + " < b'b'", "without the b");
  outside(lt + "lt_bool_false_first", aeo + " < true", "write declaration.aeo or !declaration.aeo");
  outside(lt + "lt_list_unsupported", "[0] < [1]", "name a field");
  outside(lt + "lt_map_unsupported", "{0:'a'} < {1:'b'}", "write a list");
  outside(lt + "lt_null_unsupported", "null < null", "write has(field)");
  outside(lt + "lt_mixed_types_error", plate + " < 1024", "not with 1024");
  outside(lt + "lt_dyn_int_uint", "dyn(1) < 2u", "");
  number(gt + "gt_int", 42, "> -42", true);
  number(gt + "not_gt_int", 0, "> 0", false);
  outside(gt + "gt_uint", seals + " > 46u", "write 46");
  outside(gt + "gt_double", seals + " > 1e+0", "numbers are whole");
  outside(gt + "not_gt_double", seals + " > .99", "numbers are whole");
  outside(gt + "gt_string_case", plate + " > 'aBc'", order);
  outside(gt + "gt_bytes_one", plate + " > b'\\x00'", "without the b");
  outside(gt + "gt_bool_true_false", aeo + " > false", "write declaration.aeo or !declaration.aeo");
  outside(gt + "gt_null_unsupported", "null > null", "write has(field)");
  outside(gt + "gt_list_unsupported", "[1] > [0]", "name a field");
  outside(gt + "gt_mixed_types_error", plate + " > 1024", "not with 1024");
  number(lte + "lte_int_lt", 0, "<= 1", true);
  number(lte + "lte_int_eq", 1, "<= 1", true);
  number(lte + "not_lte_int_gt", 1, "<= -1", false);
  outside(lte + "lte_uint_lt", seals + " <= 1u", "write 1");
  outside(lte + "lte_string_empty", plate + " <= ''", order);
  outside(lte + "lte_null_unsupported", "null <= null", "write has(field)");
  number(gte + "gte_int_gt", 0, ">= -1", true);
  number(gte + "gte_int_eq", 999, ">= 999", true);
  number(gte + "not_gte_int_lt", 999, ">= 1000", false);
  outside(gte + "gte_string_empty", plate + " >= ''", order);
  outside(gte + "gte_mixed_types_error", plate + " >= 1.0", "numbers are whole");
  const std::string bound = "comparisons/bound/";
  outside(bound + "bytes_gt_left_false", plate + " > b'\\x00'", "without the b");
  number(bound + "int_lte_right_true", 124, ">= 123 && 123 <= " + seals, true);
  outside(bound + "bool_lt_right_true", "false < " + aeo, "write declaration.aeo or !declaration.aeo");
  outside(bound + "double_ne_left_false", seals + " != 9.8", "numbers are whole");
  outside(bound + "map_ne_right_false", "{'a':'b','c':'d'} != " + plate, "write a list");
  outside(bound + "null_eq_left_true", plate + " == null", "write has(field)");
  outside(bound + "list_eq_right_false", "['1', '2'] == declaration.route", "write declaration.route.exists(e, e in [...])");
  outside(bound + "string_gte_right_true", "'abcd' >= " + plate, order);
  outside(bound + "uint_eq_right_false", "999u == " + seals, "write 999");
  outside(bound + "null_lt_right_no_such_overload", "null < " + seals, "write has(field)");
  const std::string in = "comparisons/in_list_literal/";
  outside(in + "elem_not_in_empty_list", plate + " in []", "put values into it");
  text(in + "elem_in_list", "elem", " in ['elem', 'elemA', 'elemB']", true);
  text(in + "elem_not_in_list", "not", " in ['elem1', 'elem2', 'elem3']", false);
  outside(in + "elem_in_mixed_type_list", plate + " in [1, 'elem', 2]", "write texts in quotes");
  outside("comparisons/in_map_literal/key_in_map", "'key' in {'key':'1', 'other':'2'}", "write a list");
}

void strings() {
  const std::string s = "string/starts_with/";
  text(s + "basic_true", "foobar", ".startsWith('foo')", true);
  text(s + "basic_false", "foobar", ".startsWith('bar')", false);
  text(s + "empty_target", "", ".startsWith('foo')", false);
  text(s + "empty_arg", "foobar", ".startsWith('')", true);
  text(s + "empty_empty", "", ".startsWith('')", true);
  text(s + "unicode", "завтра", ".startsWith('за')", true);
  for (const std::string test : {"empty", "one_ascii", "one_unicode", "ascii", "unicode"}) outside("string/size/" + test, "size(" + plate + ") == 0", "use has(field)");
  for (const std::string test : {"basic_true", "basic_false", "empty_target", "empty_arg", "empty_empty", "unicode"}) outside("string/ends_with/" + test, plate + ".endsWith('bar')", "use startsWith or a list");
  for (const std::string test : {"basic", "empty_target", "empty_arg", "empty_empty", "re_concat", "re_alt", "re_rep", "unicode"}) outside("string/matches/" + test, plate + ".matches('ubb')", "use startsWith or a list");
  for (const std::string test : {"concat_true", "concat_with_spaces", "concat_empty_string_beginning", "concat_empty_string_end", "concat_empty_with_empty", "unicode_unicode", "ascii_unicode", "empty_unicode"})
    outside("string/concatentation/" + test, plate + " == 'he' + 'llo'", "write the result");
  for (const std::string test : {"contains_true", "contains_empty", "contains_false", "contains_multiple", "contains_unicode"}) outside("string/contains/" + test, plate + ".contains('he')", "use startsWith");
  for (const std::string test : {"list_append", "list_not_commutative", "list_repeat"}) outside("lists/concatentation/" + test, seals + " in [0, 1] + [2]", "write the result");
}

void macros() {
  const std::string e = "macros/exists/", a = "macros/all/", g = "g.gross_kg", route = "declaration.route";
  const auto exists = [&](const std::string& body) { return "goods.exists(g, " + g + body + ")"; };
  const auto all = [&](const std::string& body) { return "goods.all(g, " + g + body + ")"; };
  same(e + "list_elem_all_true", exists(" > 0"), Says::yes, goods({1, 2, 3}));
  same(e + "list_elem_some_true", exists(" == 2"), Says::yes, goods({1, 2, 3}));
  same(e + "list_elem_none_true", exists(" > 3"), Says::no, goods({1, 2, 3}));
  same(e + "list_elem_type_shortcircuit", exists(" != 1"), Says::yes, goods({1, 0, 3}));
  same(e + "list_elem_type_exhaustive", exists(" == 10"), Says::undetermined, goods({1, 0, 3}));
  same(e + "list_elem_all_error", exists(" == 17"), Says::undetermined, goods({0, 0, 0}));
  same(e + "list_empty", route + ".exists(e, e == '2')", Says::no, {{route, std::vector<std::string>{}}});
  outside(e + "map_key", "{'key1':1, 'key2':2}.exists(k, k == 'key2')", "write a list");
  outside(e + "not_map_key", "!{'key1':1, 'key2':2}.exists(k, k == 'key3')", "write a list");
  outside(e + "map_key_type_shortcircuit", "{'key':1, 1:21}.exists(k, k != 2)", "write a list");
  outside(e + "map_key_type_exhaustive", "!{'key':1, 1:42}.exists(k, k == 2)", "write a list");
  same(a + "list_elem_all_true", all(" > 0"), Says::yes, goods({1, 2, 3}));
  same(a + "list_elem_some_true", all(" == 2"), Says::no, goods({1, 2, 3}));
  same(a + "list_elem_none_true", all(" == 17"), Says::no, goods({1, 2, 3}));
  same(a + "list_elem_type_shortcircuit", all(" == 1"), Says::no, goods({1, 0, 3}));
  same(a + "list_elem_type_exhaustive", all(" <= 3"), Says::undetermined, goods({1, 0, 3}));
  same(a + "list_elem_error_shortcircuit", all(" == 6"), Says::no, goods({6, 0, 3}));
  same(a + "list_elem_error_exhaustive", all(" != 17"), Says::undetermined, goods({0, 0, 0}));
  // CEL: true. Here a declaration without goods items lacks them: never a reason for a greener lane.
  same(a + "list_empty", all(" > 0"), Says::differs, goods({}));
  outside(a + "map_key", "{'key1':1, 'key2':2}.all(k, k == 'key2')", "write a list");
  for (const std::string test : {"list_empty", "list_one_true", "list_one_false", "list_none", "list_one", "list_many", "list_all", "list_no_shortcircuit"})
    outside("macros/exists_one/" + test, "goods.exists_one(g, g.gross_kg == 7)", "use exists");
  for (const std::string test : {"list_empty", "list_one", "list_many", "list_error"}) outside("macros/map/" + test, "goods.map(g, g.gross_kg)", "use exists");
  for (const std::string test : {"list_empty", "list_one_true", "list_one_false", "list_none", "list_some", "list_all", "list_no_shortcircuit"})
    outside("macros/filter/" + test, "goods.filter(g, g.gross_kg > 3)", "use exists");
}

}  // namespace

TEST(CelConformance, EveryCaseSaysTheSameOrIsRefusedWithARemedy) {
  rows.clear();
  basic(), parse_trees(), parse_strings(), parse_rest(), logic(), comparisons(), strings(), macros();
  std::size_t equal = 0, refused = 0, differing = 0;
  for (const auto& row : rows) {
    std::vector<Finding> findings;
    const auto condition = from_cel(row.text, findings);
    std::string all;
    for (const auto& f : findings) all += f.path + ": " + f.cause + "; " + f.remedy + "\n";
    if (row.says == Says::outside) {
      ++refused;
      EXPECT_FALSE(findings.empty()) << row.name << "\n" << row.text;
      EXPECT_NE(all.find(row.remedy), std::string::npos) << row.name << "\n" << row.text << "\n" << all;
      continue;
    }
    EXPECT_EQ(all, "") << row.name << "\n" << row.text;
    std::vector<std::string> missing_facts;
    const auto truth = evaluate(condition, row.facts, {}, missing_facts);
    const auto expected = row.says == Says::yes ? Truth::yes : row.says == Says::no ? Truth::no : Truth::undetermined;
    EXPECT_EQ(static_cast<int>(truth), static_cast<int>(expected)) << row.name << "\n" << row.text;
    ++(row.says == Says::differs ? differing : equal);
    EXPECT_EQ(from_cel(to_cel(condition), findings), condition) << row.name;  // and it is printed without loss
  }
  std::cout << "CEL conformance: " << rows.size() << " cases, " << equal << " the same value, " << refused << " outside the subset and refused with a remedy, "
            << differing << " different on purpose\n";
  EXPECT_EQ(rows.size(), equal + refused + differing);
  EXPECT_GE(equal, 150u);
  EXPECT_EQ(differing, 1u);
}
