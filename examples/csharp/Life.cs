// The life of a volume: created, filled, locked, unlocked, and erased by wrong passphrases.
//
// Usage: mono life.exe FILE, which must not be there yet.
using System;
using System.IO;
using System.Text;
using Tenlock;

internal static class Life
{
    private static int Main(string[] arguments)
    {
        if (arguments.Length != 1)
        {
            Console.Error.WriteLine("usage: life FILE");
            return 2;
        }
        using (Credential right = Passphrase("correct horse battery staple"))
        using (Credential wrong = Passphrase("incorrect horse"))
        {
            Fill(arguments[0], right);
            ReadBack(arguments[0], right);
            GuessUntilErased(arguments[0], wrong, right);
        }
        Expect(Handle.Count == 0, "a handle was forgotten");
        Console.WriteLine("done");
        return 0;
    }

    private static void Fill(string path, Credential right)
    {
        // The least cost that there is, for a quick example: leave it out for the default.
        var options = new CreateOptions
        {
            PayloadLength = 1 << 20, KdfMemoryKib = 19456, KdfPasses = 2, KdfLanes = 1,
        };
        using (Storage storage = Storage.Open(path, StorageMode.Create))
        using (Volume volume = Volume.Create(storage, right, options))
        {
            using (var writer = new StreamWriter(new VolumeStream(volume)))
            {
                writer.WriteLine("minutes of the meeting");
            }
            ExpectStreamKeepsItsBounds(volume);
            volume.Lock().Dispose();
            ExpectCode(Code.Handle, () => volume.Lock());
        }
        Console.WriteLine("created, filled and locked");
    }

    private static void ReadBack(string path, Credential right)
    {
        using (Storage storage = Storage.Open(path, StorageMode.Open))
        using (LockedVolume locked = LockedVolume.Open(storage))
        using (Volume volume = locked.Unlock(right))
        using (var reader = new StreamReader(new VolumeStream(volume)))
        {
            Expect(reader.ReadLine() == "minutes of the meeting", "other data than was written");
        }
        Console.WriteLine("unlocked and read");
    }

    private static void GuessUntilErased(string path, Credential wrong, Credential right)
    {
        using (Storage storage = Storage.Open(path, StorageMode.Open))
        using (LockedVolume locked = LockedVolume.Open(storage))
        {
            for (int left = 9; left > 0; left--)
            {
                TenlockException refused = ExpectCode(Code.WrongCredential, () => locked.Unlock(wrong));
                Expect(refused.Remaining == left && refused.ErasesVolume, "attempts are miscounted");
            }
            TenlockException last = ExpectCode(Code.Erased, () => locked.Unlock(wrong));
            Console.WriteLine("tenth wrong passphrase: " + last.Message);
            ExpectCode(Code.Erased, () => locked.Unlock(right));
            Expect(locked.State == VolumeState.Erased, "not erased");
            Expect(locked.ReportAsJson().Contains("\"verified\""), "no report of the erase");
        }
    }

    private static void ExpectStreamKeepsItsBounds(Volume volume)
    {
        using (var stream = new VolumeStream(volume))
        {
            var four = new byte[] { 1, 2, 3, 4 };
            Expect(stream.Seek(-2, SeekOrigin.End) == (1 << 20) - 2, "seek from the end");
            ExpectCode(Code.OutOfRange, () => stream.Write(four, 0, 4));
            stream.Write(four, 1, 2);
            Expect(stream.Read(four, 0, 4) == 0, "read at the end");
            stream.Position -= 2;
            var back = new byte[4];
            Expect(stream.Read(back, 1, 3) == 2, "read across the end");
            Expect(back[1] == 2 && back[2] == 3 && back[0] == 0 && back[3] == 0, "bytes at the end");
        }
    }


    private static Credential Passphrase(string text)
    {
        // A real program reads the passphrase into an array and wipes it, as here; text in a program is text.
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        try
        {
            return Credential.FromPassphrase(bytes);
        }
        finally
        {
            Array.Clear(bytes, 0, bytes.Length);
        }
    }

    private static TenlockException ExpectCode(Code code, Action action)
    {
        try
        {
            action();
        }
        catch (TenlockException refused)
        {
            Expect(refused.Code == code, "expected " + code + ", not " + refused.Code + ": " + refused.Message);
            return refused;
        }
        throw new InvalidOperationException("expected " + code + ", but it was done");
    }

    private static void Expect(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
