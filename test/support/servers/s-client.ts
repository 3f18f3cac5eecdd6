// The TLS client of OpenSSL (`openssl s_client`), another maker's: it keeps a session in a file, and resumes it.
import { spawn, spawnSync } from 'node:child_process';

/** The client is on this machine. */
export const hasSClient = (): boolean => spawnSync('openssl', ['version'], { timeout: 10_000 }).status === 0;

export interface Handshake {
  isResumed: boolean;
  /** `TLSv1.3`. */
  protocol: string;
  /** Seconds that the ticket holds, as the server says. */
  lifetime: number;
}

export interface SClientOptions {
  port: number;
  version: '-tls1_2' | '-tls1_3';
  /** File of the session to be resumed. */
  from?: string;
  /** File that the session is written to. */
  to?: string;
}

/**
 * Connects, sends one HTTP request, and reads until the server has answered and closed.
 * @throws Error where the handshake failed
 */
export async function sClient({ port, version, from, to }: SClientOptions): Promise<Handshake> {
  const sessions = [...(from ? ['-sess_in', from] : []), ...(to ? ['-sess_out', to] : [])];
  const words = ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', version, ...sessions];
  const child = spawn('openssl', words, { stdio: 'pipe' });
  let text = '';
  child.stdout.on('data', chunk => {
    text += String(chunk);
  });
  child.stderr.resume();
  child.stdin.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await new Promise(resolve => child.once('close', resolve));
  const agreed = /^(New|Reused), (TLSv1\.[23]), Cipher is \S+/m.exec(text);
  if (!agreed?.[2] || !text.includes('HTTP/1.1 ')) throw new Error(`openssl s_client: ${text.slice(-500)}`);
  const lifetime = Number(/lifetime hint: (\d+)/.exec(text)?.[1] ?? 0);
  return { isResumed: agreed[1] === 'Reused', protocol: agreed[2], lifetime };
}

/** Changes bytes of the session in a file, which s_client keeps as PEM of DER. @throws Error where OpenSSL cannot read it any more */
export function changeSession(file: string, change: (der: Buffer) => void): void {
  const der = converted(['-in', file, '-outform', 'DER']);
  change(der);
  converted(['-inform', 'DER', '-out', file], der);
}

function converted(words: readonly string[], input?: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync('openssl', ['sess_id', ...words], {
    input,
  });
  if (status !== 0) throw new Error(`openssl sess_id: ${stderr.toString()}`);
  return stdout;
}
