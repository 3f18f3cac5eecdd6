// The typed bus inside one process, for observers only: log, metrics, audit, live view. No decision hangs on it.
import { EventEmitter } from 'node:events';
import type { DeviceFault, Task } from './store/store.ts';

export interface AcsEvents {
  /** A CPE without good credentials was heard. */
  knock: { device: string; address: string };
  /** A device was met for the first time, or left quarantine. */
  enrolled: { device: string; state: string };
  /** It informs no more: two Informs did not come, or four. */
  late: { device: string; lastInform: string };
  lost: { device: string; lastInform: string };
  /** One that was late or lost informs again. */
  back: { device: string; was: 'late' | 'lost' };
  /** A group of devices began to be over what an alert allows, or is no longer. */
  alert: {
    alert: string;
    state: 'firing' | 'resolved';
    severity: 'info' | 'warning' | 'critical';
    group: string;
    count: number;
    total: number;
    since: string;
    samples: string[];
  };
  inform: { device: string; events: string[]; address: string; softwareVersion: string };
  session: {
    device: string;
    /** The process that it was with, and the fencing token of its claim. */
    member: string;
    claim: number;
    outcome: 'ok' | 'lost' | 'refused';
    rpcs: number;
    milliseconds: number;
    events: string[];
    error?: string;
  };
  rpc: { device: string; method: string; direction: 'to-cpe' | 'to-acs'; fault?: number };
  task: { task: Task };
  fault: { fault: DeviceFault };
  faultCleared: { device: string; cause: string };
  reconciled: { device: string; revision: string; changed: number };
  /** A managed value was found otherwise than wanted. */
  drift: {
    device: string;
    path: string;
    preset: string;
    state: 'corrected' | 'reported' | 'fight';
    wanted: string;
    found: string;
  };
  connectionRequest: { device: string; accepted: boolean; reason?: string };
  /** An Inform had to wait for a session; of interest to metrics alone, so not shown live. */
  waited: { outcome: 'admitted' | 'turned-away' | 'gave-up'; waitedMs: number };
  file: { device: string; task: string; file: string; bytes: number; status: number };
  /** A rollout went on, or one device in it. */
  rollout: { rollout: string; device?: string; state: string; wave: number; reason?: string };
  /** A message to a webhook was taken, failed and is tried again, or was given up. */
  webhook: {
    webhook: string;
    notice: string;
    outcome: 'delivered' | 'failed' | 'dead';
    status?: number;
    reason?: string;
  };
  change: { what: string; name: string; by: string };
}

export type EventName = keyof AcsEvents;

export interface EventBus {
  emit<N extends EventName>(name: N, event: AcsEvents[N]): void;
  /** @returns ends the subscription */
  on<N extends EventName>(name: N, listener: (event: AcsEvents[N]) => void): () => void;
  /** Every event that is shown live, with its name. */
  all(listener: (name: EventName, event: AcsEvents[EventName]) => void): () => void;
}

export const eventNames: readonly EventName[] = [
  'knock',
  'enrolled',
  'late',
  'lost',
  'back',
  'alert',
  'inform',
  'session',
  'rpc',
  'task',
  'fault',
  'faultCleared',
  'reconciled',
  'drift',
  'connectionRequest',
  'file',
  'rollout',
  'webhook',
  'change',
];

export function createEvents(): EventBus {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  const on: EventBus['on'] = (name, listener) => {
    emitter.on(name, listener);
    return () => emitter.off(name, listener);
  };
  return {
    emit: (name, event) => {
      emitter.emit(name, event);
    },
    on,
    all: listener => {
      const ends = eventNames.map(name => on(name, event => listener(name, event)));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}
