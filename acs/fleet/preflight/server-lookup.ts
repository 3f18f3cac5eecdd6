// The servers' offers, for one run: declared facts first, then recent probes, then new probes within the run's bounds.
import type { Clock } from '../../../shared/clock.ts';
import type { ServerFacts } from '../../../shared/tls/offer.ts';
import type { FleetContext } from '../common/context.ts';
import { type Probed, type ServerProbes, serverName } from './server-probes.ts';

/** The offer of a server, or the reason why it is not known. */
export type ServerAnswer = { facts: ServerFacts } | { missing: string };

/** The time for all probes of one run together. */
const RUN_MS = 4_000;
/** The number of servers that one run probes. */
const MAX_PROBED = 250;

export interface ServerSources {
  /** By server name. */
  declared: ReadonlyMap<string, ServerFacts>;
  probes: ServerProbes;
  clock: Clock;
  ports: FleetContext['ports'];
}

export class ServerLookup {
  readonly #sources: ServerSources;
  readonly #deadline: number;
  readonly #answers = new Map<string, ServerAnswer>();
  #probed = 0;

  constructor(sources: ServerSources) {
    this.#sources = sources;
    this.#deadline = sources.clock.now() + RUN_MS;
  }

  /** @param namedBy the address of the device, where only a device names the server */
  async of({ host, port }: { host: string; port: number }, namedBy?: string): Promise<ServerAnswer> {
    const { declared, probes, ports } = this.#sources;
    const name = serverName(host, port);
    const facts = declared.get(name);
    if (facts) return { facts };
    const known = this.#answers.get(name);
    if (known) return known;
    if (!probes.recent(name) && namedBy !== undefined && ports.preflight?.mayAsk(namedBy, host) === false)
      return { missing: `only the device names ${name}: declare what it offers, or have it probed` };
    const answer = answerOf(name, await this.#learn(name, host, port));
    this.#answers.set(name, answer);
    return answer;
  }

  async #learn(name: string, host: string, port: number): Promise<Probed | undefined> {
    const recent = this.#sources.probes.recent(name);
    if (recent) return recent;
    this.#probed++;
    return this.#probed > MAX_PROBED ? undefined : await this.#sources.probes.probeUntil(host, port, this.#deadline);
  }
}

function answerOf(name: string, probed: Probed | undefined): ServerAnswer {
  if (probed && 'facts' in probed) return { facts: probed.facts };
  return { missing: `${name} is not known: ${probed ? probed.failed : 'the run had no time left to probe it'}` };
}
