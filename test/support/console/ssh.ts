// OpenSSH's client at a unit's console: with a password from a program, with and without a terminal.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface SshResult {
  exit: number | null;
  out: string;
  error: string;
}

export interface SshClient {
  run(user: string, password: string, ...args: string[]): Promise<SshResult>;
  /** A session at a remote terminal, whose input is a pipe. */
  terminal(user: string, password: string): ChildProcessWithoutNullStreams;
  /** Words of the command line, and its environment, for a program that gives it a terminal of its own. */
  command(user: string, password: string): { words: string[]; env: NodeJS.ProcessEnv };
  close(): Promise<void>;
}

/** @param address `127.0.0.1:2022` @param known whether the host key is kept and must stay the same */
export async function sshClient(address: string, options: readonly string[] = []): Promise<SshClient> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-ssh-'));
  const askpass = join(folder, 'askpass');
  await writeFile(askpass, '#!/bin/sh\nprintf "%s\\n" "$UNIT_PASSWORD"\n');
  await chmod(askpass, 0o700);
  const [host = '', port = ''] = address.split(':');
  const words = (user: string): string[] => [
    ...['-F', 'none', '-p', port, '-l', user],
    ...['-o', 'StrictHostKeyChecking=accept-new', '-o', `UserKnownHostsFile=${join(folder, 'known')}`],
    ...['-o', 'PreferredAuthentications=password', '-o', 'NumberOfPasswordPrompts=1', '-o', 'LogLevel=ERROR'],
    ...options,
  ];
  const env = (password: string): NodeJS.ProcessEnv => ({
    ...process.env,
    SSH_ASKPASS: askpass,
    SSH_ASKPASS_REQUIRE: 'force',
    UNIT_PASSWORD: password,
  });
  return {
    async run(user, password, ...args) {
      const child = spawn('ssh', [...words(user), host, ...args], { env: env(password) });
      const result: SshResult = { exit: null, out: '', error: '' };
      child.stdout.on('data', chunk => {
        result.out += String(chunk);
      });
      child.stderr.on('data', chunk => {
        result.error += String(chunk);
      });
      child.stdin.end();
      const [exit] = await once(child, 'close');
      return { ...result, exit: exit as number | null };
    },
    terminal: (user, password) => spawn('ssh', ['-tt', ...words(user), host], { env: env(password) }),
    command: (user, password) => ({ words: ['ssh', ...words(user), host], env: env(password) }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
