using System.Runtime.InteropServices;

namespace CapOrleans.Cli.Hooks;

/// <summary>The functions of libc that are needed to start a command as a shell does.</summary>
internal static unsafe partial class Posix
{
    public const int ErrorOutput = 2;

    private const int CloseOnExec = 0x80000, SetSignalDefaults = 4, SetProcessGroup = 2, PipeSignal = 13, Interrupted = 4, BrokenPipe = 32,
        ByPid = 1, Exited = 4, KeepZombie = 0x01000000, NoHang = 1, WouldBlock = 11;
    private const short Readable = 1, Writable = 4, HungUp = 16;
    private const nuint BytesToRead = 0x541B;

    /// <summary>Larger than the types of any libc: posix_spawnattr_t has 336 bytes in glibc.</summary>
    private const int SizeOfOpaque = 1024;

    /// <returns>Both ends; no child inherits them.</returns>
    public static (int Read, int Write) Pipe()
    {
        var ends = stackalloc int[2];
        return pipe2(ends, CloseOnExec) == 0 ? (ends[0], ends[1]) : throw new IOException($"No pipe could be made: {Describe(Marshal.GetLastPInvokeError())}");
    }

    /// <param name="line">Its program is searched for as by a shell.</param>
    /// <param name="resetPipe">Whether SIGPIPE, which .NET ignores, has its default action in the command.</param>
    /// <param name="ownGroup">Whether the command leads a process group of its own.</param>
    /// <returns>0, or the errno of the failure to start it.</returns>
    public static int Spawn(
        CommandLine line, IReadOnlyList<(int From, int To)> descriptors, bool resetPipe, bool ownGroup, out int pid)
    {
        var actions = stackalloc byte[SizeOfOpaque];
        var attributes = stackalloc byte[SizeOfOpaque];
        var signals = stackalloc byte[SizeOfOpaque];
        _ = posix_spawn_file_actions_init(actions);
        _ = posix_spawnattr_init(attributes);
        foreach (var (from, to) in descriptors)
        {
            _ = posix_spawn_file_actions_adddup2(actions, from, to);
        }

        _ = sigemptyset(signals);
        _ = sigaddset(signals, PipeSignal);
        _ = posix_spawnattr_setsigdefault(attributes, signals);
        _ = posix_spawnattr_setflags(attributes, (short)((resetPipe ? SetSignalDefaults : 0) | (ownGroup ? SetProcessGroup : 0)));
        try
        {
            using var argv = new Strings(line.Arguments);
            using var envp = new Strings(line.Environment);
            fixed (byte* file = line.Arguments[0])
            {
                var child = 0;
                var fault = posix_spawnp(&child, file, actions, attributes, argv.Pointer, envp.Pointer);
                pid = child;
                return fault;
            }
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>
    /// Blocks until the child has ended. Until <see cref="Reap"/> is called it remains a zombie, so its process id is
    /// not reused.
    /// </summary>
    public static void WaitForExit(int pid)
    {
        var information = stackalloc byte[SizeOfOpaque];
        while (waitid(ByPid, pid, information, Exited | KeepZombie) != 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }
    }

    /// <returns>The status as a shell reports it: the exit status, or 128 plus the signal that ended it.</returns>
    public static int Reap(int pid)
    {
        var status = 0;
        while (waitpid(pid, &status, 0) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }

        var signal = status & 0x7F;
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
    }

    /// <returns>False while it is running.</returns>
    public static bool TryReap(int pid)
    {
        var status = 0;
        return waitpid(pid, &status, NoHang) != 0;
    }

    /// <returns>Number of bytes; 0 at the end.</returns>
    public static int Read(int descriptor, Span<byte> buffer)
    {
        fixed (byte* into = buffer)
        {
            nint count;
            while ((count = read(descriptor, into, (nuint)buffer.Length)) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
            {
            }

            return (int)Math.Max(0, count);
        }
    }

    /// <returns>False when there is no reader any more.</returns>
    public static bool Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                var count = write(descriptor, from + done, (nuint)(bytes.Length - done));
                var fault = count < 0 ? Marshal.GetLastPInvokeError() : 0;
                if (fault == WouldBlock)
                {
                    var ready = new PollEntry(descriptor, Writable);
                    _ = poll(&ready, 1, -1);
                }
                else if (fault is not (0 or Interrupted))
                {
                    return fault != BrokenPipe;
                }

                done += Math.Max(0, count);
            }
        }

        return true;
    }

    /// <returns>Which of the two has something to read or has ended; blocks until one of them has.</returns>
    public static (bool First, bool Second) Poll(int first, int second)
    {
        var waiting = stackalloc PollEntry[2];
        (waiting[0], waiting[1]) = (new PollEntry(first, Readable), new PollEntry(second, Readable));
        while (poll(waiting, 2, -1) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }

        return (waiting[0].Happened != 0, waiting[1].Happened != 0);
    }

    /// <returns>Number of bytes that can be read without blocking.</returns>
    public static int Available(int descriptor)
    {
        var count = 0;
        return ioctl(descriptor, BytesToRead, &count) == 0 ? count : 0;
    }

    /// <summary>Whether the pipe has no writer any more.</summary>
    public static bool IsHungUp(int descriptor)
    {
        var entry = new PollEntry(descriptor, Readable);
        return poll(&entry, 1, 0) > 0 && (entry.Happened & HungUp) != 0;
    }

    public static void Signal(int pid, int signal) => _ = kill(pid, signal);

    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>
    /// Whether this process's group is in the foreground: Ctrl-C at the terminal goes to the whole group.
    /// </summary>
    public static bool IsForeground()
    {
        using var terminal = OpenTerminal();
        return terminal is not null && tcgetpgrp((int)terminal.DangerousGetHandle()) == getpgrp();
    }

    public static int Parent() => getppid();

    public static string Describe(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    private static Microsoft.Win32.SafeHandles.SafeFileHandle? OpenTerminal()
    {
        try
        {
            return File.OpenHandle("/dev/tty");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // there is no terminal
        }
    }
}
