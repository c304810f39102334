#!/usr/bin/env python3
"""The other side of the console benchmark: a shell on a pty for both to talk to, and labgrid's figures.

`shell`: a real `sh` behind a pty whose path is printed; ends with its standard input.
`labgrid`: what labgrid's drivers need for the same work, as lines `name value`.
"""
import os, pty, select, statistics, subprocess, sys, threading, time, tty


def bridge():
    """A shell on one pty, its bytes on another: returns that one's path."""
    pid, shell = pty.fork()
    if pid == 0:
        os.environ["PS1"] = "bench# "
        os.execvp("sh", ["sh", "-i"])
    ours, theirs = pty.openpty()
    tty.setraw(theirs)

    def pump():
        while True:
            for fd in select.select([shell, ours], [], [])[0]:
                try:
                    os.write(ours if fd == shell else shell, os.read(fd, 65536))
                except OSError:
                    return

    threading.Thread(target=pump, daemon=True).start()
    return os.ttyname(theirs)


def echo():
    """A pty whose other end gives back what it is given."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    if os.fork() == 0:
        os.close(theirs)
        try:
            while True:
                os.write(ours, os.read(ours, 4096))
        except OSError:
            os._exit(0)
    return os.ttyname(theirs)


def talker(baud, seconds):
    """A pty on which somebody talks at a line's speed in pieces of 16 bytes, as a UART's FIFO gives them."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    child = os.fork()
    if child == 0:
        started, sent = time.monotonic(), 0
        while time.monotonic() - started < seconds:
            due = int((time.monotonic() - started) * baud / 10)
            while sent + 16 <= due:
                os.write(ours, b"0123456789abcde\n")
                sent += 16
            time.sleep(0.0005)
        os._exit(0)
    return os.ttyname(theirs), child


def median_us(times):
    return statistics.median(times) * 1e6


def labgrid():
    from labgrid import Target
    from labgrid.driver import SerialDriver, ShellDriver
    from labgrid.resource import RawSerialPort

    def serial(path):
        target = Target("bench")
        RawSerialPort(target, name=None, port=path, speed=115200)
        driver = SerialDriver(target, name=None)
        return target, driver

    target, driver = serial(echo())
    target.activate(driver)
    times = []
    for _ in range(500):
        started = time.perf_counter()
        driver.write(b"ping pong\n")
        driver.expect("ping pong\n", timeout=10)
        times.append(time.perf_counter() - started)
    print("expect_us", median_us(times), flush=True)

    subprocess_path = subprocess.Popen(
        [sys.executable, __file__, "shell"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    path = subprocess_path.stdout.readline().strip()
    target, driver = serial(path)
    shell = ShellDriver(target, name=None, prompt=r"bench# ", login_prompt=r"login: ", username="root")
    target.activate(shell)
    times = []
    for _ in range(200):
        started = time.perf_counter()
        shell.run("true")
        times.append(time.perf_counter() - started)
    print("command_us", median_us(times), flush=True)

    path, child = talker(921_600, 5)
    target, driver = serial(path)
    target.activate(driver)
    before, started = time.process_time(), time.monotonic()
    try:
        driver.expect("never to be seen", timeout=5)
    except Exception:  # pexpect's own timeout is what is waited for
        pass
    print("watch_share", (time.process_time() - before) / (time.monotonic() - started), flush=True)
    os.waitpid(child, 0)
    subprocess_path.stdin.close()


if __name__ == "__main__":
    if sys.argv[1] == "shell":
        print(bridge(), flush=True)
        sys.stdin.read()
    else:
        labgrid()
    os._exit(0)
