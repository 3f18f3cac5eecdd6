// A plain TCP connection with the injected clock and an abort signal.
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/**
 * @param target.timeoutMs in milliseconds; 30,000 by default
 * @throws the system's error; an AbortError; an Error with code ETIMEDOUT
 */
export async function connectTcp(target: {
  host: string;
  port: number;
  localAddress?: string | undefined;
  signal?: AbortSignal | undefined;
  clock: Clock;
  timeoutMs?: number;
}): Promise<Socket> {
  const { port, localAddress, signal, clock, timeoutMs = 30_000 } = target;
  signal?.throwIfAborted();
  const host = target.host.replace(/^\[(.*)\]$/, '$1');
  const socket = connect({ host, port, ...(localAddress !== undefined && { localAddress }) });
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        const text = `no connection with ${host}:${port} within ${timeoutMs} ms`;
        finish(Object.assign(new Error(text), { code: 'ETIMEDOUT' }));
      });
      const onAbort = (): void => finish(signal?.reason as Error);
      const onError = (error: Error): void => finish(error);
      const onConnect = (): void => finish();
      const finish = (error?: Error): void => {
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
        socket.off('connect', onConnect).off('error', onError);
        if (error) reject(error);
        else resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      socket.on('connect', onConnect).on('error', onError);
    });
  } catch (error) {
    socket.on('error', () => undefined); // The socket is discarded; its later errors do not matter.
    socket.destroy();
    throw error;
  }
  return socket.setNoDelay(true);
}
