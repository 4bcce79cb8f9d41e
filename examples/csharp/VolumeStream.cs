// The payload of a volume as a System.IO.Stream.
using System;
using System.IO;

namespace Tenlock
{
    /// <summary>
    /// The payload of a volume as a stream of fixed length. Its position is its own, so that several streams
    /// can use one volume. Dispose flushes and leaves the volume open.
    /// </summary>
    public sealed class VolumeStream : Stream
    {
        private readonly Volume volume;
        private readonly long length;
        private readonly bool canWrite;
        private long position;
        private bool closed;

        public VolumeStream(Volume volume)
        {
            this.volume = volume;
            length = volume.Length;
            canWrite = !volume.IsReadOnly;
        }

        public override bool CanRead
        {
            get { return !closed; }
        }

        public override bool CanSeek
        {
            get { return !closed; }
        }

        public override bool CanWrite
        {
            get { return !closed && canWrite; }
        }

        public override long Length
        {
            get { return length; }
        }

        public override long Position
        {
            get { return position; }
            set { Seek(value, SeekOrigin.Begin); }
        }

        public override long Seek(long offset, SeekOrigin origin)
        {
            ThrowIfClosed();
            long from = origin == SeekOrigin.Begin ? 0 : origin == SeekOrigin.Current ? position : length;
            long to = checked(from + offset);
            if (to < 0)
            {
                throw new IOException("The position is before the start of the volume.");
            }
            position = to;
            return position;
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            ThrowIfClosed();
            int there = (int)Math.Min(count, Math.Max(length - position, 0));
            volume.Read(position, buffer, offset, there);
            position += there;
            return there;
        }

        /// <summary>Writes all or, if it does not fit in the volume, nothing.</summary>
        public override void Write(byte[] buffer, int offset, int count)
        {
            ThrowIfClosed();
            volume.Write(position, buffer, offset, count);
            position += count;
        }

        public override void Flush()
        {
            ThrowIfClosed();
            if (canWrite)
            {
                volume.Flush();
            }
        }

        /// <summary>A volume cannot grow or shrink.</summary>
        public override void SetLength(long value)
        {
            throw new NotSupportedException("The length of a volume is fixed.");
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !closed)
            {
                try
                {
                    Flush();
                }
                finally
                {
                    closed = true;
                }
            }
            base.Dispose(disposing);
        }

        private void ThrowIfClosed()
        {
            if (closed)
            {
                throw new ObjectDisposedException("VolumeStream");
            }
        }
    }
}
