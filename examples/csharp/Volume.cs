// An open volume.
using System;
using System.Runtime.InteropServices;

namespace Tenlock
{
    /// <summary>What a new volume is to be like. Zero is the default of every member.</summary>
    public struct CreateOptions
    {
        /// <summary>Room for data in bytes, a multiple of 4096; 0 for all the room of the storage.</summary>
        public ulong PayloadLength { get; set; }

        /// <summary>Failed attempts after which the key is erased, 1 to 10; 0 for 10.</summary>
        public uint AttemptLimit { get; set; }

        /// <summary>Cost of the key derivation; the three of it are 0 for the default.</summary>
        public uint KdfMemoryKib { get; set; }

        public uint KdfPasses { get; set; }

        public uint KdfLanes { get; set; }
    }

    /// <summary>
    /// An open volume. Can be read and written by many threads at once. Dispose closes it without a flush.
    /// </summary>
    public sealed class Volume : Handle
    {
        private Volume()
        {
        }

        public static Volume Create(Storage storage, Credential credential, CreateOptions options)
        {
            var error = NativeError.Create();
            var native = new NativeCreateOptions
            {
                Size = (UIntPtr)Marshal.SizeOf(typeof(NativeCreateOptions)),
                PayloadLength = options.PayloadLength,
                AttemptLimit = options.AttemptLimit,
                KdfMemoryKib = options.KdfMemoryKib,
                KdfPasses = options.KdfPasses,
                KdfLanes = options.KdfLanes,
            };
            Volume volume;
            Code code = Native.tenlock_create(storage, credential, ref native, ref error, out volume);
            TenlockException.ThrowUnlessOk(code, error);
            return volume;
        }

        /// <summary>Length of the payload in bytes.</summary>
        public long Length
        {
            get { return checked((long)Describe().Length); }
        }

        /// <summary>Whether the slot that was opened may only read.</summary>
        public bool IsReadOnly
        {
            get { return Describe().ReadOnly != 0; }
        }

        /// <summary>Fills a part of the buffer, all of it.</summary>
        public void Read(long position, byte[] buffer, int offset, int count)
        {
            if (!IsWorkToDo(position, buffer, offset, count))
            {
                return;
            }
            var error = NativeError.Create();
            Code code = Native.tenlock_volume_read(
                this, (ulong)position, ref error, ref buffer[offset], (UIntPtr)count);
            TenlockException.ThrowUnlessOk(code, error);
        }

        /// <summary>Writes a part of the buffer, all of it.</summary>
        public void Write(long position, byte[] buffer, int offset, int count)
        {
            if (!IsWorkToDo(position, buffer, offset, count))
            {
                return;
            }
            var error = NativeError.Create();
            Code code = Native.tenlock_volume_write(
                this, (ulong)position, ref buffer[offset], (UIntPtr)count, ref error);
            TenlockException.ThrowUnlessOk(code, error);
        }

        /// <summary>Returns when all that was written would survive a loss of power.</summary>
        public void Flush()
        {
            var error = NativeError.Create();
            TenlockException.ThrowUnlessOk(Native.tenlock_volume_flush(this, ref error), error);
        }

        /// <summary>Flushes, closes the volume and wipes its keys. No other call may use it meanwhile.</summary>
        public LockedVolume Lock()
        {
            var error = NativeError.Create();
            LockedVolume locked;
            Code code = Native.tenlock_volume_lock(handle, ref error, out locked);
            TenlockException.ThrowUnlessOk(code, error);
            SetHandleAsInvalid();
            return locked;
        }

        protected override bool ReleaseHandle()
        {
            return Native.tenlock_volume_free(handle) == Code.Ok;
        }

        private NativeVolumeFacts Describe()
        {
            var error = NativeError.Create();
            var facts = new NativeVolumeFacts { Size = (UIntPtr)Marshal.SizeOf(typeof(NativeVolumeFacts)) };
            TenlockException.ThrowUnlessOk(Native.tenlock_volume_describe(this, ref error, ref facts), error);
            return facts;
        }

        // The library cannot see where an array ends: this is the only check there is.
        private static bool IsWorkToDo(long position, byte[] buffer, int offset, int count)
        {
            if (buffer == null)
            {
                throw new ArgumentNullException("buffer");
            }
            if (position < 0 || offset < 0 || count < 0 || count > buffer.Length - offset)
            {
                throw new ArgumentOutOfRangeException("count", "Position or range is outside of what is there.");
            }
            return count > 0;
        }
    }
}
