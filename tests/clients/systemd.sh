#!/usr/bin/env bash
# A real systemd as the first process of namespaces of its own, on a throw-away copy of this machine's files; the network is the machine's.
# Usage, as root: systemd.sh FOLDER CGROUP. What is in FOLDER/files is put over the copy; FOLDER/machine is where the copy is.
# It ends when systemd does: kill the one child of this process, and everything in it ends.
set -eu
folder=$1 cgroup=$2
if [ "${3:-}" != inside ]; then
  mkdir -p "$cgroup"
  echo $BASHPID > "$cgroup/cgroup.procs"
  exec unshare --mount --pid --fork --uts --ipc --cgroup --propagation private "$0" "$folder" "$cgroup" inside
fi

machine=$folder/machine
mkdir -p "$machine"
mount -t tmpfs tmpfs "$machine"
mkdir "$machine"/{changes,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$machine/changes,workdir=$machine/work" "$machine/root"
cd "$machine/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for place in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $place; done
chmod 1777 tmp
while read -r name major minor; do mknod -m 666 dev/$name c $major $minor; done <<'DEVICES'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
DEVICES
ln -s /proc/self/fd dev/fd
head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' > etc/machine-id
mkdir -p var/log/journal

# Of all that the machine would start, only the journal.
rm -rf etc/systemd/system
mkdir -p etc/systemd/system
printf '[Unit]\nDefaultDependencies=no\nWants=systemd-journald.service\nAfter=systemd-journald.service\n' > etc/systemd/system/bare.target
for unit in sysinit.target basic.target; do
  printf '[Unit]\nDefaultDependencies=no\n' > "etc/systemd/system/$unit"
done

cp -a "$folder/files/." .
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /lib/systemd/systemd --system --unit=bare.target --log-target=console --log-level=warning --show-status=no
