// What tch does not wrap: grouped optimiser arithmetic, autocast with a dtype, dropout from a generator, tensors
// without memory, switches, memory figures.
#include "shim.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <stdexcept>

static at::DeviceType device_type(int cuda) { return cuda ? at::kCUDA : at::kCPU; }

// What a fused step takes for granted: it walks both through memory, number by number. Gradients are brought into
// the layout of their parameters beforehand, so their strides may differ until then.
static bool alike(const Tensor &p, const Tensor &t, bool strides) {
  return p.defined() && t.defined() && p.layout() == at::kStrided && t.layout() == at::kStrided &&
         p.is_non_overlapping_and_dense() && t.sizes() == p.sizes() && t.scalar_type() == p.scalar_type() &&
         t.device() == p.device() && (!strides || t.strides() == p.strides());
}

static bool is_step(const Tensor &p, const Tensor &step) {
  return p.defined() && step.defined() && step.layout() == at::kStrided && step.dim() == 0 &&
         step.scalar_type() == at::kFloat && step.device() == p.device();
}

extern "C" {
const char *pt_error() { return last_error.c_str(); }

// Fails in each of the ways that there are, for the test of what every function here promises.
int pt_fail(int how) {
  PT_TRY(if (how == 0) TORCH_CHECK(false, "a check of LibTorch\nwith a second line");
         if (how == 1) throw std::runtime_error("the standard library"); throw how)
}

int pt_generator_new(int64_t seed, at::Generator **out) {
  PT_TRY(*out = new at::Generator(at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(seed))))
}
void pt_generator_free(at::Generator *generator) { delete generator; }
// As at::dropout on the CPU, whose noise comes from the default generator.
int pt_dropout(const Tensor *x, double p, at::Generator *generator, Tensor **out) {
  PT_TRY(auto noise = at::empty_like(*x).bernoulli_(1 - p, *generator); noise.div_(1 - p);
         *out = new Tensor(*x * noise))
}

int pt_meta(const int64_t *size, size_t dimensions, int kind, Tensor **out) {
  PT_TRY(auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(kind)).device(at::kMeta);
         *out = new Tensor(at::empty(at::IntArrayRef(size, dimensions), options)))
}

// Index of the first tensor that is not like its parameter; n when all are.
int pt_first_unlike(Tensor *const *p, Tensor *const *t, size_t n, int strides, size_t *index) {
  PT_TRY(size_t i = 0; while (i < n && alike(*p[i], *t[i], strides)) i++; *index = i)
}
int pt_first_no_step(Tensor *const *p, Tensor *const *steps, size_t n, size_t *index) {
  PT_TRY(size_t i = 0; while (i < n && is_step(*p[i], *steps[i])) i++; *index = i)
}

int pt_autocast_get(int cuda, int *enabled, int *kind) {
  PT_TRY(*enabled = at::autocast::is_autocast_enabled(device_type(cuda));
         *kind = static_cast<int>(at::autocast::get_autocast_dtype(device_type(cuda))))
}
int pt_autocast_set(int cuda, int enabled, int kind) {
  PT_TRY(at::autocast::set_autocast_dtype(device_type(cuda), static_cast<at::ScalarType>(kind));
         at::autocast::set_autocast_enabled(device_type(cuda), enabled))
}
int pt_autocast_enter() { PT_TRY(at::autocast::increment_nesting()) }
int pt_autocast_exit() {
  PT_TRY(if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache())
}

int pt_tf32(int on) {
  PT_TRY(at::globalContext().setAllowTF32CuBLAS(on); at::globalContext().setAllowTF32CuDNN(on))
}
int pt_onednn(int on) { PT_TRY(at::globalContext().setUserEnabledMkldnn(on)) }
int pt_deterministic(int on) {
  PT_TRY(at::globalContext().setDeterministicAlgorithms(on, false); at::globalContext().setDeterministicCuDNN(on))
}
int pt_memory(int device, int64_t *allocated, int64_t *peak) {
  PT_TRY(auto stats = at::getDeviceAllocator(at::kCUDA)->getDeviceStats(device);
         *allocated = stats.allocated_bytes[0].current; *peak = stats.allocated_bytes[0].peak)
}

// Grouped arithmetic: one call, and on CUDA a few kernels, for all parameters.
int pt_foreach_norm(Tensor *const *t, size_t n, Tensor **total) {
  PT_TRY(at::NoGradGuard no_grad; *total = new Tensor(at::linalg_vector_norm(at::stack(at::_foreach_norm(list(t, n))))))
}
int pt_foreach_mul_scalar(Tensor *const *t, size_t n, double factor) {
  PT_TRY(at::NoGradGuard no_grad; at::_foreach_mul_(list(t, n), factor))
}
int pt_foreach_mul_tensor(Tensor *const *t, size_t n, const Tensor *factor) {
  PT_TRY(at::NoGradGuard no_grad; at::_foreach_mul_(list(t, n), *factor))
}
int pt_foreach_add(Tensor *const *t, Tensor *const *other, size_t n, double alpha) {
  PT_TRY(at::NoGradGuard no_grad; at::_foreach_add_(list(t, n), list(other, n), alpha))
}
int pt_foreach_lerp(Tensor *const *t, Tensor *const *end, size_t n, double weight) {
  PT_TRY(at::NoGradGuard no_grad; at::_foreach_lerp_(list(t, n), list(end, n), weight))
}
int pt_foreach_copy(Tensor *const *t, Tensor *const *source, size_t n) {
  PT_TRY(at::NoGradGuard no_grad; at::_foreach_copy_(list(t, n), list(source, n)))
}
int pt_fused_sgd(Tensor *const *p, Tensor *const *g, Tensor *const *velocity, size_t n, double decay, double momentum,
                 double lr) {
  // LibTorch wants no velocities where there is no momentum.
  PT_TRY(at::NoGradGuard no_grad; at::_fused_sgd_(list(p, n), list(g, n), list(velocity, momentum == 0 ? 0 : n), decay,
                                                  momentum, lr, 0.0, false, false, false))
}
int pt_fused_adam(Tensor *const *p, Tensor *const *g, Tensor *const *m, Tensor *const *v, Tensor *const *steps, size_t n,
                  double lr, double beta1, double beta2, double decay, double eps, int decoupled) {
  PT_TRY(at::NoGradGuard no_grad; std::vector<Tensor> none; if (decoupled) {
    at::_fused_adamw_(list(p, n), list(g, n), list(m, n), list(v, n), none, list(steps, n), lr, beta1, beta2, decay, eps,
                      false, false);
  } else {
    at::_fused_adam_(list(p, n), list(g, n), list(m, n), list(v, n), none, list(steps, n), lr, beta1, beta2, decay, eps,
                     false, false);
  })
}
}
