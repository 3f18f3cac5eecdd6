// What every part of the fleet is given: the store, the clock, the bus, and how the fleet was asked to behave.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { EventBus } from '../../events.ts';
import type { Store } from '../../store/store.ts';
import type { Members } from './members.ts';
import type {
  AskMemory,
  LinkFile,
  Notice,
  Post,
  PreflightPorts,
  ProbeAcs,
  RolloutMoved,
  SendConnectionRequest,
  YieldSession,
} from './ports.ts';
import type { QuirkRule } from './quirks.ts';
import type { Secrets } from './secrets.ts';

export interface FleetOptions {
  /** What happens to a device that is met for the first time with good enrolment credentials. */
  enrol: 'approve' | 'auto';
  /** Whether CPEs must prove who they are; `none` only for closed test networks. */
  cpeAuth: 'required' | 'none';
  /** The credential that factory-new devices share, if there is one. */
  enrolment?: { username: string; password: string };
  /** The table of deviations, where it is not the one that comes with us. */
  quirks?: readonly QuirkRule[];
  /** This process, and the others that serve the store. */
  members: Members;
}

export interface FleetContext extends FleetOptions {
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  events: EventBus;
  secrets: Secrets;
  /** Handed over by app.ts once south stands. */
  ports: {
    sendConnectionRequest: SendConnectionRequest;
    linkFile: LinkFile;
    yieldSession?: YieldSession;
    notice?: Notice;
    askMemory?: AskMemory;
    rolloutMoved?: RolloutMoved;
    preflight?: PreflightPorts;
    probeAcs?: ProbeAcs;
    post?: Post;
  };
}
