// What all handles have in common: a number that is freed once, by Dispose or by the finaliser.
using System;
using System.Runtime.InteropServices;

namespace Tenlock
{
    /// <summary>
    /// A handle of the library. SafeHandle keeps it from being freed while a call on another thread uses it,
    /// and frees it in the finaliser if nobody disposed of it.
    /// </summary>
    public abstract class Handle : SafeHandle
    {
        /// <summary>TENLOCK_ABI_VERSION of the header that Native.cs was written from.</summary>
        private const uint AbiVersion = 1;

        static Handle()
        {
            uint found = Native.tenlock_abi_version();
            if (found < AbiVersion)
            {
                throw new NotSupportedException(
                    "The Tenlock library is too old: interface " + found + ", needed is " + AbiVersion + ".");
            }
        }

        private protected Handle() : base(IntPtr.Zero, true)
        {
        }

        /// <summary>How many handles of this process are not freed, those of other bindings included.</summary>
        public static ulong Count
        {
            get { return Native.tenlock_handle_count().ToUInt64(); }
        }

        public override bool IsInvalid
        {
            get { return handle == IntPtr.Zero; }
        }
    }
}
