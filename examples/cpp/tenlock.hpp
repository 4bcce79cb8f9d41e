// Tenlock for C++17: handles that free themselves, failures as exceptions.
//
// A thin layer over tenlock.h, to be copied into a program and extended: `get()` gives each handle to the
// functions that have no method here. Objects can be moved, not copied. Threads as in tenlock.h: many at once
// may use a Volume or a Storage, one at a time a Locked, none while it is moved, locked or destroyed.

#ifndef TENLOCK_HPP
#define TENLOCK_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "tenlock.h"

namespace tenlock {

/// A struct of tenlock.h with its size set and zeros otherwise, which are the defaults.
template <class Struct>
Struct init() {
    Struct value{};
    value.size = sizeof value;
    return value;
}

/// What a call did not do, and why.
class Error : public std::runtime_error {
public:
    /// An error of this code with its general text: also for a Device to throw.
    explicit Error(tenlock_code code) : std::runtime_error(tenlock_code_text(code)), code_(code) {}
    Error(tenlock_code code, const tenlock_error &detail)
        : std::runtime_error(detail.text[0] != '\0' ? detail.text : tenlock_code_text(code)), code_(code),
          os_error_(detail.os_error), offset_(detail.offset), remaining_(detail.remaining),
          erases_volume_(detail.erases_volume != 0) {}

    tenlock_code code() const noexcept { return code_; }
    /// For programs, such as "wrong_credential".
    const char *name() const noexcept { return tenlock_code_name(code_); }
    /// The code that codes of later versions belong to as well, 0 to 10.
    tenlock_code code_class() const noexcept { return tenlock_code_class(code_); }
    /// Error number of the operating system, 0 if there is none.
    std::int32_t os_error() const noexcept { return os_error_; }
    /// Where, in bytes; UINT64_MAX if there is no place.
    std::uint64_t offset() const noexcept { return offset_; }
    /// Attempts left after a wrong credential; -1 if none was counted.
    std::int32_t remaining() const noexcept { return remaining_; }
    /// Whether the key of the volume is erased at that limit.
    bool erases_volume() const noexcept { return erases_volume_; }

private:
    tenlock_code code_;
    std::int32_t os_error_ = 0;
    std::uint64_t offset_ = UINT64_MAX;
    std::int32_t remaining_ = -1;
    bool erases_volume_ = false;
};

namespace detail {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T *handle) const noexcept {
        Free(handle);
    }
};

template <class T, auto Free>
using Handle = std::unique_ptr<T, Freed<Free>>;

/// Makes a call that takes a `tenlock_error *` and throws what it says.
template <class Call>
void done(Call call) {
    auto error = init<tenlock_error>();
    const tenlock_code code = call(&error);
    if (code != TENLOCK_OK) throw Error(code, error);
}

/// The handle that a call gives.
template <class T, class Call>
T *made(Call call) {
    T *handle = nullptr;
    done([&](tenlock_error *error) { return call(error, &handle); });
    return handle;
}

/// What a callback returns for what its body throws: nothing may leave a callback but by return.
template <class Body>
std::int32_t guarded(Body body) noexcept {
    try {
        body();
        return 0;
    } catch (const Error &error) {
        return error.code();
    } catch (const std::system_error &error) {
        return error.code().value() > 0 ? -error.code().value() : std::int32_t{TENLOCK_ERROR_IO};
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    } catch (...) {
        return TENLOCK_ERROR_IO;
    }
}

} // namespace detail

/// A text of the library's, perhaps a secret one; wiped when this is destroyed.
class Text {
public:
    explicit Text(tenlock_text *handle) : handle_(handle) {}
    /// Valid as long as this.
    std::string_view view() const {
        const char *data = nullptr;
        std::size_t length = 0;
        detail::done([&](tenlock_error *error) { return tenlock_text_get(get(), error, &data, &length); });
        return {data, length};
    }
    tenlock_text *get() const noexcept { return handle_.get(); }

private:
    detail::Handle<tenlock_text, tenlock_text_free> handle_;
};

/// Storage of the program's own. Methods may be called by several threads at once, and fail by throwing:
/// std::system_error with an error number of the operating system, or an Error with one of the codes that
/// tenlock_storage_callbacks names. Both come out of the call that met them.
class Device {
public:
    virtual ~Device() = default;
    virtual std::uint64_t length() = 0;
    /// Fills all of it.
    virtual void read(std::uint64_t offset, void *buffer, std::size_t size) = 0;
    virtual void write(std::uint64_t offset, const void *data, std::size_t size) = 0;
    /// Returns when all that was written would survive a loss of power: lockout and data rest on it.
    virtual void flush() = 0;
    /// New bytes are zero.
    virtual void set_length(std::uint64_t length) = 0;
    /// Throws Error(TENLOCK_ERROR_BUSY) if somebody has the lock.
    virtual void lock() = 0;
    virtual void unlock() = 0;
};

