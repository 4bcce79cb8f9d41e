// Where a volume lies, and what opens it.
using System;
using System.Text;

namespace Tenlock
{
    /// <summary>How a file or device is opened.</summary>
    public enum StorageMode : uint
    {
        Open = 0,
        ReadOnly = 1,
        Create = 2,
    }

    /// <summary>Where a volume's bytes lie. May be disposed of as soon as a volume was opened on it.</summary>
    public sealed class Storage : Handle
    {
        private Storage()
        {
        }

        /// <summary>Opens or creates a file, or opens a device.</summary>
        public static Storage Open(string path, StorageMode mode)
        {
            var error = NativeError.Create();
            Storage storage;
            byte[] name = Encoding.UTF8.GetBytes(path + "\0");
            Code code = Native.tenlock_storage_open(name, mode, ref error, out storage);
            TenlockException.ThrowUnlessOk(code, error);
            return storage;
        }

        protected override bool ReleaseHandle()
        {
            return Native.tenlock_storage_free(handle) == Code.Ok;
        }
    }

    /// <summary>What opens a slot. Can be used any number of times.</summary>
    public sealed class Credential : Handle
    {
        private Credential()
        {
        }

        /// <summary>
        /// A passphrase in UTF-8. The library copies it to locked memory; the caller wipes the array. Strings
        /// cannot be wiped, which is why this takes none.
        /// </summary>
        public static Credential FromPassphrase(byte[] passphrase)
        {
            if (passphrase.Length == 0)
            {
                throw new ArgumentException("The passphrase is empty.", "passphrase");
            }
            var error = NativeError.Create();
            Credential credential;
            TenlockException.ThrowUnlessOk(Native.tenlock_credential_new(ref error, out credential), error);
            Code code = Native.tenlock_credential_add_passphrase(
                credential, ref passphrase[0], (UIntPtr)passphrase.Length, ref error);
            if (code != Code.Ok)
            {
                credential.Dispose();
            }
            TenlockException.ThrowUnlessOk(code, error);
            return credential;
        }

        protected override bool ReleaseHandle()
        {
            return Native.tenlock_credential_free(handle) == Code.Ok;
        }
    }
}
