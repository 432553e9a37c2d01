// What the files of the shim share: how failures come back, and lists of tensors.
// Every function catches everything: no C++ exception may cross into Rust. 0 is success; otherwise pt_error() has the
// text.
#pragma once
#include <ATen/ATen.h>

#include <exception>
#include <string>
#include <vector>

using at::Tensor;

inline thread_local std::string last_error;

#define PT_TRY(...)                   \
  try {                               \
    __VA_ARGS__;                      \
    return 0;                         \
  } catch (const c10::Error &e) {      \
    last_error = e.what_without_backtrace(); \
    return 1;                         \
  } catch (const std::exception &e) { \
    last_error = e.what();            \
    return 1;                         \
  } catch (...) {                     \
    last_error = "an exception of unknown type"; \
    return 1;                         \
  }

inline std::vector<Tensor> list(Tensor *const *tensors, size_t n) {
  std::vector<Tensor> out;
  out.reserve(n);
  for (size_t i = 0; i < n; i++) out.push_back(*tensors[i]);
  return out;
}
