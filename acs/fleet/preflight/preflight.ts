// The TLS preflight: it foresees which devices keep and which lose their ACS, file server or SIP servers by a change. It judges devices
// that are equal in what their links depend on once, so that a fleet costs little more than one device of each kind.
import type { FleetContext } from '../common/context.ts';
import type { Models } from '../common/models.ts';
import type { Files } from '../files/files.ts';
import type { LinkContext } from './links.ts';
import { PreflightRun } from './run.ts';
import { ScriptReader } from './script-settings.ts';
import { ServerRegister } from './servers.ts';
import { TrustRegister } from './trust.ts';

export class Preflight {
  readonly servers: ServerRegister;
  readonly trust: TrustRegister;
  readonly #context: FleetContext;
  readonly #models: Models;
  readonly #scripts: ScriptReader;

  constructor(context: FleetContext, { files, models }: { files: Files; models: Models }) {
    this.#context = context;
    this.#models = models;
    this.servers = new ServerRegister(context);
    this.trust = new TrustRegister(context, files);
    this.#scripts = new ScriptReader(files);
  }

  /** Begins a run. @param limit the number of breaks that its report lists one by one */
  async begin(limit: number, change: Pick<LinkContext, 'ownAfter' | 'only'> = {}): Promise<PreflightRun> {
    const { store, clock } = this.#context;
    const context: LinkContext = {
      servers: await this.servers.reader(),
      now: clock.now(),
      own: await this.own(),
      verdicts: new Map(),
      ...change,
    };
    const roots = await this.trust.reader();
    return new PreflightRun({ store, models: this.#models, scripts: this.#scripts, roots, context, limit });
  }

  /** The URL that CPEs are given, and what this ACS offers over TLS now. */
  async own(): Promise<LinkContext['own']> {
    const { url, listener } = this.#context.ports.preflight?.own() ?? {};
    const servers = await this.servers.reader();
    const ours = listener ? await servers.of(listener) : { missing: 'the ACS has no TLS listener' };
    if ('facts' in ours || url === undefined || !url.startsWith('https:')) return { url, facts: ours };
    // A proxy may terminate TLS for the ACS.
    const { hostname, port } = new URL(url);
    const proxy = await servers.of({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) });
    return { url, facts: 'facts' in proxy ? proxy : ours };
  }
}