/// Where a volume's bytes lie. May be destroyed as soon as a volume is opened on it.
class Storage {
public:
    /// `mode` is one of TENLOCK_STORAGE_*.
    static Storage open(const std::string &path, std::uint32_t mode = TENLOCK_STORAGE_OPEN) {
        return Storage(detail::made<tenlock_storage>([&](tenlock_error *error, tenlock_storage **out) {
            return tenlock_storage_open(path.c_str(), mode, error, out);
        }));
    }
    /// The device lives as long as a volume is open on it.
    static Storage on(std::shared_ptr<Device> device) {
        auto kept = std::make_unique<std::shared_ptr<Device>>(std::move(device));
        const auto callbacks = table(kept.get());
        Storage storage(detail::made<tenlock_storage>([&](tenlock_error *error, tenlock_storage **out) {
            return tenlock_storage_from_callbacks(&callbacks, error, out);
        }));
        kept.release(); // now the callback `release` has to
        return storage;
    }
    tenlock_storage *get() const noexcept { return handle_.get(); }

private:
    explicit Storage(tenlock_storage *handle) : handle_(handle) {}
    static Device &device(void *context) { return **static_cast<std::shared_ptr<Device> *>(context); }
    static tenlock_storage_callbacks table(void *context) {
        auto callbacks = init<tenlock_storage_callbacks>();
        callbacks.context = context;
        callbacks.length = [](void *self, std::uint64_t *length) {
            return detail::guarded([&] { *length = device(self).length(); });
        };
        callbacks.read = [](void *self, std::uint64_t offset, void *buffer, std::size_t size) {
            return detail::guarded([&] { device(self).read(offset, buffer, size); });
        };
        callbacks.write = [](void *self, std::uint64_t offset, const void *data, std::size_t size) {
            return detail::guarded([&] { device(self).write(offset, data, size); });
        };
        callbacks.flush = [](void *self) { return detail::guarded([&] { device(self).flush(); }); };
        callbacks.set_length = [](void *self, std::uint64_t length) {
            return detail::guarded([&] { device(self).set_length(length); });
        };
        callbacks.lock = [](void *self) { return detail::guarded([&] { device(self).lock(); }); };
        callbacks.unlock = [](void *self) { return detail::guarded([&] { device(self).unlock(); }); };
        callbacks.release = [](void *self) { delete static_cast<std::shared_ptr<Device> *>(self); };
        return callbacks;
    }
    detail::Handle<tenlock_storage, tenlock_storage_free> handle_;
};

/// What opens a slot: one to four parts that are presented together.
class Credential {
public:
    Credential() : handle_(detail::made<tenlock_credential>(tenlock_credential_new)) {}
    static Credential of_passphrase(std::string_view passphrase) {
        Credential credential;
        credential.add_passphrase(passphrase);
        return credential;
    }
    /// Copied to locked memory: wipe your own.
    void add_passphrase(std::string_view text) { add(tenlock_credential_add_passphrase, text); }
    void add_recovery_key(std::string_view text) { add(tenlock_credential_add_recovery_key, text); }
    void add_private_key(std::string_view text) { add(tenlock_credential_add_private_key, text); }
    void add_public_key(std::string_view text) { add(tenlock_credential_add_public_key, text); }
    void add_key_file(const std::string &path) {
        detail::done([&](tenlock_error *error) {
            return tenlock_credential_add_key_file(get(), path.c_str(), error);
        });
    }
    tenlock_credential *get() const noexcept { return handle_.get(); }

private:
    template <class Add>
    void add(Add call, std::string_view text) {
        detail::done([&](tenlock_error *error) { return call(get(), text.data(), text.size(), error); });
    }
    detail::Handle<tenlock_credential, tenlock_credential_free> handle_;
};

