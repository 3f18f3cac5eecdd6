// The context of every part of the fleet: the store, the clock, the bus, and the options.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { EventBus } from '../../events.ts';
import type { Store } from '../../store/store.ts';
import type { Members } from './members.ts';
import type {
  AnnounceWork,
  AskMemory,
  AuditSink,
  IdentityProvider,
  JudgePost,
  LinkFile,
  Post,
  PreflightPorts,
  ProbeAcs,
  RolloutMoved,
  SendConnectionRequest,
  YieldSession,
} from './ports.ts';
import type { QuirkRule } from './quirks.ts';
import type { Secrets } from './secrets.ts';

export const MAX_PARAMETERS = 20_000;

export interface FleetOptions {
  /** Admission of a device that comes for the first time with good enrolment credentials. */
  enrol: 'approve' | 'auto';
  /**
   * With `auto`, a device that has its own login and comes with the enrolment credential after 0 BOOTSTRAP: held until approved (the default),
   * or let in.
   */
  rebootstrap?: 'hold' | 'allow';
  /** CPEs must authenticate; `none` only for closed test networks. */
  cpeAuth: 'required' | 'none';
  /** Credential that factory-new devices share, if there is one. */
  enrolment?: { username: string; password: string };
  /** Most parameters that are kept of one device; default: MAX_PARAMETERS. */
  maxParameters?: number;
  /** Replaces the built-in table of quirks. */
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
  /** Implemented by south, north and the relay; app.ts hands them over. */
  ports: {
    sendConnectionRequest: SendConnectionRequest;
    linkFile: LinkFile;
    yieldSession?: YieldSession;
    notice?: AnnounceWork;
    askMemory?: AskMemory;
    rolloutMoved?: RolloutMoved;
    preflight?: PreflightPorts;
    probeAcs?: ProbeAcs;
    post?: Post;
    judgePost?: JudgePost;
    auditSink?: AuditSink;
    identityProvider?: IdentityProvider;
  };
}
