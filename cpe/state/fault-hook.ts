// The hook of a unit with faults: the one place where a simulated unit may depart from correct behaviour and be observed. An ordinary
// gateway has none.
import type { InstallOutcome } from './device.ts';
import type { Transfer } from './facts.ts';

/** Each method takes the correct action as `perform`. */
export interface FaultHook {
  /** Carries out one RPC of the ACS. */
  carryOut<T>(method: string, args: Readonly<Record<string, unknown>>, perform: () => Promise<T>): Promise<T>;
  /** Installs a fetched file; its outcome becomes durable together with the changes of the installation. */
  install(
    transfer: Readonly<Transfer>,
    signal: AbortSignal,
    perform: () => Promise<InstallOutcome>,
  ): Promise<InstallOutcome>;
  /** Called once the outcome is durable, before a restart that follows from it. @param fault 0: none */
  settled(transfer: Readonly<Transfer>, signal: AbortSignal, fault: number): Promise<void>;
}