/// Told of `done` of `total` steps of a key derivation; false, or an exception, cancels the call. Must live
/// as long as the call that is given `get()`.
class Progress {
public:
    using Report = std::function<bool(std::uint32_t done, std::uint32_t total)>;
    explicit Progress(Report report) : report_(std::move(report)), table_(init<tenlock_progress>()) {
        table_.context = &report_;
        table_.report = [](void *self, std::uint32_t done, std::uint32_t total) noexcept -> std::int32_t {
            try {
                return (*static_cast<Report *>(self))(done, total) ? 0 : 1;
            } catch (...) {
                return 1;
            }
        };
    }
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;
    const tenlock_progress *get() const noexcept { return &table_; }

private:
    Report report_;
    tenlock_progress table_;
};

class Locked;

/// An open volume. The destructor wipes the keys but does not flush: call `lock`.
class Volume {
public:
    explicit Volume(tenlock_volume *handle) : handle_(handle) {}
    static Volume create(const Storage &storage, const Credential &credential,
                         const tenlock_create_options &options = init<tenlock_create_options>()) {
        return Volume(detail::made<tenlock_volume>([&](tenlock_error *error, tenlock_volume **out) {
            return tenlock_create(storage.get(), credential.get(), &options, error, out);
        }));
    }
    tenlock_volume_facts facts() const {
        auto facts = init<tenlock_volume_facts>();
        detail::done([&](tenlock_error *error) { return tenlock_volume_describe(get(), error, &facts); });
        return facts;
    }
    void read(std::uint64_t offset, void *buffer, std::size_t size) const {
        detail::done([&](tenlock_error *error) {
            return tenlock_volume_read(get(), offset, error, buffer, size);
        });
    }
    void write(std::uint64_t offset, const void *data, std::size_t size) {
        detail::done([&](tenlock_error *error) {
            return tenlock_volume_write(get(), offset, data, size, error);
        });
    }
    void flush() {
        detail::done([&](tenlock_error *error) { return tenlock_volume_flush(get(), error); });
    }
    /// The index of a new slot.
    std::uint32_t add_slot(const tenlock_slot_options &options, const Credential &credential) {
        std::uint32_t slot = TENLOCK_NO_SLOT;
        detail::done([&](tenlock_error *error) {
            return tenlock_volume_add_slot(get(), &options, credential.get(), nullptr, error, &slot);
        });
        return slot;
    }
    /// Flushes, wipes the keys and leaves this empty. If it throws, the flush failed: write again what matters.
    Locked lock();
    tenlock_volume *get() const noexcept { return handle_.get(); }

private:
    detail::Handle<tenlock_volume, tenlock_volume_free> handle_;
};

/// A volume at rest, or one whose key is erased.
class Locked {
public:
    explicit Locked(tenlock_locked *handle) : handle_(handle) {}
    static Locked open(const Storage &storage) {
        return Locked(detail::made<tenlock_locked>([&](tenlock_error *error, tenlock_locked **out) {
            return tenlock_open(storage.get(), error, out);
        }));
    }
    /// One of TENLOCK_STATE_*.
    std::uint32_t state() const {
        std::uint32_t state = 0;
        detail::done([&](tenlock_error *error) { return tenlock_locked_state(get(), error, &state); });
        return state;
    }
    /// Leaves this empty. If it throws, this is as it was, for the next attempt, or erased.
    Volume unlock(const Credential &credential,
                  const tenlock_unlock_options &options = init<tenlock_unlock_options>()) {
        Volume volume(detail::made<tenlock_volume>([&](tenlock_error *error, tenlock_volume **out) {
            return tenlock_unlock(get(), credential.get(), &options, error, out);
        }));
        handle_.release(); // closed by the library
        return volume;
    }
    /// Destroys the key for good.
    void erase() {
        detail::done([&](tenlock_error *error) { return tenlock_erase(get(), error); });
    }
    /// The report of an erase, JSON.
    std::string report() const {
        const detail::Handle<tenlock_report, tenlock_report_free> report(detail::made<tenlock_report>(
            [&](tenlock_error *error, tenlock_report **out) { return tenlock_locked_report(get(), error, out); }));
        return std::string(Text(detail::made<tenlock_text>([&](tenlock_error *error, tenlock_text **out) {
                               return tenlock_report_json(report.get(), error, out);
                           })).view());
    }
    tenlock_locked *get() const noexcept { return handle_.get(); }

private:
    detail::Handle<tenlock_locked, tenlock_locked_free> handle_;
};

inline Locked Volume::lock() {
    // Closed by the library even if the flush fails.
    tenlock_volume *const volume = handle_.release();
    return Locked(detail::made<tenlock_locked>([&](tenlock_error *error, tenlock_locked **out) {
        return tenlock_volume_lock(volume, error, out);
    }));
}

} // namespace tenlock

#endif
