// Package tenlock reads and writes encrypted volumes for portable media through the C library.
//
// Each value has a Close, which does nothing the second time. A closed value answers with CodeNullPointer.
package tenlock

// #cgo LDFLAGS: -ltenlock
// #include <stdlib.h>
// #include <tenlock.h>
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

// Mode says how a file or device is opened.
type Mode uint32

// The modes of OpenStorage.
const (
	ModeOpen     Mode = C.TENLOCK_STORAGE_OPEN
	ModeReadOnly Mode = C.TENLOCK_STORAGE_READ_ONLY
	ModeCreate   Mode = C.TENLOCK_STORAGE_CREATE
)

// Storage is where a volume's bytes lie. It may be closed as soon as a volume was opened on it.
type Storage struct{ handle *C.tenlock_storage }

// Credential is what opens a slot. It can be used any number of times.
type Credential struct{ handle *C.tenlock_credential }

// HandleCount is how many handles of this process are not freed.
func HandleCount() int {
	return int(C.tenlock_handle_count())
}

// OpenStorage opens or creates a file, or opens a device.
func OpenStorage(path string, mode Mode) (*Storage, error) {
	if err := checkVersion(); err != nil {
		return nil, err
	}
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	detail := newDetail()
	storage := &Storage{}
	code := C.tenlock_storage_open(name, C.uint32_t(mode), &detail, &storage.handle)
	if err := failure(code, &detail); err != nil {
		return nil, err
	}
	return storage, nil
}

// Close frees the storage; a volume on it stays open.
func (s *Storage) Close() error {
	code := C.tenlock_storage_free(s.handle)
	s.handle = nil
	return failure(code, nil)
}

// NewCredential makes a credential of a passphrase in UTF-8. The library copies it to locked memory, and the
// caller wipes the slice.
func NewCredential(passphrase []byte) (*Credential, error) {
	if err := checkVersion(); err != nil {
		return nil, err
	}
	detail := newDetail()
	credential := &Credential{}
	code := C.tenlock_credential_new(&detail, &credential.handle)
	if err := failure(code, &detail); err != nil {
		return nil, err
	}
	bytes, length := pointer(passphrase)
	code = C.tenlock_credential_add_passphrase(credential.handle, bytes, length, &detail)
	runtime.KeepAlive(passphrase)
	if err := failure(code, &detail); err != nil {
		_ = credential.Close()
		return nil, err
	}
	return credential, nil
}

// Close wipes and frees the credential.
func (c *Credential) Close() error {
	code := C.tenlock_credential_free(c.handle)
	c.handle = nil
	return failure(code, nil)
}

// A program runs with any library whose number is not lower than that of its header.
func checkVersion() error {
	if uint32(C.tenlock_abi_version()) < C.TENLOCK_ABI_VERSION {
		return errors.New("tenlock: the library is older than the header this program was built with")
	}
	return nil
}

// pointer is what C is given for a slice.
func pointer(bytes []byte) (unsafe.Pointer, C.size_t) {
	if len(bytes) == 0 {
		// Not NULL, which the library would refuse before it looks at the length.
		return unsafe.Pointer(&nothing), 0
	}
	return unsafe.Pointer(&bytes[0]), C.size_t(len(bytes))
}

var nothing byte
