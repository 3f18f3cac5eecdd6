// The cost of a process, read from /proc: CPU of all its threads, resident memory; and what the kernel drops.
import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds on a CPU, of the text of /proc/PID/task/TID/schedstat; undefined where the kernel keeps none. */
export function scheduledNs(text: string): number | undefined {
  const found = /^(\d+) \d+ \d+/.exec(text);
  return found ? Number(found[1]) : undefined;
}

/** Milliseconds on a CPU, user and system, of the text of /proc/PID/stat: ticks of 10 ms on every Linux that Node runs on. */
export function statMs(text: string): number {
  // The command name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Kilobytes resident, of the text of /proc/PID/status. */
export const residentKb = (text: string): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);

/** Threads that end take their time with them: only for programs whose threads live as long as they do. */
export function cpuMs(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const ns = scheduledNs(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'));
    if (ns === undefined) return statMs(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    total += ns / 1e6;
  }
  return total;
}

/** Connections that the kernel dropped because a listen queue was full, of the text of /proc/net/netstat: pairs of lines, names and numbers. */
export function overflowsIn(text: string): number {
  const lines = text.split('\n').map(line => line.split(' '));
  const at = lines.findIndex(([kind]) => kind === 'TcpExt:');
  return Number(lines[at + 1]?.[lines[at]?.indexOf('ListenOverflows') ?? -1] ?? 0);
}

export const listenOverflows = (): number => overflowsIn(readFileSync('/proc/net/netstat', 'utf8'));

export const residentMb = (pid: number): number => residentKb(readFileSync(`/proc/${pid}/status`, 'utf8')) / 1024;
