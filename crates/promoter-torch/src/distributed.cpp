// PyTorch's own c10d: a store where processes meet, the group of them, sums and copies of tensors across it, and the
// Reducer that DistributedDataParallel is made of.
//
// Gloo serves the CPU. NCCL serves NVIDIA GPUs; its headers want CUDA's, so it belongs into the library that is opened
// at run time with LibTorch's CUDA half: a second backend for c10::DeviceType::CUDA, set where `meet` sets Gloo.
#include "shim.hpp"

#include <c10/util/Flags.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/comm.hpp>
#include <torch/csrc/distributed/c10d/logger.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

C10_DECLARE_int(caffe2_log_level);

using std::chrono::milliseconds;
using Processes = c10::intrusive_ptr<c10d::ProcessGroup>;
using Store = c10::intrusive_ptr<c10d::Store>;

// Between two signs of life.
constexpr milliseconds BEAT{500};
// Without a sign of life for so long, once something has failed, a rank is lost.
constexpr milliseconds SILENCE{3000};
// For an answer of the store, once something has failed.
constexpr milliseconds ANSWER{10000};
// To reach the store: PyTorch's default.
constexpr milliseconds REACH{300000};
// Of a bucket of gradients, and of the first one, which can be sent soon: DistributedDataParallel's defaults.
constexpr size_t BUCKET = 25 << 20, FIRST_BUCKET = 1 << 20;

// A lost connection is an error here, with one line for people: c10d warns of it besides, with call stacks. Unless its
// level of warnings was changed.
static void keep_quiet() {
  constexpr int WARNING = 1, FATAL = 3;
  if (FLAGS_caffe2_log_level == WARNING) FLAGS_caffe2_log_level = FATAL;
}

static std::string beat_of(int rank) { return "beat/" + std::to_string(rank); }

static std::string left_by(int rank) { return "left/" + std::to_string(rank); }

// Signs of life of this process, by a thread with a connection of its own: a process that waits for others still gives
// them.
class Heart {
 public:
  Heart(const Store &store, int rank) : thread([this, own = store->clone(), rank] { run(own, rank); }) {}
  ~Heart() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      stopped = true;
    }
    wake.notify_all();
    thread.join();
  }

 private:
  void run(const Store &store, int rank) {
    std::unique_lock<std::mutex> lock(mutex);
    try {
      for (int64_t beat = 0; !stopped; beat++) {
        store->set(beat_of(rank), std::to_string(beat));
        wake.wait_for(lock, BEAT, [this] { return stopped; });
      }
    } catch (...) {
      // The store has gone: who needs it finds out.
    }
  }
  std::mutex mutex;
  std::condition_variable wake;
  bool stopped = false;
  std::thread thread;
};

struct pt_group {
  int rank, size;
  bool serves;
  Store store;
  std::unique_ptr<Heart> heart;
  Processes processes;
  bool failed = false;

  // Ranks that wait for this one see its connections close, and ask the store who is lost: whoever serves it stays until
  // they have.
  ~pt_group() {
    processes.reset();
    if (!failed || !serves) return;
    try {
      auto lost = "," + lost_before() + ",";
      auto until = std::chrono::steady_clock::now() + ANSWER;
      auto is_left = [&](int r) {
        return r == rank || lost.find("," + std::to_string(r) + ",") != std::string::npos || store->check({left_by(r)});
      };
      for (int r = 0; r < size && std::chrono::steady_clock::now() < until;) {
        if (is_left(r)) r++; else std::this_thread::sleep_for(BEAT / 5);
      }
    } catch (...) {
      // Nobody can ask any more.
    }
  }

  std::string lost_before() { return store->check({"lost"}) ? store->get_to_str("lost") : ""; }

  // Last signs of life, empty where there is none.
  std::vector<std::string> beats() {
    std::vector<std::string> out(size);
    for (int r = 0; r < size; r++) {
      if (store->check({beat_of(r)})) out[r] = store->get_to_str(beat_of(r));
    }
    return out;
  }

  // Ranks that give no sign of life, with commas between. Who finds some first says so to all: it ends soon, and is not
  // to be taken for lost itself.
  std::string lost() {
    failed = true;
    store->setTimeout(ANSWER);
    store->wait({beat_of(0)});
    auto text = find_lost();
    store->set(left_by(rank), "");
    return text;
  }

  std::string find_lost() {
    if (auto text = lost_before(); !text.empty()) return text;
    auto before = beats();
    std::this_thread::sleep_for(SILENCE);
    if (auto text = lost_before(); !text.empty()) return text;
    auto after = beats();
    std::string text;
    for (int r = 0; r < size; r++) {
      if (r != rank && (after[r].empty() || after[r] == before[r])) text += (text.empty() ? "" : ",") + std::to_string(r);
    }
    if (!text.empty()) store->set("lost", text);
    return text;
  }

  void meet(const std::string &host, const std::string &interface, milliseconds timeout) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    using Gloo = c10d::ProcessGroupGloo;
    bool here = host == "localhost" || host == "127.0.0.1";
    options->devices.push_back(!interface.empty() ? Gloo::createDeviceForInterface(interface)
                               : here             ? Gloo::createDeviceForHostname(host)
                                                  : Gloo::createDefaultDevice());
    auto gloo = c10::make_intrusive<Gloo>(store, rank, size, options);
    processes = c10::make_intrusive<c10d::ProcessGroup>(store, rank, size);
    processes->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::GLOO, gloo);
    processes->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
  }
};

struct pt_reducer {
  std::vector<Tensor> weights;
  std::shared_ptr<c10d::Reducer> reducer;
};

