// How a unit carries out what its ACS orders: the one place where a simulated unit may depart from an perform one, and be watched
// doing it. An ordinary gateway has none.
import type { InstallOutcome } from './device.ts';
import type { Transfer } from './facts.ts';

export interface FaultHook {
  /** Carries out one RPC of the ACS. */
  carryOut<T>(method: string, args: Readonly<Record<string, unknown>>, perform: () => Promise<T>): Promise<T>;
  /** Installs a file that was fetched; its outcome becomes durable together with what the installation changed. */
  install(
    transfer: Readonly<Transfer>,
    signal: AbortSignal,
    perform: () => Promise<InstallOutcome>,
  ): Promise<InstallOutcome>;
  /** The outcome is durable; a restart that follows from it has not begun. @param fault 0: none */
  settled(transfer: Readonly<Transfer>, signal: AbortSignal, fault: number): Promise<void>;
}
