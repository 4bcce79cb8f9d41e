// The functions and structs of tenlock.h that this binding uses, with the header's names.
//
// size_t is UIntPtr. Buffers are "ref byte": the marshaller pins the array for the call.
using System;
using System.Runtime.InteropServices;

namespace Tenlock
{
    internal static class Native
    {
        private const string Library = "tenlock";

        /// <summary>TENLOCK_ERROR_TEXT_SIZE.</summary>
        internal const int ErrorTextSize = 512;

        [DllImport(Library)]
        internal static extern uint tenlock_abi_version();

        [DllImport(Library)]
        internal static extern UIntPtr tenlock_handle_count();

        [DllImport(Library)]
        internal static extern Code tenlock_storage_open(
            byte[] path, StorageMode mode, ref NativeError error, out Storage storage);

        [DllImport(Library)]
        internal static extern Code tenlock_storage_free(IntPtr storage);

        [DllImport(Library)]
        internal static extern Code tenlock_credential_new(ref NativeError error, out Credential credential);

        [DllImport(Library)]
        internal static extern Code tenlock_credential_add_passphrase(
            Credential credential, ref byte passphrase, UIntPtr length, ref NativeError error);

        [DllImport(Library)]
        internal static extern Code tenlock_credential_free(IntPtr credential);

        [DllImport(Library)]
        internal static extern Code tenlock_create(
            Storage storage, Credential credential, ref NativeCreateOptions options, ref NativeError error,
            out Volume volume);

        [DllImport(Library)]
        internal static extern Code tenlock_open(Storage storage, ref NativeError error, out LockedVolume locked);

        [DllImport(Library)]
        internal static extern Code tenlock_locked_state(
            LockedVolume locked, ref NativeError error, out VolumeState state);

        [DllImport(Library)]
        internal static extern Code tenlock_locked_report(
            LockedVolume locked, ref NativeError error, out Report report);

        // The options are those of the header; NULL is the default of all.
        [DllImport(Library)]
        internal static extern Code tenlock_unlock(
            LockedVolume locked, Credential credential, IntPtr options, ref NativeError error, out Volume volume);

        [DllImport(Library)]
        internal static extern Code tenlock_locked_free(IntPtr locked);

        [DllImport(Library)]
        internal static extern Code tenlock_volume_describe(
            Volume volume, ref NativeError error, ref NativeVolumeFacts facts);

        [DllImport(Library)]
        internal static extern Code tenlock_volume_read(
            Volume volume, ulong offset, ref NativeError error, ref byte buffer, UIntPtr length);

        [DllImport(Library)]
        internal static extern Code tenlock_volume_write(
            Volume volume, ulong offset, ref byte data, UIntPtr length, ref NativeError error);

        [DllImport(Library)]
        internal static extern Code tenlock_volume_flush(Volume volume, ref NativeError error);

        // By number: a SafeHandle is held by the call that it is passed to, and this one closes it.
        [DllImport(Library)]
        internal static extern Code tenlock_volume_lock(
            IntPtr volume, ref NativeError error, out LockedVolume locked);

        [DllImport(Library)]
        internal static extern Code tenlock_volume_free(IntPtr volume);

        [DllImport(Library)]
        internal static extern Code tenlock_report_json(Report report, ref NativeError error, out Text text);

        [DllImport(Library)]
        internal static extern Code tenlock_report_free(IntPtr report);

        [DllImport(Library)]
        internal static extern Code tenlock_text_get(
            Text text, ref NativeError error, out IntPtr data, out UIntPtr length);

        [DllImport(Library)]
        internal static extern Code tenlock_text_free(IntPtr text);
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeError
    {
        internal UIntPtr Size;
        internal Code Code;
        internal int OsError;
        internal ulong Offset;
        internal uint Slots;
        internal int Remaining;
        internal uint ErasesVolume;
        internal uint Reserved;
        [MarshalAs(UnmanagedType.ByValArray, SizeConst = Native.ErrorTextSize)]
        internal byte[] Text;

        internal static NativeError Create()
        {
            return new NativeError
            {
                Size = (UIntPtr)Marshal.SizeOf(typeof(NativeError)),
                Text = new byte[Native.ErrorTextSize],
            };
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeCreateOptions
    {
        internal UIntPtr Size;
        internal IntPtr Label;
        internal IntPtr Policy;
        internal IntPtr Progress;
        internal IntPtr Log;
        internal IntPtr Workers;
        internal IntPtr Host;
        internal IntPtr Agent;
        internal ulong PayloadLength;
        internal uint SectorSize;
        internal uint KdfMemoryKib;
        internal uint KdfPasses;
        internal uint KdfLanes;
        internal uint AttemptLimit;
        internal uint Overwrite;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeVolumeFacts
    {
        internal UIntPtr Size;
        internal ulong Length;
        internal uint SectorSize;
        internal uint Slot;
        internal uint Role;
        internal uint ReadOnly;
    }
}
