package tenlock

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestLifeOfAVolumeFromItsCreationToItsErase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "example.tenlock")
	right := credential(t, "correct horse battery staple")
	wrong := credential(t, "incorrect horse")
	fill(t, path, right)
	readBack(t, path, right)
	guessUntilErased(t, path, wrong, right)
	right.Close()
	wrong.Close()
	if forgotten := HandleCount(); forgotten != 0 {
		t.Fatalf("%d handles were forgotten", forgotten)
	}
}

func TestFailuresCarryTheNumberOfTheSystem(t *testing.T) {
	_, err := OpenStorage(filepath.Join(t.TempDir(), "none"), ModeOpen)
	var detail *Error
	if !errors.As(err, &detail) || detail.OSError == 0 || !errors.Is(err, CodeIO) {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	done(t, os.WriteFile(empty, make([]byte, 4<<20), 0o600))
	storage := open(t, empty, ModeOpen)
	defer storage.Close()
	_, err = Open(storage)
	expect(t, err, CodeNotAVolume)
}

func fill(t *testing.T, path string, right *Credential) {
	storage := open(t, path, ModeCreate)
	defer storage.Close()
	// The least cost that there is, for a quick test: leave it out for the default.
	options := CreateOptions{PayloadLength: 1 << 20, KDFMemoryKiB: 19456, KDFPasses: 2, KDFLanes: 1}
	volume, err := Create(storage, right, options)
	done(t, err)
	writeFromManyGoroutines(t, volume)
	_, err = volume.WriteAt([]byte("too long"), 1<<20-2)
	expect(t, err, CodeOutOfRange)
	if n, err := volume.WriteAt(nil, 0); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	done(t, volume.Sync())
	locked, err := volume.Lock()
	done(t, err)
	defer locked.Close()
	_, err = volume.ReadAt(make([]byte, 1), 0)
	expect(t, err, CodeNullPointer)
	done(t, volume.Close())
}

func writeFromManyGoroutines(t *testing.T, volume *Volume) {
	var all sync.WaitGroup
	for part := 0; part < 16; part++ {
		all.Add(1)
		go func(part int) {
			defer all.Done()
			if _, err := volume.WriteAt(content(part), int64(part)<<16); err != nil {
				t.Error(err)
			}
		}(part)
	}
	all.Wait()
}

func readBack(t *testing.T, path string, right *Credential) {
	storage := open(t, path, ModeOpen)
	defer storage.Close()
	locked, err := Open(storage)
	done(t, err)
	defer locked.Close()
	volume, err := locked.Unlock(right)
	done(t, err)
	defer volume.Close()
	size, err := volume.Size()
	done(t, err)
	read, err := io.ReadAll(io.NewSectionReader(volume, 0, size))
	done(t, err)
	for part := 0; part < 16; part++ {
		if !bytes.Equal(read[part<<16:(part+1)<<16], content(part)) {
			t.Fatalf("part %d is not what was written", part)
		}
	}
	buffer := make([]byte, 8)
	if n, err := volume.ReadAt(buffer, size-3); n != 3 || err != io.EOF {
		t.Fatal(n, err)
	}
}

func guessUntilErased(t *testing.T, path string, wrong, right *Credential) {
	storage := open(t, path, ModeOpen)
	defer storage.Close()
	locked, err := Open(storage)
	done(t, err)
	defer locked.Close()
	for left := 9; left > 0; left-- {
		_, err = locked.Unlock(wrong)
		expect(t, err, CodeWrongCredential)
		var detail *Error
		if !errors.As(err, &detail) || detail.Remaining != left || !detail.ErasesVolume {
			t.Fatal(left, err)
		}
	}
	_, err = locked.Unlock(wrong)
	expect(t, err, CodeErased)
	t.Log("tenth wrong passphrase:", err)
	_, err = locked.Unlock(right)
	expect(t, err, CodeErased)
	state, err := locked.State()
	done(t, err)
	report, err := locked.Report()
	done(t, err)
	if state != StateErased || !strings.Contains(report, `"verified"`) {
		t.Fatal(state, report)
	}
}

func content(part int) []byte {
	return bytes.Repeat([]byte{byte(part + 1)}, 1<<16)
}

func credential(t *testing.T, passphrase string) *Credential {
	t.Helper()
	made, err := NewCredential([]byte(passphrase))
	done(t, err)
	return made
}

func open(t *testing.T, path string, mode Mode) *Storage {
	t.Helper()
	storage, err := OpenStorage(path, mode)
	done(t, err)
	return storage
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, err error, code Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Fatalf("expected %v, not: %v", code, err)
	}
}
