package tenlock

// #include <tenlock.h>
import "C"

import "unsafe"

// State is what a volume at rest is like.
type State uint32

// The states of a volume at rest.
const (
	StateLocked  State = C.TENLOCK_STATE_LOCKED
	StateErasing State = C.TENLOCK_STATE_ERASING
	StateErased  State = C.TENLOCK_STATE_ERASED
)

// Locked is a volume at rest, or one whose key is erased. It holds the lock of its storage. It is for one
// goroutine at a time.
type Locked struct{ handle *C.tenlock_locked }

// Open finds the volume on a storage.
func Open(storage *Storage) (*Locked, error) {
	detail := newDetail()
	locked := &Locked{}
	code := C.tenlock_open(storage.handle, &detail, &locked.handle)
	if err := failure(code, &detail); err != nil {
		return nil, err
	}
	return locked, nil
}

// Unlock makes one attempt. If it succeeds, l is closed. If the credential is wrong, the error says how many
// attempts are left, and l can be used for the next one.
func (l *Locked) Unlock(credential *Credential) (*Volume, error) {
	detail := newDetail()
	volume := &Volume{}
	code := C.tenlock_unlock(l.handle, credential.handle, nil, &detail, &volume.handle)
	if err := failure(code, &detail); err != nil {
		return nil, err
	}
	l.handle = nil
	return volume, nil
}

// State is StateErased after the last attempt has failed.
func (l *Locked) State() (State, error) {
	detail := newDetail()
	var state C.uint32_t
	code := C.tenlock_locked_state(l.handle, &detail, &state)
	return State(state), failure(code, &detail)
}

// Report says what was erased, when, why, and what was verified, as JSON.
func (l *Locked) Report() (string, error) {
	detail := newDetail()
	var report *C.tenlock_report
	code := C.tenlock_locked_report(l.handle, &detail, &report)
	if err := failure(code, &detail); err != nil {
		return "", err
	}
	defer C.tenlock_report_free(report)
	var text *C.tenlock_text
	code = C.tenlock_report_json(report, &detail, &text)
	if err := failure(code, &detail); err != nil {
		return "", err
	}
	defer C.tenlock_text_free(text)
	return copied(text)
}

// Close gives up the lock of the storage.
func (l *Locked) Close() error {
	code := C.tenlock_locked_free(l.handle)
	l.handle = nil
	return failure(code, nil)
}

func copied(text *C.tenlock_text) (string, error) {
	detail := newDetail()
	var data *C.char
	var length C.size_t
	code := C.tenlock_text_get(text, &detail, &data, &length)
	if err := failure(code, &detail); err != nil {
		return "", err
	}
	return string(unsafe.Slice((*byte)(unsafe.Pointer(data)), int(length))), nil
}
