using System.Runtime.InteropServices;

namespace CapOrleans.Cli.Hooks;

/// <summary>Declarations as in libc.</summary>
internal static unsafe partial class Posix
{
    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_spawnp(int* pid, byte* file, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int sigemptyset(byte* signals);

    [LibraryImport("libc")]
    private static partial int sigaddset(byte* signals, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int kind, int id, byte* information, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollEntry* entries, nuint count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, int* value);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetpgrp(int descriptor);

    [LibraryImport("libc")]
    private static partial int getpgrp();

    [LibraryImport("libc")]
    private static partial int getppid();

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry(int descriptor, short wanted)
    {
        public int Descriptor = descriptor;
        public short Wanted = wanted;
        public short Happened;
    }

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed class Strings : IDisposable
    {
        private readonly List<GCHandle> pinned = [];
        private readonly nint[] pointers;

        public Strings(IReadOnlyList<byte[]> strings)
        {
            pointers = new nint[strings.Count + 1];
            for (var i = 0; i < strings.Count; i++)
            {
                pinned.Add(GCHandle.Alloc(strings[i], GCHandleType.Pinned));
                pointers[i] = pinned[i].AddrOfPinnedObject();
            }

            pinned.Add(GCHandle.Alloc(pointers, GCHandleType.Pinned));
        }

        public byte** Pointer => (byte**)pinned[^1].AddrOfPinnedObject();

        public void Dispose() => pinned.ForEach(handle => handle.Free());
    }
}
