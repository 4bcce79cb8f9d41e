package tenlock

// #include <tenlock.h>
import "C"

import (
	"io"
	"runtime"
)

// CreateOptions says what a new volume is to be like. Zero is the default of every member.
type CreateOptions struct {
	// PayloadLength is the room for data in bytes, a multiple of 4096; 0 for all the room of the storage.
	PayloadLength uint64
	// AttemptLimit is after how many failed attempts the key is erased, 1 to 10; 0 for 10.
	AttemptLimit uint32
	// KDFMemoryKiB, KDFPasses and KDFLanes are the cost of the key derivation; all 0 for the default.
	KDFMemoryKiB, KDFPasses, KDFLanes uint32
}

// Volume is an open volume: an io.ReaderAt and io.WriterAt of fixed length for any number of goroutines. Lock
// and Close are for when no other goroutine uses it any more.
type Volume struct{ handle *C.tenlock_volume }

var (
	_ io.ReaderAt = (*Volume)(nil)
	_ io.WriterAt = (*Volume)(nil)
)

// Create makes a volume whose first slot opens with the credential.
func Create(storage *Storage, credential *Credential, options CreateOptions) (*Volume, error) {
	native := C.tenlock_create_options{
		size:           C.sizeof_tenlock_create_options,
		payload_length: C.uint64_t(options.PayloadLength),
		attempt_limit:  C.uint32_t(options.AttemptLimit),
		kdf_memory_kib: C.uint32_t(options.KDFMemoryKiB),
		kdf_passes:     C.uint32_t(options.KDFPasses),
		kdf_lanes:      C.uint32_t(options.KDFLanes),
	}
	detail := newDetail()
	volume := &Volume{}
	code := C.tenlock_create(storage.handle, credential.handle, &native, &detail, &volume.handle)
	if err := failure(code, &detail); err != nil {
		return nil, err
	}
	return volume, nil
}

// Size is the length of the payload in bytes.
func (v *Volume) Size() (int64, error) {
	facts := C.tenlock_volume_facts{size: C.sizeof_tenlock_volume_facts}
	detail := newDetail()
	code := C.tenlock_volume_describe(v.handle, &detail, &facts)
	return int64(facts.length), failure(code, &detail)
}

// ReadAt reads up to the end of the volume and then returns io.EOF.
func (v *Volume) ReadAt(buffer []byte, offset int64) (int, error) {
	size, err := v.Size()
	if err != nil {
		return 0, err
	}
	if offset < 0 {
		return 0, CodeOutOfRange
	}
	var end error
	if there := max0(size - offset); int64(len(buffer)) > there {
		buffer, end = buffer[:there], io.EOF
	}
	if len(buffer) == 0 {
		return 0, end
	}
	detail := newDetail()
	start, length := pointer(buffer)
	code := C.tenlock_volume_read(v.handle, C.uint64_t(offset), &detail, start, length)
	runtime.KeepAlive(buffer)
	if err := failure(code, &detail); err != nil {
		return 0, err
	}
	return len(buffer), end
}

// WriteAt writes all or, if it does not fit in the volume, nothing.
func (v *Volume) WriteAt(data []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, CodeOutOfRange
	}
	detail := newDetail()
	start, length := pointer(data)
	code := C.tenlock_volume_write(v.handle, C.uint64_t(offset), start, length, &detail)
	runtime.KeepAlive(data)
	if err := failure(code, &detail); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Sync returns when all that was written would survive a loss of power.
func (v *Volume) Sync() error {
	detail := newDetail()
	return failure(C.tenlock_volume_flush(v.handle, &detail), &detail)
}

// Lock flushes, closes the volume and wipes its keys.
func (v *Volume) Lock() (*Locked, error) {
	detail := newDetail()
	locked := &Locked{}
	code := C.tenlock_volume_lock(v.handle, &detail, &locked.handle)
	if err := failure(code, &detail); err != nil {
		return nil, err
	}
	v.handle = nil
	return locked, nil
}

// Close wipes the keys of the volume and does not flush.
func (v *Volume) Close() error {
	code := C.tenlock_volume_free(v.handle)
	v.handle = nil
	return failure(code, nil)
}

func max0(number int64) int64 {
	if number < 0 {
		return 0
	}
	return number
}