// Begins an operation of a group. c10d keeps one record of operations for all groups of a process (its flight recorder),
// where a group's first entry is made without a lock: two groups on two threads would break it.
template <typename F>
static auto begin(F operation) {
  static std::mutex record;
  std::lock_guard<std::mutex> lock(record);
  return operation();
}

static c10::intrusive_ptr<c10d::Work> begin_sum(const Processes &processes, std::vector<Tensor> &tensors) {
  return begin([&] { return tensors.size() == 1 ? processes->allreduce(tensors) : processes->allreduce_coalesced(tensors); });
}

// The sum itself: losses carry their weights, so nothing is divided.
struct Sum : c10d::CppCommHookInterface<Processes> {
  explicit Sum(const Processes &processes) : CppCommHookInterface(processes) {}
  c10::intrusive_ptr<c10::ivalue::Future> runHook(c10d::GradBucket &bucket) override {
    std::vector<Tensor> tensors{bucket.getBufferRef()};
    return begin_sum(state_, tensors)->getFuture();
  }
};

static Tensor sum_of(const Processes &processes, const Tensor &x) {
  std::vector<Tensor> tensors{x.detach().clone(at::MemoryFormat::Contiguous)};
  begin_sum(processes, tensors)->wait();
  return tensors[0];
}

// A sum over the processes as part of a graph: the loss of each depends on the summand of each.
struct Total : torch::autograd::Function<Total> {
  static Tensor forward(torch::autograd::AutogradContext *context, const Tensor &x, const Processes &processes) {
    context->saved_data["processes"] = c10::IValue::make_capsule(processes);
    return sum_of(processes, x);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    auto capsule = context->saved_data["processes"].toCapsule();
    return {sum_of(c10::static_intrusive_pointer_cast<c10d::ProcessGroup>(capsule), gradients[0]), Tensor()};
  }
};

extern "C" {
// `out` is set before the group has met, so that who is missing can be asked for.
int pt_group_join(const char *host, int port, int rank, int size, int serves, const char *prefix, const char *interface,
                  int64_t timeout, pt_group **out) {
  PT_TRY(keep_quiet(); c10d::TCPStoreOptions options; options.port = port; options.isServer = serves; options.waitWorkers = false;
         options.timeout = std::min(milliseconds(timeout), REACH);
         Store store = c10::make_intrusive<c10d::PrefixStore>(prefix, c10::make_intrusive<c10d::TCPStore>(host, options));
         auto heart = std::make_unique<Heart>(store, rank);
         *out = new pt_group{rank, size, serves != 0, store, std::move(heart), nullptr};
         (*out)->meet(host, interface, milliseconds(timeout)))
}
void pt_group_free(pt_group *group) { delete group; }

int pt_group_lost(pt_group *group, char *out, size_t size) {
  PT_TRY(auto text = group->lost(); text.resize(std::min(text.size(), size - 1)); std::copy_n(text.c_str(), text.size() + 1, out))
}

int pt_group_all_reduce(pt_group *group, Tensor *const *tensors, size_t n) {
  PT_TRY(at::NoGradGuard no_grad; auto all = list(tensors, n); begin_sum(group->processes, all)->wait())
}
int pt_group_total(pt_group *group, const Tensor *x, Tensor **out) {
  PT_TRY(*out = new Tensor(Total::apply(*x, group->processes)))
}
// From rank 0.
int pt_group_broadcast(pt_group *group, Tensor *const *tensors, size_t n) {
  PT_TRY(at::NoGradGuard no_grad; std::vector<c10::intrusive_ptr<c10d::Work>> works; for (auto &tensor : list(tensors, n)) {
           std::vector<Tensor> one{tensor};
           works.push_back(begin([&] { return group->processes->broadcast(one); }));
         }
         for (auto &work : works) work->wait())
}

int pt_reducer_new(pt_group *group, Tensor *const *weights, size_t n, pt_reducer **out) {
  PT_TRY(auto all = list(weights, n); std::vector<Tensor> backwards(all.rbegin(), all.rend());
         // Gradients come from the last layer first. The buckets stay as they are: rebuilt ones would add in another
         // order after the first step, and a resumed run would not have the bytes of one that was left alone.
         auto buckets = std::get<0>(c10d::compute_bucket_assignment_by_size(backwards, {FIRST_BUCKET, BUCKET}));
         auto reducer = std::make_shared<c10d::Reducer>(
             backwards, buckets, group->processes, std::vector<bool>(n, false), BUCKET, false, false,
             std::unordered_map<size_t, std::string>{}, FIRST_BUCKET, false, false, std::vector<int64_t>{});
         reducer->register_comm_hook(std::make_unique<Sum>(group->processes));
         reducer->set_logger(std::make_shared<c10d::Logger>(reducer));
         *out = new pt_reducer{all, reducer})
}
void pt_reducer_free(pt_reducer *reducer) { delete reducer; }

// Backward pass with the sums under way meanwhile; `out` has room for a gradient of each weight.
int pt_reducer_backward(pt_reducer *reducer, const Tensor *loss, Tensor **out) {
  PT_TRY(auto &weights = reducer->weights; for (auto &weight : weights) weight.mutable_grad() = Tensor();
         reducer->reducer->prepare_for_backward({}); loss->backward();
         std::vector<Tensor> gradients; for (auto &weight : weights) {
           TORCH_CHECK(weight.grad().defined(), "a weight has no gradient");
           gradients.push_back(weight.grad());
           weight.mutable_grad() = Tensor();
         }
         for (size_t i = 0; i < gradients.size(); i++) out[i] = new Tensor(gradients[i]))
}
}
