// The ACS's south and fleet without sockets: fastify's inject, a virtual clock, SQLite in memory.
import type { FastifyInstance } from 'fastify';
import { fileLinks } from '../../../acs/app/fleet.ts';
import { buildSouth } from '../../../acs/app/south.ts';
import { createEvents, type EventBus } from '../../../acs/events.ts';
import type { FleetOptions } from '../../../acs/fleet/common/context.ts';
import { aloneAs } from '../../../acs/fleet/common/members.ts';
import type {
  IdentityProvider,
  PreflightPorts,
  RolloutMoved,
  SendConnectionRequest,
  YieldSession,
} from '../../../acs/fleet/common/ports.ts';
import { createSecrets, type Secrets } from '../../../acs/fleet/common/secrets.ts';
import { createFleet, type Fleet } from '../../../acs/fleet/fleet.ts';
import { postJudge } from '../../../acs/north/webhook-sender.ts';
import type { AdmissionLimits } from '../../../acs/south/admission/admission.ts';
import type { South } from '../../../acs/south/listener.ts';
import type { Forward } from '../../../acs/south/session-forwarding.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { createLog, type Log } from '../../../shared/log.ts';
import { networks } from '../../../shared/net/address.ts';

export interface TestAcs {
  clock: VirtualClock;
  store: Store;
  fleet: Fleet;
  south: South;
  app: FastifyInstance;
  events: EventBus;
  secrets: Secrets;
  log: Log;
  logged: string[];
  woken: string[];
  /** Deliveries of webhooks; `answers` holds their results: a status, alone, later or with a pause, or the text of an error. */
  posted: { url: string; headers: Record<string, string>; body: string }[];
  answers: (number | Promise<number> | string | { status: number; retryAfterMs: number })[];
  close(): Promise<void>;
}

export interface TestAcsOptions extends Partial<FleetOptions> {
  limits?: AdmissionLimits;
  file?: string;
  /** Another process on a store that is there already. */
  beside?: { clock: VirtualClock; store: Store };
  seed?: number;
  forward?: Forward;
  yieldSession?: YieldSession;
  preflight?: PreflightPorts;
  rolloutMoved?: RolloutMoved;
  identityProvider?: IdentityProvider;
}

export async function testAcs(options: TestAcsOptions = {}): Promise<TestAcs> {
  const clock = options.beside?.clock ?? new VirtualClock();
  const random = seededRandom(options.seed ?? 7);
  const logged: string[] = [];
  const log = createLog({ clock, level: 'info', write: line => logged.push(line) });
  const store =
    options.beside?.store ?? (await openSqlite({ file: options.file ?? ':memory:', clock, inThread: true }));
  const events = createEvents();
  const secrets = createSecrets(Buffer.alloc(32, 9), random);
  const woken: string[] = [];
  const posted: TestAcs['posted'] = [];
  const answers: TestAcs['answers'] = [];
  const sendConnectionRequest: SendConnectionRequest = async device => {
    woken.push(device.id);
    return { accepted: true };
  };
  const fleet = createFleet({
    store,
    clock,
    random,
    log,
    events,
    secrets,
    enrol: 'approve',
    cpeAuth: 'required',
    members: aloneAs('test'),
    enrolment: { username: 'enrol', password: 'factory' },
    ports: {
      post: async (url, { headers, body }) => {
        posted.push({ url, headers, body });
        const answer = (await answers.shift()) ?? 204;
        if (typeof answer === 'string') throw new Error(answer);
        return typeof answer === 'number' ? { status: answer } : answer;
      },
      // The network of documentation that tests name.
      judgePost: postJudge(networks(['198.51.100.0/24'])),
      sendConnectionRequest,
      linkFile: fileLinks(secrets, () => 'https://acs.test'),
      ...(options.preflight ? { preflight: options.preflight } : {}),
      ...(options.yieldSession ? { yieldSession: options.yieldSession } : {}),
      ...(options.rolloutMoved ? { rolloutMoved: options.rolloutMoved } : {}),
      ...(options.identityProvider ? { identityProvider: options.identityProvider } : {}),
    },
    ...options,
  });
  const { south } = buildSouth(
    {
      clock,
      random,
      log,
      cpeAuth: options.cpeAuth ?? 'required',
      trustedProxies: ['127.0.0.1'],
      ...(options.limits ? { limits: options.limits } : {}),
    },
    { events, secrets, fleet, forward: options.forward },
  );
  const app = await south.app();
  const close = async (): Promise<void> => {
    await south.close();
    await fleet.history.stop();
    await store.close();
  };
  return { clock, store, fleet, south, app, events, secrets, log, logged, woken, posted, answers, close };
}
