package tenlock

// #include <tenlock.h>
import "C"

import "unsafe"

// Code is what came of a call. It is an error, so that errors.Is(err, tenlock.CodeErased) asks for it. There
// are more codes than are named here.
type Code int32

// The codes that a program acts upon.
const (
	CodeWrongCredential Code = C.TENLOCK_ERROR_WRONG_CREDENTIAL
	CodeErased          Code = C.TENLOCK_ERROR_ERASED
	CodeNotAVolume      Code = C.TENLOCK_ERROR_NOT_A_VOLUME
	CodeDamaged         Code = C.TENLOCK_ERROR_DAMAGED
	CodeBusy            Code = C.TENLOCK_ERROR_BUSY
	CodeCannotWrite     Code = C.TENLOCK_ERROR_CANNOT_WRITE
	CodeIO              Code = C.TENLOCK_ERROR_IO
	CodeNullPointer     Code = C.TENLOCK_ERROR_NULL_POINTER
	CodeHandle          Code = C.TENLOCK_ERROR_HANDLE
	CodeSlotErased      Code = C.TENLOCK_ERROR_SLOT_ERASED
	CodeReadOnly        Code = C.TENLOCK_ERROR_READ_ONLY
	CodeOutOfRange      Code = C.TENLOCK_ERROR_OUT_OF_RANGE
)

// Error is the name of the code in tenlock.h.
func (c Code) Error() string {
	return C.GoString(C.tenlock_code_name(C.int32_t(c)))
}

// Error says what a call did not do, and why.
type Error struct {
	// Code is what the call returned.
	Code Code
	// OSError is the error number of the operating system, 0 if there is none.
	OSError int
	// Remaining is how many attempts are left after a wrong credential; -1 if none was counted.
	Remaining int
	// ErasesVolume says whether the key of the volume is erased at that limit, not just the slot.
	ErasesVolume bool
	// Text is for people: what was wrong and what to do.
	Text string
}

func (e *Error) Error() string { return "tenlock: " + e.Text }

// Unwrap is the code.
func (e *Error) Unwrap() error { return e.Code }

func newDetail() C.tenlock_error {
	return C.tenlock_error{size: C.sizeof_tenlock_error}
}

// failure is nil after a success. The detail is nil for the calls that have none.
func failure(code C.tenlock_code, detail *C.tenlock_error) error {
	if code == C.TENLOCK_OK {
		return nil
	}
	if detail == nil {
		return Code(code)
	}
	return &Error{
		Code:         Code(code),
		OSError:      int(detail.os_error),
		Remaining:    int(detail.remaining),
		ErasesVolume: detail.erases_volume != 0,
		Text:         C.GoString((*C.char)(unsafe.Pointer(&detail.text))),
	}
}
