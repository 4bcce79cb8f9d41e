// Result codes and the exception that carries them.
using System;
using System.IO;
using System.Text;

namespace Tenlock
{
    /// <summary>
    /// Result codes that a program acts upon, by the names of tenlock.h. Others occur as plain numbers.
    /// </summary>
    public enum Code
    {
        Ok = 0,
        WrongCredential = 3,
        Erased = 4,
        NotAVolume = 5,
        Damaged = 6,
        Busy = 7,
        CannotWrite = 8,
        Io = 9,
        Cancelled = 10,
        Handle = 102,
        SlotErased = 121,
        ReadOnly = 127,
        OutOfRange = 143,
    }

    /// <summary>What a call did not do, and why.</summary>
    public sealed class TenlockException : IOException
    {
        private TenlockException(NativeError error, string text) : base(text)
        {
            Code = error.Code;
            OsError = error.OsError;
            Remaining = error.Remaining;
            ErasesVolume = error.ErasesVolume != 0;
        }

        /// <summary>What the call returned.</summary>
        public Code Code { get; private set; }

        /// <summary>Error number of the operating system, 0 if there is none.</summary>
        public int OsError { get; private set; }

        /// <summary>Attempts left after a wrong credential; -1 if none was counted.</summary>
        public int Remaining { get; private set; }

        /// <summary>Whether the key of the volume is erased at that limit, not just the slot.</summary>
        public bool ErasesVolume { get; private set; }

        internal static void ThrowUnlessOk(Code code, NativeError error)
        {
            if (code == Code.Ok)
            {
                return;
            }
            int length = Array.IndexOf(error.Text, (byte)0);
            error.Code = code;
            throw new TenlockException(error, Encoding.UTF8.GetString(error.Text, 0, Math.Max(length, 0)));
        }
    }
}
