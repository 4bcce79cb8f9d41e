"""The life of a volume from Python, and the manners of the module. TENLOCK_LIBRARY=... python3 test_life.py"""

import errno
import gc
import io
import os
import tempfile
import threading
import unittest

import tenlock

RIGHT = "correct horse battery staple"
WRONG = "password1"
LENGTH = 1 << 20
# The least there is, so that the tests are quick.
CHEAP = (19456, 2, 1)


class LifeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "a.tenlock")

    def tearDown(self):
        gc.collect()
        self.assertEqual(tenlock.handle_count(), 0)

    def create(self, **options):
        return tenlock.create(self.path, RIGHT, LENGTH, cost=CHEAP, **options)

    def test_what_was_written_is_read_after_lock_and_unlock(self):
        with self.create(owner="Søn & Co") as volume:
            volume.seek(4000)
            self.assertEqual(volume.write(b"minutes of the meeting"), 22)
        with tenlock.unlock(self.path, RIGHT) as volume:
            self.assertEqual(volume.seek(4000), 4000)
            self.assertEqual(volume.read(22), b"minutes of the meeting")
            self.assertEqual(volume.tell(), 4022)
            self.assertEqual(volume.info()["label"]["owner"], "Søn & Co")

    def test_last_wrong_passphrase_erases_and_there_is_a_report(self):
        self.create(attempt_limit=3).close()
        with tenlock.open(self.path) as locked:
            for left in (2, 1):
                with self.assertRaises(tenlock.WrongCredential) as caught:
                    locked.unlock(WRONG)
                self.assertEqual((caught.exception.remaining, caught.exception.erases_volume), (left, True))
                self.assertEqual(caught.exception.name, "wrong_credential")
            with self.assertRaises(tenlock.Erased):
                locked.unlock(WRONG)
            with self.assertRaises(tenlock.Erased):
                locked.unlock(RIGHT)
            self.assertEqual(locked.state, tenlock.STATE_ERASED)
            self.assertEqual(locked.report()["cause"], "attempts_exhausted")

    def test_each_role_opens_its_slot(self):
        words = tenlock.generate_recovery_key()
        with self.create() as volume, tenlock.Credential("tail wags the cheerful dog") as user, \
                tenlock.Credential(recovery_key=words) as recovery:
            self.assertEqual(volume.add_slot(tenlock.ROLE_USER, user, "Kim"), 1)
            self.assertEqual(volume.add_slot(tenlock.ROLE_RECOVERY, recovery), 2)
            locked = volume.lock()
            for credential, role in ((user, tenlock.ROLE_USER), (recovery, tenlock.ROLE_RECOVERY)):
                opened = locked.unlock(credential)
                self.assertEqual(opened.role, role)
                locked = opened.lock()
            opened = locked.unlock(RIGHT, role=tenlock.ROLE_ADMIN)
            self.assertEqual(opened.role, tenlock.ROLE_ADMIN)
            opened.close()

    def test_cancelling_costs_no_attempt_and_an_exception_of_the_callback_comes_out(self):
        self.create().close()

        def interrupt(_done, _total):
            raise KeyboardInterrupt

        with tenlock.open(self.path) as locked:
            with self.assertRaises(tenlock.Cancelled):
                locked.unlock(RIGHT, progress=lambda done, total: False)
            with self.assertRaises(KeyboardInterrupt):
                locked.unlock(RIGHT, progress=interrupt)
            with self.assertRaises(tenlock.WrongCredential) as caught:
                locked.unlock(WRONG, progress=lambda done, total: None)
            self.assertEqual(caught.exception.remaining, 9)

    def test_volume_is_a_file_with_a_fixed_end(self):
        with self.create() as volume:
            self.assertTrue(volume.readable() and volume.writable() and volume.seekable())
            self.assertEqual(volume.seek(-3, io.SEEK_END), LENGTH - 3)
            self.assertEqual(volume.write(b"end"), 3)
            self.assertEqual(volume.read(1), b"")
            volume.seek(-3, io.SEEK_CUR)
            self.assertEqual(volume.read(), b"end")
            volume.seek(-1, io.SEEK_END)
            with self.assertRaises(tenlock.Error) as caught:
                volume.write(b"no")
            self.assertEqual(caught.exception.name, "out_of_range")
            self.assertEqual(volume.read_at(LENGTH - 3, 3), b"end")
            self.assertEqual(volume.seek(LENGTH + 5), LENGTH + 5)
            self.assertEqual(volume.read(4), b"")
            with self.assertRaises(ValueError):
                volume.seek(-1)
            with self.assertRaises(io.UnsupportedOperation):
                volume.truncate(0)

    def test_buffers_of_the_standard_library_fit(self):
        with io.BufferedRandom(self.create()) as file:
            file.write(b"first line\nsecond line\n")
            file.seek(0)
            self.assertEqual(file.readline(), b"first line\n")
        with io.BufferedReader(tenlock.unlock(self.path, RIGHT)) as file:
            self.assertEqual(file.readline(), b"first line\n")

    def test_buffers_of_other_kinds_are_read_and_written(self):
        with self.create() as volume:
            volume.write(bytearray(b"abcdef"))
            volume.write(memoryview(b"ghijkl")[::2])
            volume.seek(0)
            buffer = bytearray(9)
            self.assertEqual(volume.readinto(memoryview(buffer)), 9)
            self.assertEqual(buffer, b"abcdefgik")

    def test_many_threads_read_at_once(self):
        found = []
        with self.create() as volume:
            for at in range(8):
                volume.write_at(at * 5000, bytes([at]) * 5000)
            threads = [threading.Thread(target=lambda at=at: found.append(
                volume.read_at(at * 5000, 5000) == bytes([at]) * 5000)) for at in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(found, [True] * 8)

    def test_closed_volume_is_a_closed_file_and_closing_twice_does_no_harm(self):
        volume = self.create()
        volume.close()
        volume.close()
        self.assertTrue(volume.closed)
        for use in (lambda: volume.read(1), lambda: volume.write(b"x"), lambda: volume.seek(0), volume.lock):
            with self.assertRaises(ValueError):
                use()

    def test_second_handle_is_busy_and_a_missing_file_has_its_number(self):
        with self.create():
            with self.assertRaises(tenlock.Busy):
                tenlock.open(self.path)
        with self.assertRaises(OSError) as caught:
            tenlock.open(self.path + ".no")
        self.assertEqual(caught.exception.errno, errno.ENOENT)

    def test_forgotten_volume_is_locked_when_it_is_collected(self):
        self.create()
        gc.collect()
        self.assertEqual(tenlock.handle_count(), 0)
        tenlock.unlock(self.path, RIGHT).close()


if __name__ == "__main__":
    unittest.main()
