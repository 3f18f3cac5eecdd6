// A syslog receiver for tests: keeps the lines, and waits for the one that is due.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { SEVERITIES, type Severity } from '../../../shared/syslog.ts';

export interface SyslogServer {
  port: number;
  /** Datagrams as they came, oldest first. */
  lines: string[];
  /** The first line that matches, already there or still to come; rejects after `timeoutMs` (10 s) of real time. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<string>;
  close(): Promise<void>;
}

export async function startSyslogServer(options: { host?: string; port?: number } = {}): Promise<SyslogServer> {
  const socket = createSocket('udp4');
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  socket.on('message', bytes => {
    const line = bytes.toString('utf8');
    lines.push(line);
    for (const each of [...waiting]) each(line);
  });
  socket.bind(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    lines,
    waitFor(pattern, timeoutMs = 10_000) {
      const found = lines.find(line => pattern.test(line));
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`no line like ${pattern}; there were ${JSON.stringify(lines)}`));
        }, timeoutMs);
        const check = (line: string): void => {
          if (!pattern.test(line)) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(line);
        };
        waiting.add(check);
      });
    },
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** Reads a line back, leniently; undefined when it has no priority. */
export function parseSyslog(line: string): { facility: number; severity: Severity; message: string } | undefined {
  const parts = /^<(\d{1,3})>([\s\S]*)$/.exec(line);
  const priority = Number(parts?.[1] ?? 192);
  const severity = SEVERITIES[priority & 7];
  if (!parts || priority > 191 || !severity) return undefined;
  const message = (parts[2] ?? '').replace(/^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ /, '');
  return { facility: priority >> 3, severity, message };
}
