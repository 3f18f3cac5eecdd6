// Local ports of persistent TLS connections (DGW `SipEp.TransportPersistentBasePort` and its interval).

/**
 * The local ports to try, in order. Without an interval, they run from the base upward at each attempt. With one, they
 * are base..base+interval in a circle, beginning behind the port used last.
 */
export function* localPorts(basePort: number, interval: number, last: number | undefined): Generator<number> {
  if (interval === 0) {
    for (let port = basePort; port <= Math.min(65_535, basePort + 1000); port++) yield port;
    return;
  }
  const size = Math.min(interval, 65_535 - basePort) + 1;
  const first = last !== undefined && last >= basePort && last <= basePort + interval ? last - basePort + 1 : 0;
  for (let step = 0; step < size; step++) yield basePort + ((first + step) % size);
}

/** Bind refuses a taken port; connect refuses one whose last connection to that server is still in TIME-WAIT. */
function portIsTaken(error: unknown): boolean {
  const { code, syscall } = error as { code?: string; syscall?: string };
  return code === 'EADDRINUSE' || (code === 'EADDRNOTAVAIL' && syscall === 'connect');
}

/**
 * Connects from the first of the ports that is free.
 * @param ports undefined leaves the choice to the host
 * @throws the error of `connect`; an AbortError after `signal`
 */
export async function connectFrom<T>(
  ports: Iterable<number | undefined>,
  connect: (port: number | undefined) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let refused: unknown = new Error('no local port to try');
  for (const port of ports) {
    signal.throwIfAborted();
    try {
      return await connect(port);
    } catch (error) {
      if (!portIsTaken(error)) throw error;
      refused = error;
    }
  }
  throw refused;
}
