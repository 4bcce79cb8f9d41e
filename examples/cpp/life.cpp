// The life of a volume through the wrapper: made on storage of the program's own, filled, opened by two
// people, and erased by guesses.
//
// Usage: life
// Ends with 0 if all went as the comments say.

#include <array>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <mutex>
#include <type_traits>
#include <vector>

#include "tenlock.hpp"

namespace {

constexpr std::string_view message = "minutes of the meeting";

void check(bool holds, const char *what) {
    if (!holds) throw std::logic_error(std::string("does not hold: ") + what);
}

/// The error that a body has to end with.
template <class Body>
tenlock::Error refused(tenlock_code wanted, Body body) {
    try {
        body();
    } catch (const tenlock::Error &error) {
        if (error.code() == wanted) return error;
        throw;
    }
    throw std::logic_error(std::string("not refused: ") + tenlock_code_name(wanted));
}

/// Storage in memory; many threads may use it.
class Memory : public tenlock::Device {
public:
    std::uint64_t length() override {
        const std::lock_guard guard(mutex_);
        return bytes_.size();
    }
    void read(std::uint64_t offset, void *buffer, std::size_t size) override {
        const std::lock_guard guard(mutex_);
        std::memcpy(buffer, at(offset, size), size);
    }
    void write(std::uint64_t offset, const void *data, std::size_t size) override {
        const std::lock_guard guard(mutex_);
        if (full_) throw std::system_error(std::make_error_code(std::errc::no_space_on_device));
        std::memcpy(at(offset, size), data, size);
    }
    void flush() override {}
    void set_length(std::uint64_t length) override {
        const std::lock_guard guard(mutex_);
        bytes_.resize(length);
    }
    void lock() override {
        const std::lock_guard guard(mutex_);
        if (std::exchange(locked_, true)) throw tenlock::Error(TENLOCK_ERROR_BUSY);
    }
    void unlock() override {
        const std::lock_guard guard(mutex_);
        locked_ = false;
    }
    /// From now on there is room for nothing, or there is again.
    void set_full(bool full) {
        const std::lock_guard guard(mutex_);
        full_ = full;
    }

private:
    unsigned char *at(std::uint64_t offset, std::size_t size) {
        if (offset > bytes_.size() || size > bytes_.size() - offset) throw std::out_of_range("beyond the end");
        return bytes_.data() + offset;
    }
    std::mutex mutex_;
    std::vector<unsigned char> bytes_;
    bool locked_ = false;
    bool full_ = false;
};

/// The least cost there is, so that the example is quick.
tenlock_create_options cheap() {
    auto options = tenlock::init<tenlock_create_options>();
    options.payload_length = 1 << 20;
    options.kdf_memory_kib = 19456;
    options.kdf_passes = 2;
    options.kdf_lanes = 1;
    options.attempt_limit = 3;
    return options;
}

tenlock_unlock_options as(std::uint32_t role) {
    auto options = tenlock::init<tenlock_unlock_options>();
    options.choice = TENLOCK_CHOOSE_ROLE;
    options.role = role;
    return options;
}

void check_content(const tenlock::Volume &volume) {
    std::array<char, message.size()> found{};
    volume.read(4000, found.data(), found.size());
    check(std::string_view(found.data(), found.size()) == message, "what was written is read");
}

/// A full storage is an error of the write that met it, with its number; nothing is lost.
void fill(tenlock::Volume &volume, Memory &memory) {
    memory.set_full(true);
    const auto error = refused(TENLOCK_ERROR_IO, [&] { volume.write(4000, message.data(), message.size()); });
    check(error.os_error() == ENOSPC, "the error number is the storage's");
    memory.set_full(false);
    volume.write(4000, message.data(), message.size());
    volume.flush();
    check_content(volume);
    refused(TENLOCK_ERROR_OUT_OF_RANGE, [&] { volume.write(1 << 20, "x", 1); });
}

void add_user(tenlock::Volume &volume, const tenlock::Credential &user) {
    auto slot = tenlock::init<tenlock_slot_options>();
    slot.role = TENLOCK_ROLE_USER;
    slot.name = "Kim";
    check(volume.add_slot(slot, user) == 1, "the first free slot is taken");
}

/// Who cancels in the midst of the derivation gets the attempt back.
void cancel(tenlock::Locked &locked, const tenlock::Credential &admin) {
    int calls = 0;
    const tenlock::Progress progress([&](std::uint32_t, std::uint32_t) { return ++calls < 2; });
    auto options = as(TENLOCK_ROLE_ADMIN);
    options.progress = progress.get();
    refused(TENLOCK_ERROR_CANCELLED, [&] { locked.unlock(admin, options); });
    check(calls == 2, "after a cancel nothing more is reported");
}

/// Two wrong passphrases are counted, the third destroys the key; then the right one is too late.
void guess_until_erased(tenlock::Locked &locked, const tenlock::Credential &admin) {
    const auto wrong = tenlock::Credential::of_passphrase("password1");
    for (int left = 2; left > 0; left--) {
        const auto error = refused(TENLOCK_ERROR_WRONG_CREDENTIAL,
                                   [&] { locked.unlock(wrong, as(TENLOCK_ROLE_ADMIN)); });
        check(error.remaining() == left && error.erases_volume(), "the error says what is at stake");
        std::cout << error.what() << '\n';
    }
    refused(TENLOCK_ERROR_ERASED, [&] { locked.unlock(wrong, as(TENLOCK_ROLE_ADMIN)); });
    refused(TENLOCK_ERROR_ERASED, [&] { locked.unlock(admin, as(TENLOCK_ROLE_ADMIN)); });
    check(locked.state() == TENLOCK_STATE_ERASED, "the volume is erased");
    std::cout << locked.report() << '\n';
}

void live() {
    static_assert(std::is_nothrow_move_constructible_v<tenlock::Volume>);
    static_assert(!std::is_copy_constructible_v<tenlock::Volume>);
    const auto admin = tenlock::Credential::of_passphrase("correct horse battery staple");
    const auto user = tenlock::Credential::of_passphrase("tail wags the cheerful dog");
    const auto memory = std::make_shared<Memory>();
    const std::weak_ptr<Memory> watched = memory;
    const auto storage = tenlock::Storage::on(memory);

    auto volume = tenlock::Volume::create(storage, admin, cheap());
    fill(volume, *memory);
    add_user(volume, user);
    refused(TENLOCK_ERROR_BUSY, [&] { tenlock::Locked::open(storage); });
    auto locked = volume.lock();
    check(volume.get() == nullptr, "a locked volume is no open one any more");

    volume = locked.unlock(user);
    check(volume.facts().role == TENLOCK_ROLE_USER, "the only user's slot is the obvious one");
    check_content(volume);
    locked = volume.lock();
    cancel(locked, admin);
    guess_until_erased(locked, admin);
    check(watched.use_count() == 2, "the library holds the device once");
}

} // namespace

int main() {
    try {
        live();
        check(tenlock_handle_count() == 0, "no handle was forgotten");
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
