// A volume at rest: unlock it, or see why that is over.
using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Tenlock
{
    public enum VolumeState : uint
    {
        Locked = 1,
        Erasing = 2,
        Erased = 3,
    }

    /// <summary>
    /// A volume at rest, or one whose key is erased. It holds the lock of its storage. One thread at a time.
    /// </summary>
    public sealed class LockedVolume : Handle
    {
        private LockedVolume()
        {
        }

        public static LockedVolume Open(Storage storage)
        {
            var error = NativeError.Create();
            LockedVolume locked;
            TenlockException.ThrowUnlessOk(Native.tenlock_open(storage, ref error, out locked), error);
            return locked;
        }

        public VolumeState State
        {
            get
            {
                var error = NativeError.Create();
                VolumeState state;
                TenlockException.ThrowUnlessOk(Native.tenlock_locked_state(this, ref error, out state), error);
                return state;
            }
        }

        /// <summary>
        /// One attempt. If it succeeds, the library has closed this handle. If the credential is wrong, the
        /// exception says how many attempts are left, and this can be used for the next one.
        /// </summary>
        public Volume Unlock(Credential credential)
        {
            var error = NativeError.Create();
            Volume volume;
            Code code = Native.tenlock_unlock(this, credential, IntPtr.Zero, ref error, out volume);
            TenlockException.ThrowUnlessOk(code, error);
            SetHandleAsInvalid();
            return volume;
        }

        /// <summary>What was erased, when, why, and what was verified, as JSON.</summary>
        public string ReportAsJson()
        {
            var error = NativeError.Create();
            Report report;
            TenlockException.ThrowUnlessOk(Native.tenlock_locked_report(this, ref error, out report), error);
            using (report)
            {
                return report.ToJson();
            }
        }

        protected override bool ReleaseHandle()
        {
            return Native.tenlock_locked_free(handle) == Code.Ok;
        }
    }

    /// <summary>The report of an erase.</summary>
    internal sealed class Report : Handle
    {
        private Report()
        {
        }

        internal string ToJson()
        {
            var error = NativeError.Create();
            Text text;
            TenlockException.ThrowUnlessOk(Native.tenlock_report_json(this, ref error, out text), error);
            using (text)
            {
                return text.Copy();
            }
        }

        protected override bool ReleaseHandle()
        {
            return Native.tenlock_report_free(handle) == Code.Ok;
        }
    }

    /// <summary>A text of the library's.</summary>
    internal sealed class Text : Handle
    {
        private Text()
        {
        }

        internal string Copy()
        {
            var error = NativeError.Create();
            IntPtr data;
            UIntPtr length;
            TenlockException.ThrowUnlessOk(
                Native.tenlock_text_get(this, ref error, out data, out length), error);
            var bytes = new byte[checked((int)length)];
            Marshal.Copy(data, bytes, 0, bytes.Length);
            return Encoding.UTF8.GetString(bytes);
        }

        protected override bool ReleaseHandle()
        {
            return Native.tenlock_text_free(handle) == Code.Ok;
        }
    }
}
