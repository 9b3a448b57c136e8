// Status and Result<T>: how every fallible function in Retort reports.
// Header-only and free of dependencies, since plugins built against the SDK use the same types.
// A default Status is OK. Messages name the thing, what was expected, what came, and how to fix it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace retort {

/// Fixed values: they cross the plugin ABI (retort_code in <retort/plugin.h>).
enum class StatusCode : int32_t {
  kOk = 0,
  kInvalidArgument = 1,    // the user's input is wrong
  kNotFound = 2,           // a named thing does not exist
  kAlreadyExists = 3,      // a name is taken
  kUnsupported = 4,        // valid, but not something this build can do
  kDataLoss = 5,           // a file is truncated or corrupt
  kResourceExhausted = 6,  // memory, disk, context or another limit is used up
  kCancelled = 7,          // the run was asked to stop
  kInternal = 8,           // our own mistake
};

/// The code's name as it appears in dead-letter files and messages, e.g. "invalid_argument".
constexpr std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return "ok";
    case StatusCode::kInvalidArgument: return "invalid_argument";
    case StatusCode::kNotFound: return "not_found";
    case StatusCode::kAlreadyExists: return "already_exists";
    case StatusCode::kUnsupported: return "unsupported";
    case StatusCode::kDataLoss: return "data_loss";
    case StatusCode::kResourceExhausted: return "resource_exhausted";
    case StatusCode::kCancelled: return "cancelled";
    case StatusCode::kInternal: return "internal";
  }
  return "unknown";
}

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return {}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  /// "invalid_argument: <message>", or "ok".
  std::string ToString() const {
    std::string text(StatusCodeName(code_));
    if (!message_.empty()) text.append(": ").append(message_);
    return text;
  }

  /// The same code with `context` and ": " put before the message. OK stays OK.
  Status Annotate(std::string_view context) const {
    if (ok()) return *this;
    return {code_, std::string(context) + ": " + message_};
  }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status InvalidArgument(std::string m) { return {StatusCode::kInvalidArgument, std::move(m)}; }
inline Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
inline Status AlreadyExists(std::string m) { return {StatusCode::kAlreadyExists, std::move(m)}; }
inline Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
inline Status DataLoss(std::string m) { return {StatusCode::kDataLoss, std::move(m)}; }
inline Status ResourceExhausted(std::string m) { return {StatusCode::kResourceExhausted, std::move(m)}; }
inline Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
inline Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

/// A T or the Status that says why there is none. Reading the value of a failed Result aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    if (status_.ok()) status_ = Internal("Result made from an OK status without a value");
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  T& value() & { return Checked(), *value_; }
  const T& value() const& { return Checked(), *value_; }
  T&& value() && { return Checked(), *std::move(value_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  void Checked() const {
    if (!value_) std::abort();
  }
  std::optional<T> value_;
  Status status_;
};

}  // namespace retort

#define RETORT_CONCAT_INNER(a, b) a##b
#define RETORT_CONCAT(a, b) RETORT_CONCAT_INNER(a, b)

/// Return the status of `expr` from this function unless it is OK.
#define RETORT_RETURN_IF_ERROR(expr)                                                           \
  do {                                                                                         \
    if (::retort::Status retort_status_ = (expr); !retort_status_.ok()) return retort_status_; \
  } while (false)

/// Evaluate a Result; return its status on failure, else bind the value: RETORT_ASSIGN_OR_RETURN(auto x, F());
#define RETORT_ASSIGN_OR_RETURN(decl, expr) \
  RETORT_ASSIGN_OR_RETURN_INNER(RETORT_CONCAT(retort_result_, __LINE__), decl, expr)
#define RETORT_ASSIGN_OR_RETURN_INNER(tmp, decl, expr) \
  auto tmp = (expr);                                   \
  if (!tmp.ok()) return tmp.status();                  \
  decl = *std::move(tmp)
